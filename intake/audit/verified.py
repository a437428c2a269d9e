"""A log that was verified: fetched from the desk, as it was verified last, or out of a folder that was copied."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from crypto.checkpoint import Checkpoint
from crypto.logkey import LogVerifier
from crypto.merkle import Frontier, leaf_hash
from crypto.note import MAX_NOTE_SIZE, parse_note
from crypto.policy import Policy
from crypto.proof import LogProof
from crypto.tiles import WIDTH, TileError, TileRef, decode_bundle
from intake.audit.against import distrust, trust
from intake.audit.mirror import CHECKPOINT, COSIGNED
from intake.findings.record import Record
from intake.protocol.audit import AuditError, ContradictionError, open_checkpoint, replay
from intake.protocol.entry import Entry, parse_entry
from intake.protocol.evidence import Received
from intake.protocol.limits import BUNDLE
from intake.protocol.logstate import LogState
from intake.protocol.roster import Roster
from intake.triage.desk.client import DeskClient
from intake.triage.fetching.accepting import accept_restore
from intake.triage.fetching.kept import KeptLog
from intake.triage.fetching.log import fetch_new, fetch_whole, recall_log
from intake.triage.fetching.restored import Declared
from intake.triage.fetching.witnessed import Cosigned, KeptCosigned, Witnessed
from intake.triage.home import WITNESS_DAYS, Connection, DamagedError, Home, HomeError
from intake.triage.keys.keyfile import MemberKeys
from intake.triage.progress import Progress

_PIECE = 512
"""Entries that are held in memory at a time."""


class FolderError(ValueError):
    """A folder doesn't hold what the log signed: it was damaged or changed since it was written."""


@dataclass(frozen=True)
class VerifiedLog:
    """A log, every entry of which was verified. `note`: its signed checkpoint; `before`: how many were earlier.

    `cosigned`: the checkpoint that witnesses have cosigned, if there is one, which may be of a beginning of it;
    `witnessed`: who did. `read` gives the entries from a place up to another, as they were hashed.
    """

    witnessed: Witnessed
    cosigned: Cosigned | None
    note: bytes
    checkpoint: Checkpoint
    state: LogState
    before: int
    read: Callable[[int, int], Iterator[bytes]]

    @property
    def policy(self) -> Policy:
        """Whom its reader believes about it."""
        return self.witnessed.policy

    @property
    def size(self) -> int:
        """How many entries it has."""
        return self.state.size

    @property
    def roster(self) -> Roster:
        """The members."""
        return self.state.roster

    def entries(self, start: int = 0) -> Iterator[Entry]:
        """The entries from one on."""
        return map(parse_entry, self.read(start, self.size))

    @cached_property
    def record(self) -> Record:
        """Who did what."""
        return Record.of(self.entries())

    def is_cosigned(self, index: int) -> bool:
        """Whether an entry is in the cosigned tree."""
        return self.cosigned is not None and index < self.cosigned.checkpoint.size

    def prove(self, index: int) -> LogProof:
        """That an entry is in the log, with the entry itself; by the cosigned checkpoint if that has it."""
        note, size = parse_note(self.note), self.size
        if self.cosigned is not None and self.is_cosigned(index):
            note, size = self.cosigned.note, self.cosigned.checkpoint.size
        (line,) = self.read(index, index + 1)
        return LogProof.of(list(map(leaf_hash, self.read(0, size))), index, note, line)


def fetch(home: Home, keys: MemberKeys, progress: Progress, *, whole: bool) -> VerifiedLog:
    """Fetch and verify what is new since the last time, or the whole log again; errors as those of `fetch_new`."""
    with closing(DeskClient(home, keys.signing, keys.role)) as client:
        try:
            grown = fetch_whole(client, home, progress) if whole else fetch_new(client, home, progress, lambda _: None)
        except AuditError as error:
            distrust(home, error)
            raise
    trust(home)
    if accusation := client.journal.accusation():
        raise AuditError(accusation)
    return _kept(home, grown.before)


def accept(home: Home, keys: MemberKeys, reason: str, progress: Progress) -> Declared:
    """Begin anew from a log that was set back; as `accept_restore`."""
    with closing(DeskClient(home, keys.signing, keys.role)) as client:
        return accept_restore(client, home, keys, reason, progress)


def recall(home: Home) -> VerifiedLog:
    """The log as it was verified last, without asking anybody; `HomeError` if it never was."""
    return _kept(home, None)


