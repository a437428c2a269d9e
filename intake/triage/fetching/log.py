"""The log: fetched, verified from where the last time ended, then kept. What contradicts it becomes evidence."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain, count, islice

from crypto.checkpoint import Checkpoint
from crypto.cosignature import Cosigner
from crypto.merkle import Frontier, leaf_hash, root_hash
from crypto.note import NoteError, SigningKey, parse_note
from crypto.tiles import MAX_ENTRY_SIZE
from intake.protocol import limits
from intake.protocol.audit import (
    AuditError,
    ContradictionError,
    open_checkpoint,
    replay,
    require_growth,
    require_tree,
)
from intake.protocol.entry import Entry, parse_entry
from intake.protocol.evidence import Received, attest
from intake.protocol.logstate import LogState, StateError, parse_state
from intake.triage.desk.client import DeskClient, DeskError, OtherLogError
from intake.triage.fetching.restored import Declared, declared
from intake.triage.fetching.spool import Spool
from intake.triage.fetching.witnessed import Cosigned, KeptCosigned
from intake.triage.home import Home
from intake.triage.mirror.added import added_rows, keep_added
from intake.triage.mirror.exchanged import exchanged_rows, keep_exchanged
from intake.triage.mirror.journal import Logged, logged_requests
from intake.triage.mirror.statements import MirrorDamagedError
from intake.triage.mirror.tables import ADDED, ENTRY, EXCHANGED, FACT, SEEN, STATE, Row
from intake.triage.progress import Progress, no_progress

EVIDENCE = "evidence"
_MOST_EVIDENCE = 100
"""Files at most: a server that lies anew at each fetch fills no disk."""
_MOST_COSIGNERS = 8
"""Witnesses that evidence names at most, so that it fits into its file."""
_PIECE = 2048
"""Entries that are held in memory at a time."""
_MENDED = "a part of the log that was kept here was damaged; it has been fetched again and is as it was"


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint that the log signed, when it was received and what it says."""

    received: Received
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Served:
    """What the desk shows of its log: its newest checkpoint, and the one that is cosigned, which was fetched before."""

    received: Received
    cosigned: Cosigned | None


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


@dataclass(frozen=True, slots=True)
class Growth:
    """What a fetch of the log brought. `before`: how many entries were verified earlier.

    `proven`: what the entries since then prove; `logged`: the requests of one's own in them, by nonce.
    """

    state: LogState
    before: int
    proven: Proven
    logged: Mapping[str, Logged]


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
        for first in count(start, _PIECE):
            last = min(first + _PIECE, end)
            rows = self._file.select(ENTRY, "WHERE place >= ? AND place < ? ORDER BY place", (first, last))
            for place, (held, line) in enumerate(rows, first):
                if held != place:
                    return
                yield bytes(line)
            if len(rows) < _PIECE:
                return

    def earlier(self, size: int) -> Iterator[bytes]:
        """So many entries from the start; `MirrorDamagedError` if they are not all here."""
        found = 0
        for found, line in enumerate(self.lines(0, size), 1):  # noqa: B007 - counts them
            yield line
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
        self._file.put(ENTRY, *enumerate(lines, start))

    def unstage(self, size: int) -> None:
        """Forget entries that turned out not to be what was signed."""
        with self._file.writing():
            self._file.remove(ENTRY, *(row[0] for row in self._file.select(ENTRY, "WHERE place >= ?", (size,))))

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


def fetch_whole(client: DeskClient, home: Home, progress: Progress) -> Growth:
    """Fetch and verify every entry again, whatever is kept of them. Errors, and what is kept, as for `fetch_new`."""
    asked = client.journal.open()
    kept, witnesses = KeptLog(home), KeptCosigned(home)
    served = _served(client, witnesses)
    checkpoint, head = open_head(home, served.received.note), kept.head
    with closing(Spool(home.directory)) as lines:
        with _evidence(client, kept, served, witnesses, lines):
            _require_growth(checkpoint, head)
            for entries in _entries(client, 0, checkpoint.size, 0, progress):
                lines.extend(entries)
            start = LogState.empty(checkpoint.origin)
            require_tree(start.edge, map(leaf_hash, lines), checkpoint, _seen(head))
            growth = _replayed(lines, start, checkpoint.size, client.journal.key, progress)
            edge = _cosigned_edge(served, witnesses, growth.state, (), lines.lines)
        with home.mirror.writing():
            for first in range(0, checkpoint.size, _PIECE):
                last = min(first + _PIECE, checkpoint.size)
                held, piece = list(kept.lines(first, last)), list(lines.lines(first, last))
                if held != piece:
                    kept.stage(first, piece)
                if head is not None and first + len(held) < min(last, head.checkpoint.size):
                    home.repaired(_MENDED)
            kept.save(served.received, growth.state, growth.proven)
            _keep_cosigned(served, witnesses, edge)
            # All entries are in hand: nothing could be found among earlier ones.
            client.journal.accuse(asked, growth.logged, lambda _: None)
            _note_foreign(client, head, growth.logged)
            client.journal.settle(asked, growth.logged, growth.state.clock.last)
    home.remember()
    return growth


