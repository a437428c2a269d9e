"""Appending to the log and signing its head, inside the transaction of whatever is being logged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Lock

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crypto.checkpoint import Checkpoint
from crypto.merkle import Frontier, FrontierError, leaf_hash
from crypto.note import Note, NoteError, SigningKey, parse_note
from intake.protocol.clock import ClockError, LogClock
from intake.protocol.entry import Entry, EntryError, parse_entry
from intake.protocol.roster import Roster, RosterError
from intake.storage.tables import LogEntry, LogHead

_NEWEST = select(LogHead).order_by(LogHead.size.desc()).limit(1)


class LogDamagedError(RuntimeError):
    """The stored log and its signed head do not belong together: somebody changed the store behind the server."""


def _read(line: bytes) -> Entry:
    try:
        return parse_entry(line)
    except EntryError as error:
        raise LogDamagedError("a stored entry is malformed") from error


def _edge(head: LogHead) -> Frontier:
    try:
        return Frontier.from_bytes(head.size, head.frontier or b"")
    except FrontierError as error:
        raise LogDamagedError("the stored edge of the log's tree is malformed") from error


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Replayed:
    """What the entries so far come to."""

    roster: Roster = field(default_factory=Roster)
    clock: LogClock = field(default_factory=LogClock)


class AccessLog:
    """The log of one server. `key` signs its checkpoints and its name is the log's origin."""

    def __init__(self, key: SigningKey, now: Callable[[], datetime] = _now) -> None:
        self._key = key
        self._now = now
        self._replayed = _Replayed()
        self._replaying = Lock()

    @property
    def origin(self) -> str:
        """The name of the log, in its checkpoints and in every request signed for it."""
        return self._key.verifier.name

    def now(self) -> datetime:
        """What this machine's clock says, UTC, to the second."""
        return self._now().replace(microsecond=0)

    def time(self, session: Session) -> datetime:
        """The time for the next entry, UTC, to the second: now, or that of the last one if the clock went back."""
        last = self.last_time(session)
        # Only now: the query above has waited for the write lock.
        return max(last, self.now())

    def day(self, session: Session) -> date:
        """The day (UTC) of whatever is stored now: by the log's clock, as the days that it is compared with."""
        return self.time(session).date()

    def day_for_deleting(self, session: Session, *, clock_is_right: bool) -> date:
        """The day (UTC) by which reports are too old: that of the last entry, where this machine's clock is far ahead.

        A wrong clock must not delete a report before its time; for the log's, the members' requests vouch.
        """
        clock, now = self.clock(session), self.now()
        return (clock.last if clock.jumps(now) and not clock_is_right else now).date()

    def last_time(self, session: Session) -> datetime:
        """The time of the last entry, or the beginning of time."""
        last = self.last(session)
        return datetime.min.replace(tzinfo=UTC) if last is None else last.at

    def last(self, session: Session) -> Entry | None:
        """The last entry, if there is one."""
        size = self._require_head(session).size
        return next((_read(line) for line in self.lines(session, size - 1, size)), None)

    def start(self, session: Session) -> None:
        """Sign the empty tree, once, when the store is made."""
        if session.scalar(select(func.count()).select_from(LogHead)) == 0:
            session.add(self._head(Frontier.empty()))

    def require_key(self, session: Session) -> None:
        """Raise `LogDamagedError` if another key than this one signed the head; a store without one is new."""
        for head in session.scalars(_NEWEST):
            try:
                self._key.verifier.verify(parse_note(head.checkpoint))
            except NoteError:
                raise LogDamagedError("log.key is not the key of this store's log; put back your copy of it") from None

    def append(self, session: Session, entry: Entry) -> int:
        """Add an entry and sign the new head; both are durable when the caller's transaction is. Returns its index."""
        line = entry.to_bytes()
        head = self._require_head(session)
        leaf = leaf_hash(line)
        frontier = _edge(head).append(leaf)
        session.add(LogEntry(index=head.size, leaf=leaf, body=line))
        # The old size in the condition: from a head that moved meanwhile nothing goes on.
        moved = update(LogHead).where(LogHead.size == head.size, LogHead.frontier.is_not(None)).values(frontier=None)
        if session.execute(moved).rowcount != 1:  # type: ignore[attr-defined]
            raise LogDamagedError("the head of the log moved during an append")
        session.add(self._head(frontier))
        session.flush()
        return head.size

    def checkpoint(self, session: Session) -> bytes:
        """The newest checkpoint, a signed note; `LogDamagedError` if the stored entries are not as many as it says."""
        head = self._require_head(session)
        if session.scalar(select(func.count()).select_from(LogEntry)) != head.size:
            raise LogDamagedError("the log holds more or fewer entries than were signed")
        return head.checkpoint

    def size(self, session: Session) -> int:
        """How many entries the newest checkpoint counts."""
        return self._require_head(session).size

    def lines(self, session: Session, start: int, end: int) -> Sequence[bytes]:
        """The entries from `start` up to but not including `end`, as far as there are any."""
        wanted = select(LogEntry.body).where(LogEntry.index >= start, LogEntry.index < end).order_by(LogEntry.index)
        return session.scalars(wanted).all()

    def leaves(self, session: Session, start: int, end: int) -> Sequence[bytes]:
        """The hashes of these entries, which are stored: no entry is read for them."""
        wanted = select(LogEntry.leaf).where(LogEntry.index >= start, LogEntry.index < end).order_by(LogEntry.index)
        return session.scalars(wanted).all()

    def roster(self, session: Session) -> Roster:
        """Who is enrolled, replayed from the log itself; only entries that are new since the last call are read.

        Called before the transaction's own appends, which might be undone.
        """
        return self._replay(session).roster

    def clock(self, session: Session) -> LogClock:
        """The log's clock, replayed likewise."""
        return self._replay(session).clock

    def _replay(self, session: Session) -> _Replayed:
        with self._replaying:
            # A new one: other threads may be reading the one before.
            roster, clock = self._replayed.roster.copy(), self._replayed.clock
            for line in self.lines(session, clock.size, self._require_head(session).size):
                entry = _read(line)
                try:
                    roster.apply(entry)
                    clock = clock.after(entry)
                except (RosterError, ClockError) as error:
                    raise LogDamagedError(f"entry {clock.size} of the log can't follow on those before it") from error
            self._replayed = _Replayed(roster, clock)
            return self._replayed

    def _require_head(self, session: Session) -> LogHead:
        head = session.scalars(_NEWEST).one_or_none()
        if head is None:
            raise LogDamagedError("the log has no head; was 'intake init' run?")
        return head

    def _head(self, frontier: Frontier) -> LogHead:
        text = Checkpoint(self.origin, frontier.size, frontier.root()).text
        note = bytes(Note(text, (self._key.sign(text),)))
        return LogHead(size=frontier.size, checkpoint=note, frontier=frontier.to_bytes())