def _kept(home: Home, before: int | None) -> VerifiedLog:
    state, kept, witnesses = recall_log(home), KeptLog(home), KeptCosigned(home)
    head = kept.head
    if state is None or head is None:
        raise HomeError("no log was verified here yet: run 'intake audit verify' first, or name a folder with --from")

    def read(start: int, end: int) -> Iterator[bytes]:
        here = start
        for line in kept.lines(start, end):
            yield line
            here += 1
        if here < end:
            raise DamagedError("a part of the log that was kept here is damaged: run 'intake audit verify --whole'")

    return VerifiedLog(
        witnesses.witnessed,
        witnesses.last,
        head.received.note,
        head.checkpoint,
        state,
        state.size if before is None else before,
        read,
    )


def read_folder(directory: Path, policy: str, progress: Progress, days: int = WITNESS_DAYS) -> VerifiedLog:
    """Verify the whole log that `write_log` wrote into a directory, offline. `days`: how old a cosignature may be.

    `FolderError` where the files aren't what was signed; `AuditError` where what was signed is false.
    """
    named = Connection("", policy)
    log = named.log
    if not (directory / CHECKPOINT).exists():
        raise FolderError(f"{directory} holds no log: name a directory that 'intake audit mirror' wrote")
    note = _read(directory / CHECKPOINT, MAX_NOTE_SIZE)
    checkpoint = open_checkpoint(note, log)

    def read(start: int, end: int) -> Iterator[bytes]:
        for ref in _bundles(checkpoint.size, start, end):
            first = ref.index * WIDTH
            yield from _bundle(directory, ref)[max(start - first, 0) : end - first]

    try:
        state = _replayed(checkpoint, read, progress)
    except AuditError:
        # Of what was changed in the folder, nobody knows what the log said.
        if not _is_signed(checkpoint, Frontier.empty().extend(map(leaf_hash, read(0, checkpoint.size)))):
            raise _another(directory) from None
        raise
    if not _is_signed(checkpoint, state.edge):
        raise _another(directory)
    cosigned = _cosigned(directory, log, checkpoint, read)
    witnessed = Witnessed.by(named.believed, days, None if cosigned is None else cosigned.note)
    return VerifiedLog(witnessed, cosigned, note, checkpoint, state, 0, read)


def _replayed(checkpoint: Checkpoint, read: Callable[[int, int], Iterator[bytes]], progress: Progress) -> LogState:
    state = LogState.empty(checkpoint.origin)
    with progress("Verifying the log", checkpoint.size) as told:
        while state.size < checkpoint.size:
            end = min(state.size + _PIECE, checkpoint.size)
            _, state = replay(state, read(state.size, end), lambda size: read(0, size))
            told(state.size)
    return state


def _cosigned(
    directory: Path, log: LogVerifier, checkpoint: Checkpoint, read: Callable[[int, int], Iterator[bytes]]
) -> Cosigned | None:
    """What lies there as cosigned by witnesses: it must be of a beginning of the log that was verified."""
    path = directory / COSIGNED
    if not path.exists():
        return None
    note = _read(path, MAX_NOTE_SIZE)
    try:
        tree = open_checkpoint(note, log)
    except AuditError as error:
        raise FolderError(f"{path} is damaged: {error}") from error
    if tree.size > checkpoint.size:
        raise _another(directory)
    if not _is_signed(tree, Frontier.empty().extend(map(leaf_hash, read(0, tree.size)))):
        raise ContradictionError(f"of its first {tree.size} entries, others are cosigned than lie in {directory}")
    return Cosigned(Received(datetime.now(UTC), note), tree)


def _is_signed(checkpoint: Checkpoint, edge: Frontier) -> bool:
    return (edge.size, edge.root()) == (checkpoint.size, checkpoint.root)


def _another(directory: Path) -> FolderError:
    return FolderError(
        f"what lies in {directory} is not what the log signed: it was damaged or changed since it was written"
    )


def _bundles(size: int, start: int, end: int) -> Iterator[TileRef]:
    """The bundles of a tree of this size that hold the entries from `start` up to `end`."""
    for first in range(start - start % WIDTH, min(end, size), WIDTH):
        yield TileRef(None, first // WIDTH, min(WIDTH, size - first))


def _read(path: Path, largest: int) -> bytes:
    """What lies in a folder from others, which may be anything: a device, a pipe, a file of any size."""
    if path.exists() and not path.is_file():
        raise FolderError(f"{path} is no file")
    with path.open("rb") as file:
        data = file.read(largest + 1)
    if len(data) > largest:
        raise FolderError(f"{path} is larger than such a file can be")
    return data


def _bundle(directory: Path, ref: TileRef) -> list[bytes]:
    try:
        lines = decode_bundle(_read(directory / ref.path, BUNDLE))
    except TileError as error:
        raise FolderError(f"{directory / ref.path} is damaged: {error}") from error
    if len(lines) != ref.width:
        raise FolderError(f"{directory / ref.path} is damaged: it holds {len(lines)} entries, not {ref.width}")
    return lines