def fetch_new(client: DeskClient, home: Home, progress: Progress, take: Callable[[Growth], None]) -> Growth:
    """Fetch what the log has more than is kept, verify and keep that, and the connection that it came over.

    `take` is called in the same transaction: what follows from what is new is kept with it, or neither.

    The journal is settled by it, and what is damaged here is fetched again. Raises `AuditError` if it is not the log
    that was seen before with entries added; what was kept then stays, and what the log signed is kept as evidence.
    """
    # First, so that what was answered until now must be in what is fetched now.
    asked = client.journal.open()
    kept, witnesses = KeptLog(home), KeptCosigned(home)
    served = _served(client, witnesses)
    checkpoint, head, state = open_head(home, served.received.note), kept.head, kept.state
    lines: list[bytes] = []
    with _unstaged(kept, head), _evidence(client, kept, served, witnesses, lines):
        _require_growth(checkpoint, head)
        start = state or LogState.empty(checkpoint.origin)
        _stage(client, kept, start.size, checkpoint.size, progress)
        try:
            require_tree(start.edge, map(leaf_hash, kept.lines(start.size, checkpoint.size)), checkpoint, _seen(head))
        except AuditError:
            # What is kept is what was signed then: how does the desk's tree begin now?
            lines += fetch_lines(client, checkpoint.size, progress)
            start = LogState.empty(checkpoint.origin)
            require_tree(start.edge, map(leaf_hash, lines), checkpoint, _seen(head))
            kept.stage(0, lines)
        growth = _replayed(kept, start, checkpoint.size, client.journal.key, progress)
        edge = _cosigned_edge(served, witnesses, growth.state, [start.edge], kept.lines)
    if head is not None and start.size < head.checkpoint.size:
        home.repaired(_MENDED)
    # By itself: what becomes of the rest takes no accusation back.
    client.journal.accuse(asked, growth.logged, partial(kept.logged, client.journal.key, growth.before))
    with home.mirror.writing():
        if head is None or checkpoint != head.checkpoint or state is None:
            kept.save(served.received, growth.state, growth.proven)
        _note_foreign(client, head, growth.logged)
        _keep_cosigned(served, witnesses, edge)
        take(growth)
        # Last: a log that is not kept has shown nothing, and the next one may lack what this one held.
        client.journal.settle(asked, growth.logged, growth.state.clock.last)
    home.remember()
    return growth


def recall_log(home: Home) -> LogState | None:
    """The log as it was verified last, without asking the desk; `MirrorDamagedError` if this machine spoilt it."""
    kept = KeptLog(home)
    state, head = kept.state, kept.head
    if state is None and head is not None:
        start = LogState.empty(head.checkpoint.origin)
        require_kept = map(leaf_hash, kept.earlier(head.checkpoint.size))
        require_tree(start.edge, require_kept, head.checkpoint, None)
        growth = _replayed(kept, start, head.checkpoint.size, "", no_progress)
        kept.save(head.received, growth.state, growth.proven)
        state = growth.state
    return state


def evidence_files(home: Home) -> list[str]:
    """Where evidence against the log is kept, if there is any."""
    return [str(home.path(name)) for name in home.names(EVIDENCE)]


def fetch_head(client: DeskClient) -> Received:
    """The newest signed checkpoint, as it is received now."""
    return Received(_now(), client.checkpoint())


def _served(client: DeskClient, witnesses: KeptCosigned) -> Served:
    # First, so that what is cosigned must be the beginning of what is shown.
    note = client.cosigned() if witnesses.asks else None
    cosigned = None if note is None else witnesses.offered(note, _now())
    return Served(fetch_head(client), cosigned)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _cosigned_edge(
    served: Served,
    witnesses: KeptCosigned,
    state: LogState,
    edges: Sequence[Frontier],
    lines: Callable[[int, int], Iterable[bytes]],
) -> Frontier | None:
    """The edge of the cosigned tree, which must be a beginning of the verified log; None if none is shown."""
    if served.cosigned is None:
        return None
    head = Checkpoint(state.log, state.size, state.edge.root())

    def leaves(start: int, end: int) -> Iterator[bytes]:
        return map(leaf_hash, lines(start, end))

    return witnesses.require_beginning(served.cosigned, head, [*edges, state.edge], leaves)


