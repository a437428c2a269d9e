"""The log: fetched, verified against what was seen before, and only then kept. What contradicts it becomes evidence."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from crypto.checkpoint import Checkpoint
from crypto.merkle import leaf_hash, root_hash
from crypto.note import NoteError, parse_note
from crypto.tiles import WIDTH, TileError, decode_bundle, entries_path
from intake.protocol import limits
from intake.protocol.audit import (
    AuditError,
    ContradictionError,
    VerifiedLog,
    open_checkpoint,
    require_growth,
    verify_log,
)
from intake.protocol.evidence import Received, attest
from intake.triage.desk_client import DeskClient, DeskError, OtherLogError
from intake.triage.home import CHECKPOINTS, DamagedError, Home

Progress = Callable[[Iterable[int], str], Iterable[int]]

EVIDENCE = "evidence"
_MOST_EVIDENCE = 100
"""Files at most: a server that lies anew at each fetch fills no disk."""


@dataclass(frozen=True, slots=True)
class KeptLog:
    """What this machine kept: a checkpoint signed by the log, and its entries, or None if they are damaged."""

    received: Received
    checkpoint: Checkpoint
    lines: list[bytes] | None


def fetch_log(client: DeskClient, home: Home, *, whole: bool, progress: Progress) -> VerifiedLog:
    """Fetch and verify the log. `whole`: every entry again, as an auditor does, not only the new ones.

    The home directory then keeps it, and the connection that it came over; what was damaged there is mended. Raises
    `AuditError` if it is not the log that was seen before with entries added; what was kept then stays, and what the
    log signed is kept beside it as evidence.
    """
    kept = recall_log(home)
    served = Received(datetime.now(UTC).replace(microsecond=0), client.checkpoint())
    checkpoint = _head(home, served.note)
    lines: list[bytes] = []
    try:
        if kept is not None:
            require_growth(checkpoint, kept.checkpoint)
        lines = _lines(client, checkpoint, None if whole else kept, progress)
        verified = verify_log(lines, served.note, home.connection.verifier, None if kept is None else kept.checkpoint)
    except ContradictionError as error:
        file = _keep_evidence(client, home, kept, served, lines)
        raise AuditError(f"{error}{file and f'; what it signed is kept in {file}'}") from error
    if kept is not None and kept.lines is None:
        home.repaired("a part of the log that was kept here was damaged; it has been fetched again and is as it was")
    home.save_log(lines, served.note)
    home.remember()
    return verified


def recall_log(home: Home) -> KeptLog | None:
    """The log as it was verified last, as far as it is not damaged; None if there is none."""
    held = [(name, home.read(name)) for name in CHECKPOINTS if home.has(name)]
    whole = []
    for name, note in held:
        try:
            checkpoint = open_checkpoint(note, home.connection.verifier)
        except AuditError:
            continue
        whole.append(KeptLog(Received(home.received(name), note), checkpoint, None))
    if not whole:
        if held or home.remembered is not None:
            home.repaired(
                "the checkpoint of the log that this machine kept was lost or damaged: whether the log was rewritten "
                "since the last time can't be seen any more"
            )
        return None
    newest = max(whole, key=lambda kept: kept.checkpoint.size)
    if len(whole) < len(held):
        home.repaired("the checkpoint of the log that this machine kept was damaged; it was mended from its copy")
    return KeptLog(newest.received, newest.checkpoint, _kept_lines(home, newest.checkpoint))


def kept_log(home: Home) -> VerifiedLog | None:
    """The log as it was verified last, without asking the desk; `DamagedError` if this machine spoilt it."""
    kept = recall_log(home)
    if kept is None:
        return None
    if kept.lines is None:
        raise DamagedError("what this machine kept of the log is damaged")
    return verify_log(kept.lines, kept.received.note, home.connection.verifier, None)


def evidence_files(home: Home) -> list[str]:
    """Where evidence against the log is kept, if there is any."""
    return [str(home.path(name)) for name in home.names(EVIDENCE)]


def _head(home: Home, note: bytes) -> Checkpoint:
    try:
        checkpoint = open_checkpoint(note, home.connection.verifier)
    except AuditError as error:
        if not home.knows_desk():
            words = "this desk keeps another log than the one you named: check --desk and --log"
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


def _kept_lines(home: Home, checkpoint: Checkpoint) -> list[bytes] | None:
    """The entries that were kept, if they still hash to the root that was signed."""
    try:
        lines = home.lines(checkpoint.size)
    except TileError:
        return None
    return lines if len(lines) == checkpoint.size and _root(lines) == checkpoint.root else None


def _lines(client: DeskClient, checkpoint: Checkpoint, kept: KeptLog | None, progress: Progress) -> list[bytes]:
    """All entries of the tree of `checkpoint`: those that are kept and fit, the others from the desk."""
    if kept is None or kept.lines is None:
        return _fetched(client, [], checkpoint.size, progress)
    if kept.checkpoint == checkpoint:
        return kept.lines
    lines = _fetched(client, kept.lines[: len(kept.lines) // WIDTH * WIDTH], checkpoint.size, progress)
    if _root(lines) == checkpoint.root:
        return lines
    # What is kept is what was signed then: how does the desk's tree begin now?
    return _fetched(client, [], checkpoint.size, progress)


def _fetched(client: DeskClient, lines: Sequence[bytes], size: int, progress: Progress) -> list[bytes]:
    lines, held = list(lines), sum(map(len, lines))
    for index in progress(range(len(lines) // WIDTH, -(-size // WIDTH)), "Fetching the log"):
        width = min(WIDTH, size - index * WIDTH)
        bundle = client.log_resource(entries_path(index, width))
        held += len(bundle)
        if held > limits.LOG_BYTES:
            raise DeskError("the desk's log is larger than this program can take")
        lines += _entries(bundle, width)
    return lines


def _entries(bundle: bytes, width: int) -> list[bytes]:
    try:
        entries = decode_bundle(bundle)
    except TileError as error:
        raise AuditError("a part of the log is malformed") from error
    # At once, and not when all has come: a size that is only claimed must not keep anybody busy.
    if len(entries) != width:
        raise AuditError("the log was cut: a part of it holds another number of entries than its checkpoint counts")
    return entries


def _keep_evidence(
    client: DeskClient, home: Home, kept: KeptLog | None, served: Received, lines: Sequence[bytes]
) -> str:
    """Keep both checkpoints in a signed file of their own and return where; empty if they don't differ."""
    if kept is None:
        return ""
    log = home.connection.verifier
    checkpoint = open_checkpoint(served.note, log)
    if checkpoint == kept.checkpoint:
        return ""
    digest = hashlib.sha256(kept.checkpoint.text.encode() + checkpoint.text.encode()).hexdigest()
    name = f"{EVIDENCE}/{digest[:32]}.txt"
    if not home.has(name):
        if len(home.names(EVIDENCE)) >= _MOST_EVIDENCE:
            return str(home.path(EVIDENCE))
        larger = kept.lines if checkpoint.size < kept.checkpoint.size else lines
        root = max(kept.checkpoint, checkpoint, key=lambda tree: tree.size).root
        leaves = [leaf_hash(line) for line in larger] if larger is not None else None
        known = leaves is not None and root_hash(leaves) == root
        home.save(name, attest(client.key, log, kept.received, served, leaves if known else None))
    return str(home.path(name))


def _root(lines: Sequence[bytes]) -> bytes:
    return root_hash([leaf_hash(line) for line in lines])
