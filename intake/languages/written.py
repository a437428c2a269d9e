"""How a language writes days and digits, in which direction, and what keeps a name of another direction together."""

from datetime import date
from functools import cache

from babel import Locale
from babel.dates import format_date

# Babel knows the symbols of a numbering system, but writes Latin digits; this is the one of ours that has others.
_DIGITS = {"arabext": str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")}

# Babel's own for Uyghur puts the year last and without its word, as nobody writes it.
_DAYS = {"ug": "y-'يىلى' d-MMMM"}


def day(value: date, locale: Locale) -> str:
    """A day."""
    return digits(format_date(value, _DAYS.get(locale.language, "long"), locale), locale)


def digits(text: str, locale: Locale) -> str:
    """What Babel has written for a language, with that language's own digits."""
    return text.translate(_DIGITS.get(locale.default_numbering_system, {}))


@cache
def direction(tag: str) -> str:
    """`ltr` or `rtl`."""
    return Locale.parse(tag, sep="-").text_direction


def isolated(name: str) -> str:
    """A name within a sentence: its brackets and stops stay with it, whichever way either is read (UAX #9)."""
    return f"\u2068{name}\u2069"
