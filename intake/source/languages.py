"""The languages of the pages: English, and each one that has a compiled catalogue in `translations/`."""

import unicodedata
from functools import cache

from babel import Locale
from flask import Flask, abort, current_app, g, request
from flask_babel import Babel, get_locale

from crypto.codename import LANGUAGES
from intake.report.definition import country_codes

DEFAULT = "en"
_AVAILABLE = "intake_languages"


def set_languages(app: Flask) -> None:
    """Take the language of a page from the first part of its path."""
    babel = Babel(app, default_locale=DEFAULT, locale_selector=lambda: language().replace("-", "_"))
    with app.app_context():
        found = {str(locale).replace("_", "-") for locale in babel.list_translations()}
    app.extensions[_AVAILABLE] = (DEFAULT, *sorted(found - {DEFAULT}))
    app.url_value_preprocessor(_take_language)
    app.url_defaults(_give_language)


def language() -> str:
    """The tag (BCP 47) of the current page's language."""
    return str(g.get("language") or preferred())


def preferred() -> str:
    """What the browser asks for, as far as there is a page in it."""
    return request.accept_languages.best_match(current_app.extensions[_AVAILABLE], DEFAULT)


def direction() -> str:
    """`ltr` or `rtl`, for the current page."""
    return _locale().text_direction


def codename_language() -> str:
    """The list that codenames are drawn from on the current page."""
    return language() if language() in LANGUAGES else DEFAULT


def countries() -> tuple[tuple[str, str], ...]:
    """Codes and names of all countries, sorted by name, in the current page's language."""
    return _countries(str(_locale()))


@cache
def _countries(locale: str) -> tuple[tuple[str, str], ...]:
    territories = Locale.parse(locale).territories
    names = [(code, territories.get(code, code)) for code in country_codes()]
    return tuple(sorted(names, key=lambda country: _collation_key(country[1])))


def _collation_key(name: str) -> str:
    # Åland belongs beside Albania, not behind Zimbabwe.
    return "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))


def _locale() -> Locale:
    return get_locale() or Locale.parse(DEFAULT)


def _take_language(_endpoint: str | None, values: dict[str, object] | None) -> None:
    wanted = (values or {}).pop("language", None)
    if wanted is not None and wanted not in current_app.extensions[_AVAILABLE]:
        abort(404)
    g.language = wanted


def _give_language(endpoint: str, values: dict[str, object]) -> None:
    if current_app.url_map.is_endpoint_expecting(endpoint, "language"):
        values.setdefault("language", language())
