"""What happened with earlier reports, in numbers that say nothing of any single one.

Whoever knows of one report, or suspects one, can ask for this page every day. So that they learn nothing by it:

- Only quarters of a year that are over are counted, and never what came since. All of it is counted from the log, to
  which nothing of a past quarter is ever added and from which nothing goes: a number that was shown never changes. One
  of what is stored would fall when somebody withdraws, which is nobody's business.
- A number is rounded down to a multiple of five; below that it is none. Quarters don't overlap, no report is counted
  twice in a column, and no sum is shown: no two numbers say more than each of them.

What is counted is what a report is sent for, and what those who hold the log can count anyway: that somebody opened it,
and that it was passed on. Not how many came, of which nothing tells when it is over; not how many were withdrawn or
deleted, which would tell those who press people to withdraw how well they do; not how many were answered, since the
server can't tell an answer from the note that a report was opened; and not how many are in the team.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock

from intake.accesslog.read import LogReader
from intake.protocol.actions import Action
from intake.protocol.entry import Entry
from intake.storage.store import Store

STEP = 5
"""The smallest number that is shown, and what numbers are multiples of."""

SHOWN = 4
"""Quarters."""


@dataclass(frozen=True, slots=True)
class Quarter:
    """What happened from a day to another: how many reports were opened for the first time, and how many passed on.

    Both are multiples of `STEP`; 0 says that there were fewer than that.
    """

    first: date
    last: date
    opened: int
    referred: int


class EarlierReports:
    """What happened with the reports of one server. Methods may be called from several threads."""

    def __init__(self, store: Store, log: LogReader) -> None:
        self._store, self._log = store, log
        self._counted: tuple[int, tuple[Quarter, ...]] | None = None
        self._counting = Lock()

    def quarters(self) -> tuple[Quarter, ...]:
        """The last quarters, the newest first; none where nothing of them can be shown.

        What was counted is stale once another quarter begins.
        """
        with self._counting, self._store.reading() as session:
            # By a clock that runs ahead, a quarter would be over in which something can still happen.
            now = _number(self._log.day_for_deleting(session, clock_is_right=False))
            if self._counted is None or self._counted[0] != now:
                self._counted = now, quarters_before(now, self._log.acted(session, Action.OPEN, Action.REFER))
            return self._counted[1]


def quarters_before(now: int, entries: Iterable[Entry]) -> tuple[Quarter, ...]:
    """The quarters before one, by its number, of what a log says of reports being opened and passed on."""
    seen, counts = set(), Counter[tuple[Action, int]]()
    for entry in entries:
        report = entry.action, entry.objects[0]
        if report not in seen:
            seen.add(report)
            counts[entry.action, _number(entry.at.date())] += 1
    found = [
        Quarter(
            first=_first(number),
            last=_first(number + 1) - timedelta(days=1),
            opened=_rounded(counts[Action.OPEN, number]),
            referred=_rounded(counts[Action.REFER, number]),
        )
        for number in range(now - 1, now - 1 - SHOWN, -1)
    ]
    return tuple(found) if any(quarter.opened or quarter.referred for quarter in found) else ()


def _rounded(count: int) -> int:
    return count - count % STEP


def _number(day: date) -> int:
    """Of a quarter, counted from the year 0."""
    return day.year * 4 + (day.month - 1) // 3


def _first(number: int) -> date:
    return date(number // 4, number % 4 * 3 + 1, 1)
