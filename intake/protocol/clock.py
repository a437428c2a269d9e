"""The time of the log: it moves forward from entry to entry, and back only where the operator corrects it.

The desk, auditors and reviewers' programs all judge times by this.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from intake.protocol.actions import Action
from intake.protocol.entry import Entry
from intake.protocol.requests import LIFETIME, RequestError

JUMP = timedelta(days=1)
"""How far an entry of the operator's may lie after the one above it without being confirmed: no other clock vouches."""


_BEGINNING = datetime.min.replace(tzinfo=UTC)


class ClockError(ValueError):
    """A time that the log so far does not allow."""


class ClockJumpError(ClockError):
    """A time so far after that of the `last` entry that somebody must say that the clock is right. Both in UTC."""

    def __init__(self, last: datetime, at: datetime) -> None:
        super().__init__(
            f"the last entry of the log is of {last:%Y-%m-%d %H:%M} UTC, and this machine's clock says "
            f"{at:%Y-%m-%d %H:%M} UTC; put the clock right, or say --clock-is-right"
        )
        self.last, self.at = last, at


NOT_BEFORE = frozenset({Action.CLOCK, Action.RESTORE})
"""Entries from which on no request counts that was signed before their time: it may have been logged already, at a time
that comes again, or in what a restored copy lacks."""


@dataclass(frozen=True, slots=True)
class Correction:
    """The entry at `place` set the log's time back, from `before` to `after` (UTC)."""

    place: int
    before: datetime
    after: datetime


@dataclass(frozen=True, slots=True)
class LogClock:
    """The log's clock after `size` entries, of which the last one is of the time `last`.

    `since`: requests that were signed before it don't count any more.
    """

    size: int = 0
    last: datetime = _BEGINNING
    corrections: tuple[Correction, ...] = ()
    since: datetime = _BEGINNING

    def time(self, now: datetime) -> datetime:
        """The time of an entry that is made now: that of the last one if the clock went back."""
        return max(self.last, now)

    def unasked(self, now: datetime) -> datetime:
        """The time of an entry that the server makes now, where nobody says that its clock is right.

        Where it would jump, that of the last entry: a wrong clock moves the log's time by nothing.
        """
        at = self.time(now)
        return self.last if self.jumps(at) else at

    def jumps(self, at: datetime) -> bool:
        """Whether an entry of this time would lie so far after the last one that only another clock could vouch."""
        return self.size > 0 and at - self.last > JUMP

    def after(self, entry: Entry) -> "LogClock":
        """The clock after the next entry; `ClockError` if the entry can't be of its time."""
        corrections, since = self.corrections, self.since
        if entry.action in NOT_BEFORE:
            since = entry.at
        if entry.action is Action.CLOCK:
            if entry.at >= self.last:
                raise ClockError("it corrects a clock that was not ahead")
            corrections = (*corrections, Correction(self.size, self.last, entry.at))
        elif entry.at < self.last:
            raise ClockError("its time lies before that of the entry above it")
        elif entry.version > 1 and entry.request is None and self.jumps(entry.at) and not entry.confirmed:
            raise ClockError("its time lies more than a day after that of the entry above it, and nobody confirmed it")
        return LogClock(self.size + 1, entry.at, corrections, since)

    def require(self, created: datetime, at: datetime) -> None:
        """Raise `RequestError` unless a request that was signed at `created` may be logged at `at`."""
        if abs(at - created) > LIFETIME:
            raise RequestError("the request is of another time")
        # Whatever was signed before would come again at its time; what was signed for later, the desk remembers.
        if created < self.since:
            raise RequestError("the request was signed before the log's clock was corrected, or a copy was put back")

    def earliest(self, day: date) -> date:
        """The first day (UTC) that may have been another's name for this one: days around a correction are unsure."""
        first = min((start for start, end in self._unsure() if start <= day <= end), default=day)
        return day if first == day else self.earliest(first)

    def latest(self, day: date) -> date:
        """The last such day."""
        last = max((end for start, end in self._unsure() if start <= day <= end), default=day)
        return day if last == day else self.latest(last)

    def _unsure(self) -> list[tuple[date, date]]:
        return [(correction.after.date(), correction.before.date()) for correction in self.corrections]