def _keep_cosigned(served: Served, witnesses: KeptCosigned, edge: Frontier | None) -> None:
    if served.cosigned is not None and edge is not None:
        witnesses.keep(served.cosigned, edge)


def _note_foreign(client: DeskClient, head: Head | None, logged: Mapping[str, Logged]) -> None:
    # What lies before this machine's first fetch, and what it lost, may well be its own.
    if head is not None:
        new = {nonce: each for nonce, each in logged.items() if each.place >= head.checkpoint.size}
        client.journal.note_foreign(new)


def _seen(head: Head | None) -> Checkpoint | None:
    return None if head is None else head.checkpoint


def _require_growth(checkpoint: Checkpoint, head: Head | None) -> None:
    if head is not None:
        require_growth(checkpoint, head.checkpoint)


def open_head(home: Home, note: bytes) -> Checkpoint:
    """What it says; `AuditError` if the log did not sign it, `DeskError` if what answers is no desk of this log."""
    try:
        checkpoint = open_checkpoint(note, home.connection.log)
    except AuditError as error:
        if not home.knows_desk():
            words = "this desk keeps another log than the one you named: check --desk and --policy"
            raise OtherLogError(words) from error
        if not _is_signed(note):
            # A page of whatever lies in between, such as a hotel's: where nobody has signed, nobody has lied.
            raise DeskError(
                "what answers sent no checkpoint of any log: does something lie before the desk?"
            ) from error
        raise
    if checkpoint.size > limits.LOG_ENTRIES:
        raise DeskError(f"the desk claims a log of {checkpoint.size} entries, more than this program can take")
    return checkpoint


def _is_signed(note: bytes) -> bool:
    try:
        parse_note(note)
    except NoteError:
        return False
    return True


def _stage(client: DeskClient, kept: KeptLog, start: int, size: int, progress: Progress) -> None:
    """Fetch the entries from `start` up to `size`, but for those that a fetch that broke off has left here."""
    here = start + sum(1 for _ in kept.lines(start, size))
    for entries in _entries(client, here, size, kept.bytes_kept(), progress):
        kept.stage(here, entries)
        here += len(entries)


def fetch_lines(client: DeskClient, size: int, progress: Progress) -> list[bytes]:
    """All entries, from the desk alone."""
    return list(chain.from_iterable(_entries(client, 0, size, 0, progress)))


def _entries(client: DeskClient, start: int, size: int, held: int, progress: Progress) -> Iterator[list[bytes]]:
    """The entries from `start` up to `size`, as they come. `held`: bytes of those that are here."""
    if start == size:
        return
    with progress("Fetching the log", size - start) as told:
        place = start
        while place < size:
            # It may have grown beyond the size that was signed.
            entries = client.entries(place)[: size - place]
            held += sum(map(len, entries))
            if held > limits.LOG_BYTES:
                raise DeskError("the desk's log is larger than this program can take")
            # At once: a size that is only claimed must not keep anybody busy.
            if len(entries) < min(limits.MOST_ENTRIES, size - place) and not _is_full(entries):
                raise AuditError("the log was cut: it holds fewer entries than its checkpoint counts")
            yield entries
            place += len(entries)
            told(place - start)


def _is_full(entries: Sequence[bytes]) -> bool:
    """Whether the next entry may not have had room in the same answer."""
    return sum(map(len, entries), len(entries)) + MAX_ENTRY_SIZE >= limits.ENTRIES


def _replayed(kept: KeptLog | Spool, state: LogState, size: int, key: str, progress: Progress) -> Growth:
    """Check what has come, a piece at a time."""
    before, proven = state.size, Proven((), ())
    logged: dict[str, Logged] = {}
    with progress("Verifying the log", size - before) as told:
        while state.size < size:
            start = state.size
            entries, state = replay(state, kept.lines(start, min(start + _PIECE, size)), kept.earlier)
            if state.size == start:
                raise MirrorDamagedError("what was fetched of the log was damaged at once")
            proven = proven.and_then(Proven.by(start, entries))
            logged |= logged_requests(key, start, entries)
            told(state.size - before)
    return Growth(state, before, proven, logged)


