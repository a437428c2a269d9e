"""What the desk serves of its log: checkpoints and entries. But for who signed them, nothing of it is verified here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from crypto.checkpoint import Checkpoint
from crypto.note import NoteError, parse_note
from crypto.tiles import MAX_ENTRY_SIZE
from intake.protocol import limits
from intake.protocol.audit import AuditError, open_checkpoint
from intake.protocol.evidence import Received
from intake.triage.desk.client import DeskClient, DeskError, OtherLogError
from intake.triage.fetching.spool import Spool
from intake.triage.fetching.witnessed import Cosigned, KeptCosigned
from intake.triage.home import Home
from intake.triage.progress import Progress


@dataclass(frozen=True, slots=True)
class Served:
    """What the desk shows of its log: its newest checkpoint, and the one that is cosigned, which was fetched before."""

    received: Received
    cosigned: Cosigned | None


def fetch_served(client: DeskClient, witnesses: KeptCosigned) -> Served:
    """Both, as they are received now."""
    # First, so that what is cosigned must be the beginning of what is shown.
    note = client.cosigned() if witnesses.asks else None
    cosigned = None if note is None else witnesses.offered(note, _now())
    return Served(fetch_head(client), cosigned)


def fetch_head(client: DeskClient) -> Received:
    """The newest signed checkpoint, as it is received now."""
    return Received(_now(), client.checkpoint())


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


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


def spool_all(client: DeskClient, size: int, lines: Spool, progress: Progress) -> None:
    """Put all entries behind those that `lines` holds: they are more than memory is there for."""
    for entries in fetch_entries(client, 0, size, 0, progress):
        lines.extend(entries)


def fetch_entries(client: DeskClient, start: int, size: int, held: int, progress: Progress) -> Iterator[list[bytes]]:
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
