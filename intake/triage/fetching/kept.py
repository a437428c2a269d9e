"""The log as it was verified last: its head, what to go on from, and its entries."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count, islice

from crypto.checkpoint import Checkpoint
from crypto.merkle import Frontier, leaf_hash
from intake.protocol import limits
from intake.protocol.audit import AuditError, open_checkpoint
from intake.protocol.entry import Entry, parse_entry
from intake.protocol.evidence import Received
from intake.protocol.logstate import LogState, StateError, parse_state
from intake.triage.home import Home
from intake.triage.mirror.added import added_rows, keep_added
from intake.triage.mirror.exchanged import exchanged_rows, keep_exchanged
from intake.triage.mirror.journal import Logged, logged_requests
from intake.triage.mirror.statements import MirrorDamagedError
from intake.triage.mirror.tables import ADDED, ENTRY, EXCHANGED, FACT, SEEN, STATE, Row

PIECE = 2048
"""Entries that are held in memory at a time."""


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint that the log signed, when it was received and what it says."""

    received: Received
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Proven:
    """What entries prove, for the mirror: who `added` what, and which headers were `exchanged`."""

    added: Sequence[Row]
    exchanged: Sequence[Row]

    @classmethod
    def by(cls, start: int, entries: Sequence[Entry]) -> "Proven":
        """By entries, the first of which is at `start`."""
        placed = list(enumerate(entries, start))
        return cls(
            [row for place, entry in placed for row in added_rows(place, entry)],
            [row for place, entry in placed for row in exchanged_rows(place, entry)],
        )

    def and_then(self, later: "Proven") -> "Proven":
        """What these and later entries prove."""
        return Proven([*self.added, *later.added], [*self.exchanged, *later.exchanged])

    @property
    def tips(self) -> set[str]:
        """The tips that it is about."""
        return {str(row[5]) for row in self.added} | {str(row[1]) for row in self.exchanged}


class KeptLog:
    """The log as it was verified last."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._file = home.mirror
        self._log = home.connection.log

    @property
    def head(self) -> Head | None:
        """What was verified last; None if nothing was, or it is lost, which is said."""
        row = self._file.get(FACT, "head")
        if row is not None:
            try:
                at, _, note = bytes(row[1]).partition(b"\n")
                received = Received(datetime.fromisoformat(at.decode()), note)
                # By the first key: it may have been kept before the log had two.
                return Head(received, open_checkpoint(note, self._log.first))
            except (AuditError, ValueError):
                pass
        if self.home.remembered is not None:
            self.home.repaired(
                "the checkpoint of the log that this machine kept was lost or damaged: whether the log was rewritten "
                "since the last time can't be seen any more"
            )
        return None

    @property
    def state(self) -> LogState | None:
        """What to go on from; None if there is nothing that fits the head."""
        row, head = self._file.get(FACT, STATE), self.head
        try:
            state = None if row is None else parse_state(bytes(row[1]))
        except StateError:
            return None
        if state is None or head is None:
            return None
        fits = (state.log, state.size, state.edge.root()) == (
            head.checkpoint.origin,
            head.checkpoint.size,
            head.checkpoint.root,
        )
        return state if fits else None

    def lines(self, start: int = 0, end: int = limits.LOG_ENTRIES) -> Iterator[bytes]:
        """The entries from `start` up to `end`, as far as they follow on one another and are whole."""
        for first in count(start, PIECE):
            last = min(first + PIECE, end)
            rows = self._file.select(ENTRY, "WHERE place >= ? AND place < ? ORDER BY place", (first, last))
            for place, (held, line) in enumerate(rows, first):
                if held != place:
                    return
                yield bytes(line)
            if len(rows) < PIECE:
                return

    def earlier(self, size: int) -> Iterator[bytes]:
        """So many entries from the start; `MirrorDamagedError` if they are not all here."""
        found = 0
        for line in self.lines(0, size):
            yield line
            found += 1
        if found < size:
            raise MirrorDamagedError("a part of the log that was kept here is damaged")

    def entry(self, place: int) -> Entry | None:
        """The entry at a place, if it is kept and whole."""
        row = self._file.get(ENTRY, place)
        return None if row is None else parse_entry(bytes(row[1]))

    def logged(self, key: str, size: int, nonce: str) -> Logged | None:
        """What the first `size` entries hold of a key's request with this nonce. Looks through all of them.

        Not through those beyond: of what is staged nothing is verified yet, and whoever signs the log can have it say
        a nonce wherever it likes.
        """
        rows = self._file.select(ENTRY, "WHERE place < ? AND instr(line, ?)", (size, nonce.encode()))
        found = (logged_requests(key, place, [parse_entry(bytes(line))]).get(nonce) for place, line in rows)
        return next(filter(None, found), None)

    def stage(self, start: int, lines: Iterable[bytes]) -> None:
        """Keep entries that are yet to be verified."""
        rows = enumerate(lines, start)
        with self._file.writing():
            while piece := list(islice(rows, PIECE)):
                self._file.put(ENTRY, *piece)

    def unstage(self, size: int) -> None:
        """Forget entries that turned out not to be what was signed."""
        with self._file.writing():
            while piece := self._file.select(ENTRY, f"WHERE place >= ? ORDER BY place LIMIT {PIECE}", (size,)):
                self._file.remove(ENTRY, *(row[0] for row in piece))

    def root(self, size: int) -> bytes:
        """The root of the first `size` entries, as they are kept; `MirrorDamagedError` if they are not all here."""
        return Frontier.empty().extend(map(leaf_hash, self.earlier(size))).root()

    def forget_from(self, place: int) -> None:
        """Forget the entries from a place on, what they proved, and trees that held them: the log was set back."""
        with self._file.writing():
            self.unstage(place)
            for table in (ADDED, EXCHANGED):
                self._file.remove(table, *(row[0] for row in self._file.select(table, "WHERE place >= ?", (place,))))
            self._file.remove(SEEN, *(row[0] for row in self._file.select(SEEN, "WHERE size > ?", (place,))))
            self._file.remove(FACT, "log bytes")

    def save(self, received: Received, state: LogState, proven: Proven) -> None:
        """Keep what was verified: head, state, and what it proves. The entries themselves are staged already."""
        size = self._bytes[1] + self._length(self._bytes[0], state.size)
        with self._file.writing():
            keep_added(self._file, proven.added)
            keep_exchanged(self._file, proven.exchanged)
            self._file.put(
                FACT,
                (STATE, state.to_bytes()),
                ("head", received.at.isoformat().encode() + b"\n" + received.note),
                ("log bytes", f"{state.size} {size}"),
            )

    @property
    def _bytes(self) -> tuple[int, int]:
        """How many bytes so many entries have, as far as that was counted."""
        row = self._file.get(FACT, "log bytes")
        entries, _, size = str(row[1]).partition(" ") if row else ("0", "", "0")
        return int(entries), int(size)

    def bytes_kept(self) -> int:
        """How many bytes the entries have that are kept, verified or not."""
        entries, size = self._bytes
        return size + self._length(entries, limits.LOG_ENTRIES)

    def _length(self, start: int, end: int) -> int:
        """How many bytes these entries have, as SQLite counts them, whole or not: it is for a bound only."""
        (size,) = self._file.keys(
            "SELECT ifnull(sum(length(line)), 0) FROM entry WHERE place BETWEEN ? AND ?", (start, end - 1)
        )
        return int(size)
