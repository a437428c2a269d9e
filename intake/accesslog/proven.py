"""Who is enrolled, as a process knows it that believes nothing of the store but what the log's key has signed.

Somebody who can write into the store, and has not the log's key, could add an enrolment to it, or unmark a revocation.
So every entry is hashed, not only those that are marked as rulings, all must come to the root of the newest signed
head, and what they rule must be as an auditor accepts it. From one head to the next only what is new is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from crypto.checkpoint import CheckpointError
from crypto.logkey import LogVerifier
from crypto.merkle import Frontier, leaf_hash
from crypto.note import NoteError
from intake.accesslog.read import LogDamagedError, LogReader, newest
from intake.protocol.actions import ActionError
from intake.protocol.audit import require_said
from intake.protocol.clock import ClockError, LogClock
from intake.protocol.entry import Entry, EntryError, parse_entry, rules
from intake.protocol.requests import RequestError
from intake.protocol.roster import Roster, RosterError
from intake.storage.store import Transaction

_AT_ONCE = 1024


class UnprovenLogError(LogDamagedError):
    """The log in the store is not the one that its key signed: nobody can tell to whom reports may be sealed."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the list of reviewers does not verify, so nothing is sealed to it: {why}")


@dataclass(frozen=True, slots=True)
class _Proven:
    """What so many entries as `edge` has leaves come to. `used`: the signature bases of the members' rulings."""

    edge: Frontier = field(default_factory=Frontier.empty)
    clock: LogClock = field(default_factory=LogClock)
    roster: Roster = field(default_factory=Roster)
    used: frozenset[str] = frozenset()


class ProvenMembers:
    """The members of one log, proven. Methods may be called from several threads."""

    def __init__(self, log: LogReader, key: LogVerifier) -> None:
        # By the first key: the second one signs a head only when a member asks for it.
        self._log, self._key = log, key.first
        self._proven = _Proven()
        self._proving = Lock()

    def roster(self, session: Transaction) -> Roster:
        """Who is enrolled, of which nobody changes anything; `UnprovenLogError` if the log doesn't verify.

        A roster that was proven stays so as long as the newest head counts as many entries.
        """
        size = self._log.size(session)
        # One at a time: the first of them reads the whole log.
        with self._proving:
            if size != self._proven.edge.size:
                self._proven = self._after(self._proven, session)
            return self._proven.roster

    def _after(self, proven: _Proven, session: Transaction) -> _Proven:
        head = newest(session)
        try:
            checkpoint = self._key.open(head.checkpoint)
        except (NoteError, CheckpointError):
            raise UnprovenLogError("the newest head in the store is not signed by the log's key") from None
        if checkpoint.size < proven.edge.size:
            raise UnprovenLogError(f"the log shrank from {proven.edge.size} entries to {checkpoint.size}")
        for start in range(proven.edge.size, checkpoint.size, _AT_ONCE):
            end = min(start + _AT_ONCE, checkpoint.size)
            proven = _taken(proven, self._log.lines(session, start, end), self._key.name)
        if (proven.edge.size, proven.edge.root()) != (checkpoint.size, checkpoint.root):
            raise UnprovenLogError("its entries are not those that were signed")
        return proven


def _taken(proven: _Proven, lines: Sequence[bytes], log: str) -> _Proven:
    """What the next entries come to. Of those that don't rule only the time counts, and of that only the last."""
    first, roster, clock, used = proven.edge.size, proven.roster.copy(), proven.clock, set(proven.used)
    for place, line in enumerate(lines, first):
        if rules(line):
            try:
                clock = _at(clock, place, lines, first)
                entry = parse_entry(line)
                _require_said_once(entry, roster, clock, log, used)
                roster.apply(entry)
                clock = clock.after(entry)
            except (EntryError, RosterError, ClockError, RequestError, ActionError, NoteError) as error:
                raise UnprovenLogError(f"entry {place} is false: {error}") from error
    edge = proven.edge.extend(map(leaf_hash, lines))
    return _Proven(edge, _at(clock, edge.size, lines, first), roster, frozenset(used))


def _require_said_once(entry: Entry, roster: Roster, clock: LogClock, log: str, used: set[str]) -> None:
    request = require_said(entry, roster, clock, log)
    if request is not None:
        if request.base in used:
            raise EntryError("its request was used before")
        used.add(request.base)


def _at(clock: LogClock, place: int, lines: Sequence[bytes], first: int) -> LogClock:
    """The clock before the entry at a place, of which those since the last ruling don't rule."""
    return clock if clock.size == place else replace(clock, size=place, last=parse_entry(lines[place - first - 1]).at)
