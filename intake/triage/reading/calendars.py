"""Days of other calendars in the Gregorian one. What was written stays; this only proposes what it may be.

The libraries are read when one of them is first needed. There is none that is kept well for the Tibetan calendar.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

PERSIAN, ISLAMIC, CHINESE = "persian", "islamic", "chinese"

_NUMBER = re.compile(r"\d{1,4}")
_LEAP = re.compile(r"(?i)leap|[闰閏]")
_UNITS = re.compile(r"[年月日号號]|农历|農曆")
_LONGEST = 100
"""Characters of a date that are looked at."""


class CalendarError(ValueError):
    """It can't be converted: says why, and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a written date may be. `day`, `precision`: as an act has them; `first`, `last`: from when until when."""

    day: str
    precision: str
    first: date
    last: date


def propose(calendar: str, written: str) -> Proposal:
    """The Gregorian day, month or year that was written in a calendar, in numbers: 1405/2/27, 27.2.1405, 1405/2."""
    convert = _CALENDARS.get(calendar)
    if convert is None:
        raise CalendarError("no library that is kept well converts this calendar: please look it up")
    numbers = [int(number) for number in _NUMBER.findall(written[:_LONGEST])]
    # A word beside a number or two is a month by its name: without it, they would be another day.
    has_name = len(numbers) < 3 and any(map(str.isalpha, _LEAP.sub("", _UNITS.sub("", written[:_LONGEST]))))
    if not 1 <= len(numbers) <= 3 or 0 in numbers or has_name or len(written) > _LONGEST:
        raise CalendarError("write it in numbers, such as 1405/2/27, 1405/2 or 1405")
    # A year is what can be no day: it stands first or last.
    year, month, day = (*(numbers if numbers[0] > 31 else numbers[::-1]), 0, 0)[:3]
    is_leap = bool(_LEAP.search(written))
    try:
        first = convert(year, month or 1, day or 1, is_leap)
        last = first if day else _end(convert, year, month, is_leap=is_leap)
    except (ValueError, OverflowError):
        raise CalendarError("this calendar has no such day, or none that can be converted") from None
    if day:
        return Proposal(first.isoformat(), "day", first, last)
    middle = first + (last - first) // 2
    # As wide as what was written: "about" a day is two weeks around it, "about" a year more than that year.
    return Proposal(middle.isoformat() if month else f"{middle.year:04}", "about", first, last)


def _end(convert: "_Convert", year: int, month: int, *, is_leap: bool) -> date:
    """The last day of a month, or of a year."""
    if not month:
        return convert(year + 1, 1, 1, False) - timedelta(1)
    last = convert(year, month, 29, is_leap)
    for day in (30, 31):
        try:
            last = convert(year, month, day, is_leap)
        except ValueError:
            break
    return last


def _persian(year: int, month: int, day: int, _is_leap: bool) -> date:
    from persiantools.jdatetime import JalaliDate  # noqa: PLC0415 - read when it is first needed

    found: date = JalaliDate(year, month, day).to_gregorian()  # type: ignore[no-untyped-call]
    return found


def _islamic(year: int, month: int, day: int, _is_leap: bool) -> date:
    from hijridate import Hijri  # noqa: PLC0415

    found = Hijri(year, month, day).to_gregorian()
    return date(found.year, found.month, found.day)


def _chinese(year: int, month: int, day: int, is_leap: bool) -> date:
    from lunardate import LunarDate  # noqa: PLC0415

    found: date = LunarDate(year, month, day, is_leap).to_solar_date()
    return found


_Convert = Callable[[int, int, int, bool], date]
_CALENDARS: Mapping[str, _Convert] = MappingProxyType({PERSIAN: _persian, ISLAMIC: _islamic, CHINESE: _chinese})
