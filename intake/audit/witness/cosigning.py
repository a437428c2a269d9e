"""Whether a witness cosigns: the checks of C2SP tlog-witness, in its order, with the statuses that it asks for."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from crypto.checkpoint import Checkpoint, CheckpointError, parse_checkpoint
from crypto.cosignature import CosigningKey
from crypto.logkey import LogVerifier
from crypto.merkle import ProofError, verify_consistency
from crypto.note import NoteError
from crypto.witness import AddCheckpoint, WitnessFormatError, parse_add_checkpoint
from intake.audit.witness.record import Record, Tree

PLAIN = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a log is told."""

    status: HTTPStatus
    body: bytes = b""
    content_type: str = PLAIN


class Witness:
    """Cosigns the checkpoints of the logs that it knows, with each of its keys. `now`: POSIX seconds."""

    def __init__(
        self, record: Record, keys: Sequence[CosigningKey], logs: Iterable[LogVerifier], now: Callable[[], float]
    ) -> None:
        self._record = record
        self._keys = keys
        self._logs = {log.name: log for log in logs}
        self._now = now

    def add_checkpoint(self, body: bytes) -> Answer:
        """Cosign what the body of a request asks for, or say why not. What is cosigned is recorded before."""
        try:
            asked = parse_add_checkpoint(body)
            checkpoint = parse_checkpoint(asked.checkpoint.text)
        except (WitnessFormatError, CheckpointError):
            return Answer(HTTPStatus.BAD_REQUEST)
        if (log := self._logs.get(checkpoint.origin)) is None:
            return Answer(HTTPStatus.NOT_FOUND)
        try:
            log.verify(asked.checkpoint)
        except NoteError:
            return Answer(HTTPStatus.FORBIDDEN)
        if asked.old > checkpoint.size:
            return Answer(HTTPStatus.BAD_REQUEST)
        if (refused := self._record_it(asked, checkpoint)) is not None:
            return refused
        now = int(self._now())
        lines = [key.cosign(asked.checkpoint.text, now) for key in self._keys]
        return Answer(HTTPStatus.OK, "".join(f"{line}\n" for line in lines).encode())

    def _record_it(self, asked: AddCheckpoint, checkpoint: Checkpoint) -> Answer | None:
        """Make it the log's latest, durably; an answer instead if it does not extend what is."""
        with self._record.taking(checkpoint.origin) as taking:
            latest = taking.latest
            if asked.old != latest.size:
                return Answer(HTTPStatus.CONFLICT, b"%d\n" % latest.size, SIZE)
            if latest.size == checkpoint.size and latest.root != checkpoint.root:
                return Answer(HTTPStatus.CONFLICT, b"%d\n" % latest.size, SIZE)
            try:
                verify_consistency(latest.size, checkpoint.size, latest.root, checkpoint.root, asked.proof)
            except ProofError:
                return Answer(HTTPStatus.UNPROCESSABLE_ENTITY)
            taking.put(Tree(checkpoint.size, checkpoint.root))
        return None
