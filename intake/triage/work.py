"""An unlocked program: keys in memory, what is new fetched and opened, answers sealed and sent."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from threading import Lock

from crypto.age import AgeError, Decryptor, parse_recipient, seal
from intake.protocol.actions import MOST_BYTES, MOST_OBJECTS, ROOM_OF_SUMMARY, Action, ReadRequest
from intake.protocol.audit import AuditError, VerifiedLog
from intake.protocol.requests import parse_base
from intake.protocol.wire import Index, ItemRow, TipRow, WireError, decode_sealed, parse_index
from intake.report.payloads import About, Note, Opened, Payload, Reply, Status
from intake.triage.desk_client import DeskClient, DeskError
from intake.triage.home import Home
from intake.triage.keyfile import KeyFileError, MemberKeys
from intake.triage.membership import acknowledge, changes
from intake.triage.memory import Memory, MemoryFileError, parse_memory
from intake.triage.mirror import Progress, fetch_log, kept_log
from intake.triage.opening import Added, Authors, OpenTip, Reader, open_tip

_INDEX = "index.json"
_MEMORY = "memory.json"


class DamagedFileError(Exception):
    """An attachment is not what its description says."""


class SealError(Exception):
    """Something can't be sealed to those who should read it, in words for the reviewer."""


class Work:
    """What an unlocked program holds. Its `repr` shows nothing; dropping it drops keys and plaintext."""

    def __init__(self, home: Home, keys: MemberKeys, progress: Progress) -> None:
        if keys.identity is None:
            raise KeyFileError("this is an auditor's key: it opens no reports")
        self._home = home
        self._identity = keys.identity
        self._key_id = keys.card.key_id
        self._progress = progress
        self._client = DeskClient(home.connection, keys.signing)
        self.tips: dict[str, OpenTip] = {}
        self.log: VerifiedLog | None = None
        self.synced: datetime | None = None
        self.problem = ""
        self.alarm = ""
        self.notices: list[str] = []
        self.changes: list[str] = []
        self._syncing = Lock()

    def close(self) -> None:
        """Forget everything."""
        self.tips = {}
        self._client.close()

    def sync(self) -> None:
        """Fetch what is new. What goes wrong is kept in `problem`, or in `alarm` where the log can't be trusted."""
        with self._syncing:
            self.problem = self.alarm = ""
            try:
                self._sync()
            except AuditError as error:
                self.alarm = str(error)
            except (DeskError, WireError, MemoryFileError) as error:
                self.problem = str(error)
                self._open_kept()

    def _sync(self) -> None:
        memory = self._memory()
        body = self._client.index()
        index = parse_index(body)
        self._fetch(index, memory)
        answered = frozenset(self._client.unconfirmed)
        # The log comes last, so that it must already hold who added what was fetched, and that it was fetched.
        log = fetch_log(self._client, self._home, whole=False, progress=self._progress)
        place = self._require_logged(log, answered)
        kept = {row.id for row in index.tips if self._has_summary(row)}
        memory = memory.after(index, kept, log.entries[place].at.date(), place)
        self._open(index, log, memory)
        self._home.save(_INDEX, body)
        self._home.save(_MEMORY, memory.to_json())
        self.synced = datetime.now(UTC)

    def _require_logged(self, log: VerifiedLog, answered: frozenset[str]) -> int:
        """Where in the log the newest index was read; `AuditError` if an answered request is not in it."""
        places = {
            parse_base(entry.request.base, entry.request.signature).nonce: place
            for place, entry in enumerate(log.entries)
            if entry.who == self._key_id and entry.request is not None
        }
        missing = len(answered - places.keys())
        if missing:
            raise AuditError(f"the server answered requests of yours that its log does not hold: {missing}")
        self._client.unconfirmed -= answered
        return max(places[nonce] for nonce in answered if log.entries[places[nonce]].action is Action.INDEX)

    def _open_kept(self) -> None:
        """Without the desk: what was fetched before."""
        if self.tips or not self._home.has(_INDEX):
            return
        try:
            log = kept_log(self._home)
            if log is not None:
                self._open(parse_index(self._home.read(_INDEX)), log, self._memory())
        except AuditError as error:
            self.alarm = str(error)
        except (WireError, MemoryFileError) as error:
            self.problem = f"{self.problem}; and of what was fetched before, {error}"

    def _memory(self) -> Memory:
        return parse_memory(self._home.read(_MEMORY)) if self._home.has(_MEMORY) else Memory()

    def acknowledge_members(self) -> None:
        """Somebody has looked at what changed among the members."""
        if self.log is not None:
            acknowledge(self.log, self._home)
            self.changes = []

    def set_status(self, tip: OpenTip, status: str) -> None:
        """Say where a tip stands."""
        self._add(tip, "work", Status(status))

    def add_note(self, tip: OpenTip, text: str) -> None:
        """Write something for the other reviewers."""
        self._add(tip, "work", Note(text))

    def reply(self, tip: OpenTip, text: str) -> None:
        """Answer the source."""
        self._add(tip, "reply", Reply(text), tip.source)

    def tell_opened(self, tip: OpenTip) -> None:
        """Let the source know that somebody looks at the tip: once, and only while the desk is within reach."""
        if tip.source and not self.problem and not tip.written_as(Opened):
            self._add(tip, "reply", Opened(), tip.source)

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
        try:
            yield from self._verified(name, tip, about)
        except (AgeError, DamagedFileError) as error:
            # Whether the server or the way here spoilt it: the next attempt fetches it anew.
            self._home.remove(name)
            raise DamagedFileError from error

    def _verified(self, name: str, tip: OpenTip, about: About) -> Iterator[bytes]:
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

    def _add(self, tip: OpenTip, kind: str, payload: Payload, also: str | None = None) -> None:
        """Seal to the tip's own identity, never to a key that only the server vouches for, and send."""
        if not tip.identities:
            raise SealError("this report could not be opened, so nothing can be sealed to its readers")
        try:
            others = [] if also is None else [parse_recipient(also)]
            sealed = seal(payload.padded(), [tip.identities[0].recipient, *others])
        except AgeError:
            raise SealError("the source's key in this report is not one that an answer can be sealed to") from None
        self._client.add(tip.id, kind, sealed)
        self.sync()

    def _fetch(self, index: Index, memory: Memory) -> None:
        """Fetch the summaries and small items that are not kept yet, no more in a request than the desk answers."""
        summaries = [
            row.id for row in index.tips if memory.known(row).summary == row.summary and not self._has_summary(row)
        ]
        items = [row for row in index.items if not row.blob and not self._home.has(f"sealed/{row.id}")]
        digests = {row.id: row.summary for row in index.tips}
        requests = list(_requests(summaries, items))
        for number in self._progress(range(len(requests)), "Fetching reports"):
            request = requests[number]
            got_summaries, got_items = decode_sealed(self._client.read(request))
            for name in got_summaries.keys() & set(request.summaries):
                if hashlib.sha256(got_summaries[name]).hexdigest() != digests[name]:
                    raise WireError("the desk sent another summary than its index says")
                self._home.save(_summary_name(name, digests[name]), got_summaries[name])
            for name in got_items.keys() & set(request.items):
                self._home.save(f"sealed/{name}", got_items[name])

    def _has_summary(self, row: TipRow) -> bool:
        return self._home.has(_summary_name(row.id, row.summary))

    def _open(self, index: Index, log: VerifiedLog, memory: Memory) -> None:
        member = log.roster.member(self._key_id)
        since = date.max if member is None else member.since.date()
        reader = Reader(self._identity, since, log, Authors(log))
        items: dict[str, list[ItemRow]] = defaultdict(list)
        for item in index.items:
            items[item.tip].append(item)
        tips = {}
        for row in index.tips:
            known = memory.known(row)
            names = {item.id: f"sealed/{item.id}" for item in items[row.id] if not item.blob}
            names[row.id] = _summary_name(row.id, known.summary)
            sealed = {key: self._home.read(name) for key, name in names.items() if self._home.has(name)}
            tips[row.id] = open_tip(row, items[row.id], sealed, known, reader)
        present = {item.id for item in index.items}
        added = reader.authors.before(memory.place)
        for each in added:
            if each.tip in tips and each.item not in present:
                tips[each.tip].warnings.append(_missing(each))
        self.tips = tips
        self.notices = _gone(({each.tip for each in added} | memory.tips.keys()) - tips.keys())
        self.changes = changes(log, self._home)
        self.log = log


