"""The words of the pages, in the current page's language. English is what is written here and looked up."""

from datetime import date
from functools import lru_cache
from typing import Any

import flask_babel
from babel import Locale
from babel.numbers import format_decimal

from intake.languages import written
from intake.report.sizes import in_units

_ENGLISH = Locale("en")


def gettext(message: str, **values: object) -> str:
    """A sentence in the language of the current page."""
    return str(flask_babel.gettext(message, **values))


def lazy_gettext(message: str) -> Any:
    """A sentence that is looked up when it is shown: for what is defined once, outside of any request."""
    return flask_babel.lazy_gettext(message)


def number(value: float) -> str:
    """A number in the form of the current page's language."""
    locale = flask_babel.get_locale()
    return _number(value, None if locale is None else str(locale))


@lru_cache(1_000)
def _number(value: float, locale: str | None) -> str:
    # Never stale: how a language writes a number is read once in a process.
    return digits(format_decimal(value, locale=locale, numbering_system="default"))


def day(value: date) -> str:
    """A day in the form of the current page's language."""
    return written.day(value, flask_babel.get_locale() or _ENGLISH)


def size(count: int) -> str:
    """A number of bytes, for people."""
    value, unit = in_units(count)
    match unit:
        case "bytes":
            return str(flask_babel.ngettext("%(number)s byte", "%(number)s bytes", count, number=number(value)))
        case "kB":
            return gettext("%(number)s kB", number=number(value))
        case "MB":
            return gettext("%(number)s MB", number=number(value))


def digits(text: str) -> str:
    """What Babel has written for the current page's language, with that language's own digits."""
    locale = flask_babel.get_locale()
    return written.digits(text, locale) if locale else text
