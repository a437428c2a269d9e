"""An unlocked program: keys in memory, what is new fetched and opened, answers sealed and sent."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from crypto.age import Decryptor, parse_recipient, seal
from intake.protocol.actions import MOST_OBJECTS, ReadRequest
from intake.protocol.audit import AuditError, VerifiedLog
from intake.protocol.wire import Index, WireError, decode_sealed, parse_index
from intake.report.payloads import About, Note, Payload, Reply, Status
from intake.triage.desk_client import DeskClient, DeskError
from intake.triage.home import Home
from intake.triage.keyfile import KeyFileError, MemberKeys
from intake.triage.mirror import Progress, fetch_log, kept_log
from intake.triage.opening import Authors, OpenTip, open_tip

_INDEX = "index.json"


class DamagedFileError(Exception):
    """An attachment is not what its description says."""


class Work:
    """What an unlocked program holds. Its `repr` shows nothing; dropping it drops keys and plaintext."""

    def __init__(self, home: Home, keys: MemberKeys, progress: Progress) -> None:
        if keys.identity is None:
            raise KeyFileError("this is an auditor's key: it opens no reports")
        self._home = home
        self._identity = keys.identity
        self._progress = progress
        self._client = DeskClient(home.connection, keys.signing)
        self.tips: dict[str, OpenTip] = {}
        self.log: VerifiedLog | None = None
        self.synced: datetime | None = None
        self.problem = ""
        self.alarm = ""

    def close(self) -> None:
        """Forget everything."""
        self.tips = {}
        self._client.close()

    def sync(self) -> None:
        """Fetch what is new. What goes wrong is kept in `problem`, or in `alarm` where the log can't be trusted."""
        self.problem = self.alarm = ""
        try:
            body = self._client.index()
            self._fetch(parse_index(body))
            # The log comes last, so that it must already hold who added what was fetched, and that it was fetched.
            log = fetch_log(self._client, self._home, whole=False, progress=self._progress)
            self._open(parse_index(body), log)
            self._home.save(_INDEX, body)
        except AuditError as error:
            self.alarm = str(error)
        except (DeskError, WireError) as error:
            self.problem = str(error)
            self._open_kept()
        else:
            self.log = log
            self.synced = datetime.now(UTC)

    def _open_kept(self) -> None:
        """Without the desk: what was fetched before."""
        log = kept_log(self._home)
        if not self.tips and log is not None and self._home.has(_INDEX):
            self._open(parse_index(self._home.read(_INDEX)), log)

    def set_status(self, tip: OpenTip, status: str) -> None:
        """Say where a tip stands."""
        self._add(tip, "work", Status(status))

    def add_note(self, tip: OpenTip, text: str) -> None:
        """Write something for the other reviewers."""
        self._add(tip, "work", Note(text))

    def reply(self, tip: OpenTip, text: str) -> None:
        """Answer the source."""
        self._add(tip, "reply", Reply(text), tip.source)

    def file(self, tip: OpenTip, about: About) -> Iterator[bytes]:
        """The bytes of an attachment as the source sent it, in pieces.

        Raises `DamagedFileError` before the last piece if they are not the ones described.
        """
        name = f"sealed/{about.content}"
        if not self._home.has(name):
            with self._home.writing(name) as target:
                self._client.download(about.content, target)
        return self._pieces(name, tip, about)

    def _pieces(self, name: str, tip: OpenTip, about: About) -> Iterator[bytes]:
        digest, left, held = hashlib.sha256(), about.size, b""
        with self._home.open_file(name) as sealed:
            opened = Decryptor(sealed, tip.identities)
            while chunk := opened.next_chunk():
                piece = chunk[:left]
                left -= len(piece)
                digest.update(piece)
                if held:
                    yield held
                held = piece or held
        # Only now is the digest known: the piece that is held back decides whether the file is whole.
        if left or digest.hexdigest() != about.sha256:
            raise DamagedFileError
        yield held

    def _add(self, tip: OpenTip, kind: str, payload: Payload, also: str = "") -> None:
        recipients = [parse_recipient(text) for text in (tip.recipient, also) if text]
        self._client.add(tip.id, kind, seal(payload.padded(), recipients))
        self.sync()

    def _fetch(self, index: Index) -> None:
        """Fetch the summaries and small items that are not kept yet, at most 500 a request."""
        summaries = [row.id for row in index.tips if not self._home.has(_summary_name(row.id, row.summary))]
        items = [row.id for row in index.items if not row.blob and not self._home.has(f"sealed/{row.id}")]
        digests = {row.id: row.summary for row in index.tips}
        wanted = [(name, True) for name in summaries] + [(name, False) for name in items]
        for start in self._progress(range(0, len(wanted), MOST_OBJECTS), "Fetching reports"):
            part = wanted[start : start + MOST_OBJECTS]
            request = ReadRequest(_names(part, summary=True), _names(part, summary=False))
            got_summaries, got_items = decode_sealed(self._client.read(request))
            for name in got_summaries.keys() & set(request.summaries):
                self._home.save(_summary_name(name, digests[name]), got_summaries[name])
            for name in got_items.keys() & set(request.items):
                self._home.save(f"sealed/{name}", got_items[name])

    def _open(self, index: Index, log: VerifiedLog) -> None:
        authors = Authors(log)
        tips = {}
        for row in index.tips:
            items = [item for item in index.items if item.tip == row.id]
            names = {item.id: f"sealed/{item.id}" for item in items if not item.blob}
            names[row.id] = _summary_name(row.id, row.summary)
            sealed = {key: self._home.read(name) for key, name in names.items() if self._home.has(name)}
            tips[row.id] = open_tip(row, items, sealed, self._identity, log, authors)
        self.tips = tips


def no_progress(steps: Iterable[int], _says: str) -> Iterable[int]:
    """Show nothing."""
    return steps


def _summary_name(tip: str, digest: str) -> str:
    return f"sealed/summary-{tip}-{digest[:16]}"


def _names(wanted: Sequence[tuple[str, bool]], *, summary: bool) -> tuple[str, ...]:
    return tuple(name for name, is_summary in wanted if is_summary is summary)
