"""The language of a page: the first part of its path. There is no cookie for it."""

from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from babel import Locale
from babel.core import get_global, parse_locale
from flask import Flask, abort, current_app, g, request, url_for
from flask_babel import get_locale

from crypto.codename import drawn_for
from intake.languages import written
from intake.languages.catalogues import SOURCE, header
from intake.languages.countries import named
from intake.report.definition import country_codes
from intake.source.text.catalogues import Catalogues
from intake.source.text.catalogues import languages as switched_on

_AVAILABLE = "intake_languages"
_DRAFTS = "intake_drafts"
_STARTS = "intake_starts"

_WIDELY_READ = ("ru", "tr", "en")
"""What many people read whose own language there is only a draft of."""


def set_languages(app: Flask, drafts: str) -> None:
    """Take the language of a page from the first part of its path. `drafts`: those that the operator switched on."""
    Catalogues(app, default_locale=SOURCE, locale_selector=lambda: language().replace("-", "_"))
    app.extensions[_AVAILABLE] = tags = switched_on(drafts)
    app.extensions[_DRAFTS] = frozenset(tag for tag in tags if header(tag).is_draft)
    app.url_value_preprocessor(_take_language)
    app.url_defaults(_give_language)


def language() -> str:
    """The tag (BCP 47) of the current page's language."""
    return str(g.get("language") or _named() or preferred())


def _named() -> str | None:
    # An address that nothing is found at names its language as well.
    first = request.path.partition("/")[2].partition("/")[0]
    return first if first in current_app.extensions[_AVAILABLE] else None


@dataclass(frozen=True, slots=True)
class Other:
    """Another language: tag, its own name, and where the site begins in it."""

    tag: str
    name: str
    address: str


def others() -> tuple[Other, ...]:
    """The other languages."""
    return tuple(other for other in _starts() if other.tag != language())


def instead() -> tuple[Other, ...]:
    """Languages for whoever doesn't want to go by the words of a draft; none where the current page is no draft."""
    if language() not in current_app.extensions[_DRAFTS]:
        return ()
    starts = {other.tag: other for other in others()}
    return tuple(starts[tag] for tag in _WIDELY_READ if tag in starts)


def _starts() -> tuple[Other, ...]:
    # Never stale: which languages are on is read once, at start.
    held: tuple[Other, ...] | None = current_app.extensions.get(_STARTS)
    if held is None:
        tags = current_app.extensions[_AVAILABLE]
        held = tuple(Other(tag, own_name(tag), url_for("start.start", language=tag)) for tag in tags)
        current_app.extensions[_STARTS] = held
    return held


def own_name(tag: str) -> str:
    """What the people who speak a language call it."""
    return _own_name(tag)


@cache
def _own_name(tag: str) -> str:
    locale = Locale.parse(tag, sep="-")
    name = str(locale.get_display_name(locale) or tag)
    return name[0].upper() + name[1:]


def preferred() -> str:
    """The first language that the browser asks for and there are pages in, by language and script: `zh-HK` is read in
    traditional characters, `zh` in simplified ones, and `fr-CA` is French.
    """
    held = {_written(tag): tag for tag in current_app.extensions[_AVAILABLE]}
    wanted = (_written(tag) for tag, quality in request.accept_languages if quality > 0)
    return next((held[written] for written in wanted if written in held), SOURCE)


def _written(tag: str) -> tuple[str, str]:
    """The language of a tag, and the script that it names or that is the likely one; empty for what is no tag."""
    likely = get_global("likely_subtags")
    # Language, script and place are in front; what comes behind them, or isn't one of them, says nothing here.
    parts = tag.split("-", 3)[:3]
    for count in range(len(parts), 0, -1):
        with suppress(ValueError):
            language, territory, script, *_ = parse_locale("-".join(parts[:count]), sep="-")
            whole = likely.get(f"{language}_{territory}") or likely.get(language) or language
            return language, script or parse_locale(whole)[2] or ""
    return "", ""


def direction() -> str:
    """`ltr` or `rtl`, for the current page."""
    return written.direction(language())


def codename_language() -> str:
    """The list that codenames are drawn from on the current page."""
    return drawn_for(language())


def countries() -> tuple[tuple[str, str], ...]:
    """Codes and names of all countries, sorted by name, in the current page's language."""
    return _countries(str(_locale()))


@cache
def _countries(locale: str) -> tuple[tuple[str, str], ...]:
    return named(country_codes(), Locale.parse(locale))


def _locale() -> Locale:
    return get_locale() or Locale.parse(SOURCE)


def _take_language(_endpoint: str | None, values: dict[str, object] | None) -> None:
    wanted = (values or {}).pop("language", None)
    if wanted is not None and wanted not in current_app.extensions[_AVAILABLE]:
        abort(404)
    g.language = wanted


def _give_language(endpoint: str, values: dict[str, object]) -> None:
    if current_app.url_map.is_endpoint_expecting(endpoint, "language"):
        values.setdefault("language", language())
