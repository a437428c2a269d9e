"""When acts happened, as far as that is known: an uncertain day is a range, and acts stand in one order and picture.

The picture is bounded whatever was coded: a few lanes, and of the acts that have no room in them their number.
"""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from intake.report.events import Act
from intake.triage.reading.casework import Judged

LANES = 8
_WIDTH, _LEAST, _GAP = 1000, 30, 4
"""Of the picture, of the narrowest mark, which holds its number, and between two marks of a lane; in its own units."""

_MOST_TICKS = 8
_DAY, _MONTH, _YEAR = 10, 7, 4
"""Characters of a day that is known so far."""

_AROUND = {_DAY: 15, _MONTH: 31, _YEAR: 366}
"""Days before and after one that is only about known."""


@dataclass(frozen=True, slots=True)
class Span:
    """From the first day on which something may have happened until the last; `about`: or a little before or after."""

    first: date
    last: date
    about: bool


@dataclass(frozen=True, slots=True, repr=False)
class Mark:
    """An act in the picture: its number in the list, its place from the left, its width, and its lane from the top."""

    number: int
    judged: Judged
    span: Span
    left: int
    width: int
    lane: int


@dataclass(frozen=True, slots=True, repr=False)
class Timeline:
    """The picture. `ticks`: years or months, each with its place; `crowded`: acts that have no room in it."""

    marks: Sequence[Mark]
    ticks: Sequence[tuple[int, str]]
    first: date
    last: date
    crowded: int
    undated: int

    @property
    def lanes(self) -> int:
        """How many lanes there are."""
        return max(mark.lane for mark in self.marks) + 1


def known_day(act: Act) -> str:
    """As much of its day as is known: of a day that is only exact to the year, the year."""
    return act.day[: {"month": _MONTH, "year": _YEAR}.get(act.precision, _DAY)]


def span(act: Act) -> Span | None:
    """When it may have happened; None if nothing is known of that."""
    day = known_day(act)
    if not day:
        return None
    first = date.fromisoformat(day + "-01-01"[len(day) - _YEAR :])
    last = _last(first, len(day))
    if act.precision != "about":
        return Span(first, last, about=False)
    return Span(_moved(first, -_AROUND[len(day)]), _moved(last, _AROUND[len(day)]), about=True)


def timeline(acts: Iterable[Judged]) -> Timeline | None:
    """The acts in a picture, numbered as they stand; None if the day of none of them is known."""
    every = list(acts)
    dated = [(number, judged, when) for number, judged in enumerate(every, 1) if (when := span(judged.act))]
    if not dated:
        return None
    first, last = min(when.first for _, _, when in dated), max(when.last for _, _, when in dated)
    days = max((last - first).days, 1)
    marks: list[Mark] = []
    ends = [-_GAP] * LANES
    for number, judged, when in sorted(dated, key=lambda each: each[2].first):
        left = (when.first - first).days * (_WIDTH - _LEAST) // days
        width = (when.last - when.first).days * (_WIDTH - _LEAST) // days + _LEAST
        lane = next((lane for lane, end in enumerate(ends) if end + _GAP <= left), None)
        if lane is not None:
            ends[lane] = left + width
            marks.append(Mark(number, judged, when, left, width, lane))
    return Timeline(marks, _ticks(first, last, days), first, last, len(dated) - len(marks), len(every) - len(dated))


def _ticks(first: date, last: date, days: int) -> list[tuple[int, str]]:
    """The beginnings of years, or of months where there are few years; never more than have room."""
    length = _MONTH if days < _AROUND[_YEAR] else _YEAR
    starts, day = list[date](), first.replace(day=1) if length == _MONTH else first.replace(month=1, day=1)
    # The calendar ends: after its last day comes that day.
    while day <= last and day not in starts[-1:]:
        starts.append(day)
        day = _moved(_last(day, length), 1)
    starts = [start for start in starts if start >= first][:: -(-len(starts) // _MOST_TICKS)] or [first]
    return [((start - first).days * (_WIDTH - _LEAST) // days, start.isoformat()[:length]) for start in starts]


def _last(first: date, length: int) -> date:
    """The last day of a year, month or day that begins then."""
    if length == _YEAR:
        return first.replace(month=12, day=31)
    return first.replace(day=monthrange(first.year, first.month)[1]) if length == _MONTH else first


def _moved(day: date, days: int) -> date:
    return date.fromordinal(min(max(day.toordinal() + days, date.min.toordinal()), date.max.toordinal()))