def no_progress(steps: Iterable[int], _says: str) -> Iterable[int]:
    """Show nothing."""
    return steps


def _summary_name(tip: str, digest: str) -> str:
    return f"sealed/summary-{tip}-{digest[:16]}"


def _missing(added: Added) -> str:
    by = f"by {added.author.name} of {added.author.at:%Y-%m-%d}"
    if added.to_source:
        return f"A message to the source {by} is no longer on the server: deleted by the source, or removed."
    return f"A note or status {by} is no longer on the server."


def _gone(tips: set[str]) -> list[str]:
    ids = ", ".join(sorted(tips))
    says = f"Reports that are no longer on the server, withdrawn by the source or removed: {len(tips)} ({ids})."
    return [says] if tips else []


def _requests(summaries: Sequence[str], items: Sequence[ItemRow]) -> Iterator[ReadRequest]:
    """Bulk reads for all of these, each of no more bytes and objects than the desk answers at once."""
    sizes = [ROOM_OF_SUMMARY] * len(summaries) + [row.size for row in items]
    for start, end in _packed(sizes):
        before = len(summaries)
        yield ReadRequest(
            tuple(summaries[start:end]),
            tuple(row.id for row in items[max(0, start - before) : max(0, end - before)]),
        )


def _packed(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Runs of things of these sizes, as long as a bulk read may be; what is too large for one has one for itself."""
    start, room = 0, MOST_BYTES
    for at, size in enumerate(sizes):
        if at > start and (size > room or at - start == MOST_OBJECTS):
            yield start, at
            start, room = at, MOST_BYTES
        room -= size
    if sizes:
        yield start, len(sizes)