@contextmanager
def _unstaged(kept: KeptLog, head: Head | None) -> Iterator[None]:
    """What turns out not to be what was signed is not kept."""
    try:
        yield
    except AuditError:
        kept.unstage(head.checkpoint.size if head is not None else 0)
        raise


@contextmanager
def _evidence(
    client: DeskClient, kept: KeptLog, served: Served, witnesses: KeptCosigned, lines: Iterable[bytes]
) -> Iterator[None]:
    """Where checkpoints contradict one another, say so with the files that they are kept in."""
    try:
        yield
    except ContradictionError as error:
        pairs = _contradicting(kept, served, witnesses)
        files = [file for pair in pairs if (file := keep_evidence(client.key, kept, pair, lines))]
        names = " and in ".join(dict.fromkeys(files))
        restore = _restore(client, kept, served.received, lines)
        says = [str(error), names and f"what it signed is kept in {names}", "" if restore is None else str(restore)]
        raise AuditError("; ".join(filter(None, says))) from error


def _restore(client: DeskClient, kept: KeptLog, served: Received, lines: Iterable[bytes]) -> Declared | None:
    """The restore by which the log's operator explains a contradiction, if there is one."""
    checkpoint = open_checkpoint(served.note, kept.home.connection.log)
    try:
        shown = list(lines)
        if len(shown) != checkpoint.size:
            shown = fetch_lines(client, checkpoint.size, no_progress)
        require_tree(LogState.empty(checkpoint.origin).edge, map(leaf_hash, shown), checkpoint, None)
    except (AuditError, DeskError):
        return None
    head = kept.head
    return declared(kept.lines(0, head.checkpoint.size if head else 0), shown)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two checkpoints that may contradict one another, in the order in which they came, and who cosigned both.

    `by_word`: whether the member's word is worth keeping where the larger tree isn't known.
    """

    first: Received
    second: Received
    cosigners: Sequence[Cosigner] = ()
    by_word: bool = False


def _contradicting(kept: KeptLog, served: Served, witnesses: KeptCosigned) -> Iterator[Pair]:
    head, log, cosigned, earlier = kept.head, kept.home.connection.log, served.cosigned, witnesses.last
    if head is not None:
        yield Pair(head.received, served.received, by_word=True)
    if cosigned is not None:
        yield Pair(cosigned.signed_by(log, ()), served.received)
    if cosigned is not None and earlier is not None:
        both = witnesses.cosigners_of_both(earlier, cosigned)[:_MOST_COSIGNERS]
        yield Pair(earlier.signed_by(log, both), cosigned.signed_by(log, both), both)


def keep_evidence(key: SigningKey, kept: KeptLog, pair: Pair, lines: Iterable[bytes] = ()) -> str:
    """Keep two checkpoints in a file signed by `key` and return where; empty if they show nothing.

    `lines`: the entries that the desk shows now, as far as they are known.
    """
    home, log = kept.home, kept.home.connection.log
    # By the first key: one may be from before the log had two.
    first, second = (open_checkpoint(each.note, log.first) for each in (pair.first, pair.second))
    if first == second:
        return ""
    small, large = sorted((first, second), key=lambda tree: tree.size)
    leaves = _leaves_of(large, lines, kept)
    may_go_together = not pair.by_word if leaves is None else root_hash(leaves[: small.size]) == small.root
    # That a log shrank is something to testify to, even where the smaller tree is the beginning of the larger.
    if first.size < second.size and may_go_together:
        return ""
    digest = hashlib.sha256("".join((first.text, second.text, *map(str, pair.cosigners))).encode()).hexdigest()
    name = f"{EVIDENCE}/{digest[:32]}.txt"
    if not home.has(name):
        if len(home.names(EVIDENCE)) >= _MOST_EVIDENCE:
            return str(home.path(EVIDENCE))
        home.save(name, attest(key, log, pair.first, pair.second, leaves, pair.cosigners))
    return str(home.path(name))


def _leaves_of(tree: Checkpoint, lines: Iterable[bytes], kept: KeptLog) -> list[bytes] | None:
    """The leaf hashes of a tree, if it is the one that the desk shows now, or the one that is kept."""
    for held in (islice(lines, tree.size), kept.lines(0, tree.size)):
        leaves = list(map(leaf_hash, held))
        if len(leaves) == tree.size and root_hash(leaves) == tree.root:
            return leaves
    return None
