"""The log as it stands: entries, hashes and checkpoints, and what they come to. No key is needed for any of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from threading import Lock

from sqlalchemy import Row, or_, select

from intake.protocol.actions import Action
from intake.protocol.clock import ClockError, LogClock
from intake.protocol.deletions import DeletionError, Deletions
from intake.protocol.entry import Entry, EntryError, parse_entry
from intake.protocol.roster import Roster, RosterError
from intake.storage.store import Transaction
from intake.storage.tables import Base, LogEntry, LogHead

OWN = "own entries of the log"
"""Marks a transaction that has appended: what it reads of the log may be undone, and is not remembered."""

# Of the table, and not of the class: this is asked for more often than anything else, and takes half as long so.
HEADS = Base.metadata.tables[LogHead.__tablename__]
_NEWEST = select(HEADS.c.size, HEADS.c.checkpoint, HEADS.c.frontier).order_by(HEADS.c.size.desc()).limit(1)
_NEWEST_SIZE = select(HEADS.c.size).order_by(HEADS.c.size.desc()).limit(1)
_LAST_INDEX = select(LogEntry.index).order_by(LogEntry.index.desc()).limit(1)


class LogDamagedError(RuntimeError):
    """The stored log and its signed head do not belong together: somebody changed the store behind the server."""


def utc_now() -> datetime:
    """What this machine's clock says."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class LogState:
    """What the entries so far come to. Nobody changes what of it was given out: other threads read it too."""

    roster: Roster = field(default_factory=Roster)
    clock: LogClock = field(default_factory=LogClock)
    deletions: Deletions = field(default_factory=Deletions)


class LogReader:
    """The log of one server."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._state = LogState()
        self._replaying = Lock()

    def now(self) -> datetime:
        """What this machine's clock says, UTC, to the second."""
        return self._now().replace(microsecond=0)

    def state(self, session: Transaction) -> LogState:
        """What the entries come to, replayed from the log itself: from those that are new since the last call.

        A state that is remembered is of committed entries, which never change: it is stale once the log is longer.
        """
        size = self.size(session)
        with self._replaying:
            state = self._state
        if size <= state.clock.size:
            return state
        state = self._after(state, session, size)
        if OWN not in session.info:
            with self._replaying:
                # Another thread may have come further.
                self._state = max(self._state, state, key=lambda each: each.clock.size)
        return state

    def roster(self, session: Transaction) -> Roster:
        """Who is enrolled."""
        return self.state(session).roster

    def deletions(self, session: Transaction) -> Deletions:
        """What the team deletes."""
        return self.state(session).deletions

    def clock(self, session: Transaction) -> LogClock:
        """The log's clock."""
        return self.state(session).clock

    def time(self, session: Transaction) -> datetime:
        """The time for the next entry, UTC, to the second: now, or that of the last one if the clock went back."""
        clock = self.clock(session)
        # Only now: the query above has waited for the write lock.
        return clock.time(self.now())

    def day(self, session: Transaction) -> date:
        """The day (UTC) of whatever is stored now: by the log's clock, as the days that it is compared with."""
        return self.time(session).date()

    def day_for_deleting(self, session: Transaction, *, clock_is_right: bool) -> date:
        """The day (UTC) by which reports are too old: that of the last entry, where this machine's clock is far ahead.

        A wrong clock must not delete a report before its time; for the log's, the members' requests vouch.
        """
        clock, now = self.clock(session), self.now()
        return (clock.last if clock.jumps(now) and not clock_is_right else now).date()

    def software(self, session: Transaction) -> tuple[str, ...]:
        """The program that the newest entry of the kind names, as its objects; none if no entry does."""
        rulings = select(LogEntry.body).where(LogEntry.rules).order_by(LogEntry.index.desc())
        for line in session.scalars(rulings):
            if (entry := _parsed(line)).action is Action.SOFTWARE:
                return entry.objects
        return ()

    def checkpoint(self, session: Transaction) -> bytes:
        """The newest checkpoint, a signed note; `LogDamagedError` if the last entry is not the last that it counts."""
        size, checkpoint, _ = newest(session)
        if session.scalar(_LAST_INDEX) != (size - 1 if size else None):
            raise LogDamagedError("the log holds more or fewer entries than were signed")
        return checkpoint

    def size(self, session: Transaction) -> int:
        """How many entries the newest checkpoint counts."""
        size: int | None = session.scalar(_NEWEST_SIZE)
        if size is None:
            raise LogDamagedError("the log has no head; was 'intake init' run?")
        return size

    def lines(self, session: Transaction, start: int, end: int) -> Sequence[bytes]:
        """The entries from `start` up to but not including `end`, as far as there are any."""
        wanted = select(LogEntry.body).where(LogEntry.index >= start, LogEntry.index < end).order_by(LogEntry.index)
        return session.scalars(wanted).all()

    def acted(self, session: Transaction, *actions: Action) -> Iterator[Entry]:
        """The entries of these actions, in order. The whole log is gone through, all other entries unread."""
        begin = [b'{"action":"%b"' % action.encode() for action in actions]
        # No character of JSON is the byte 0xFF.
        wanted = or_(*(LogEntry.body.between(each, each + b"\xff") for each in begin))
        return map(_parsed, session.scalars(select(LogEntry.body).where(wanted).order_by(LogEntry.index)))

    def leaves(self, session: Transaction, start: int, end: int) -> Sequence[bytes]:
        """The hashes of these entries, which are stored: no entry is read for them."""
        wanted = select(LogEntry.leaf).where(LogEntry.index >= start, LogEntry.index < end).order_by(LogEntry.index)
        return session.scalars(wanted).all()

    def _after(self, state: LogState, session: Transaction, size: int) -> LogState:
        """The state after so many entries. Of those that don't rule only the time counts, and of that only the last."""
        roster, clock, deletions = state.roster.copy(), state.clock, state.deletions.copy()
        new = (LogEntry.index >= clock.size, LogEntry.index < size)
        for place in session.scalars(select(LogEntry.index).where(LogEntry.rules, *new).order_by(LogEntry.index)).all():
            clock = self._at(clock, session, place)
            entry = self._entry(session, place)
            try:
                roster.apply(entry)
                deletions.apply(entry, roster)
                clock = clock.after(entry)
            except (RosterError, DeletionError, ClockError) as error:
                raise LogDamagedError(f"entry {place} of the log can't follow on those before it") from error
        return LogState(roster, self._at(clock, session, size), deletions)

    def _at(self, clock: LogClock, session: Transaction, size: int) -> LogClock:
        """The clock after so many entries, of which those that are new don't rule."""
        return clock if clock.size == size else replace(clock, size=size, last=self._entry(session, size - 1).at)

    def _entry(self, session: Transaction, place: int) -> Entry:
        return _parsed(next(iter(self.lines(session, place, place + 1)), b""))


def _parsed(line: bytes) -> Entry:
    try:
        return parse_entry(line)
    except EntryError as error:
        raise LogDamagedError("a stored entry is malformed") from error


def newest(session: Transaction) -> Row[int, bytes, bytes | None]:
    """The newest head: `size`, `checkpoint`, `frontier`."""
    head = session.execute(_NEWEST).one_or_none()
    if head is None:
        raise LogDamagedError("the log has no head; was 'intake init' run?")
    return head
