"""An unlocked program: keys in memory, what is new fetched and opened, answers sealed and sent."""

import hashlib
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Event, Lock

from crypto.age import AgeError, Decryptor, parse_recipient, seal
from intake.hygiene import describe
from intake.protocol import limits
from intake.protocol.actions import MOST_OBJECTS, Action, Named, ReadRequest
from intake.protocol.audit import AuditError, VerifiedLog
from intake.protocol.index import ItemRow, OtherVersionError, TipRow
from intake.protocol.wire import WireError, decode_sealed
from intake.report.payloads import Opened
from intake.triage.book import Book, Snapshot, SnapshotError
from intake.triage.days import Index, KeptDays, fetch_days, parse_kept_days
from intake.triage.desk_client import DeskClient, DeskError
from intake.triage.downloads import Downloads, Wanted
from intake.triage.gone import notices
from intake.triage.home import DamagedError, Home
from intake.triage.journal import Asked, logged_requests
from intake.triage.keyfile import KeyFileError, MemberKeys
from intake.triage.membership import acknowledge, changes
from intake.triage.memory import Memory, MemoryFileError, first_known, parse_memory
from intake.triage.mirror import Progress, evidence_files, fetch_log, kept_log
from intake.triage.opening import Attachment, Authors, Given, OpenTip, Reader, open_tip
from intake.triage.outbox import Outbox, OutboxError, Unsent
from intake.triage.patience import in_thread, is_done
from intake.triage.sealed import Sealed, is_summary

_INDEX = "index.json"
_MEMORY = "memory.json"
_PATIENCE = 60.0
"""Seconds that somebody waits for what is new, or for what they send. A hostile desk may take hours."""
_MOMENT = 3.0
"""Seconds that a look at a report waits for the word to its source that somebody looks."""


class DamagedFileError(Exception):
    """An attachment is not what its description says, in words for the reviewer."""


class SealError(Exception):
    """Something can't be sealed to those who should read it, in words for the reviewer."""


class Work:
    """What an unlocked program holds. Its `repr` shows nothing; dropping it drops keys and plaintext."""

    def __init__(self, home: Home, keys: MemberKeys, progress: Progress) -> None:
        if keys.identity is None:
            raise KeyFileError("this is an auditor's key: it opens no reports")
        self._home = home
        home.sweep()
        self._identity = keys.identity
        self._key_id = keys.card.key_id
        self._progress = progress
        self._client = DeskClient(home, keys.signing)
        self._downloads = Downloads(home, self._client)
        self._sealed = Sealed(home)
        self._outbox = Outbox(home)
        self._outbox.belongs_to(keys.identity.recipient)
        self.unsent = {unsent.item: unsent for unsent in self._outbox.open(keys.identity)}
        self._sent: set[str] = set()
        self._sending = Lock()
        self._keeping = Lock()
        self._snapshot = Snapshot(home, keys.identity)
        self._kept_changes: tuple[Book, int] | None = None
        self._unkept = ""
        self.book = Book()
        self._restored = False
        self.log: VerifiedLog | None = None
        self.synced: datetime | None = None
        self.problem = ""
        self._notices: list[str] = []
        self._distrust = ""
        self.changes: list[str] = []
        self._syncing = Lock()
        self._fetching = Lock()
        self._showing = Lock()
        self._closed = False
        self.settled = Event()
        """Set while nothing is being fetched, once something was."""

    def close(self) -> None:
        """Forget everything."""
        with self._showing:
            self._closed = True
            self.book.close()
        self._client.close()

    @property
    def alarm(self) -> str:
        """Why the server is not to be trusted, for as long as that is so; empty if there is no reason."""
        distrust = f"{self._distrust}. Nothing new is shown" if self._distrust else ""
        reasons = [distrust, self._client.journal.accusation()]
        reasons += [
            f"it contradicted itself before; what it signed is kept in {file} (this is said as long as that is there)"
            for file in evidence_files(self._home)
            if file not in self._distrust
        ]
        return "; ".join(filter(None, reasons))

    @property
    def notices(self) -> list[str]:
        """What is said above every page, besides problems and alarms."""
        damage = (f"Damage on this machine: {says}." for says in self._home.repairs)
        return [*self._notices, *filter(None, [self._unkept]), *damage]

    def fetch(self) -> None:
        """Fetch what is new, as `sync` does, and wait for that no longer than a minute: it goes on by itself."""

        def run() -> None:
            try:
                self.sync()
            finally:
                self._fetching.release()

        if self._fetching.acquire(timeout=_PATIENCE):
            is_done(in_thread(run), _PATIENCE)

    def sync(self) -> None:
        """Fetch what is new. What goes wrong is kept in `problem`, or in `alarm` where the server can't be trusted.

        May run while others read `book`: each tip is shown once it was opened, unless the work was closed meanwhile.
        """
        with self._syncing:
            self.settled.clear()
            try:
                self._try_sync()
                self.open_kept()
            finally:
                self.settled.set()

    def _try_sync(self) -> None:
        problem = ""
        try:
            # A second time where something kept was spoilt, and no third: the desk may send nonsense for ever.
            if self._sync(mend=True):
                self._sync(mend=False)
        except AuditError as error:
            self._distrust = str(error)
        except (DeskError, WireError) as error:
            problem = str(error)
        except OSError as error:
            problem = f"this machine can't keep what comes: {error.strerror}"
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may take this for a fetch that went well
            problem = f"this is a fault in the program; please report this line: {describe(error)}"
        else:
            # Only now: a desk that doesn't answer has taken nothing back.
            self._distrust = ""
        self.problem = problem

    def _sync(self, *, mend: bool) -> bool:
        """Fetch, verify, open and show; or, to `mend`, only return True if something kept has to be fetched again."""
        memory = self._memory()
        days = fetch_days(self._client, self._kept_days())
        index = days.index()
        self._fetch(index, memory)
        asked = self._client.journal.open()
        # The log comes last, so that it must already hold who added what was fetched, and that it was fetched.
        log = fetch_log(self._client, self._home, whole=False, progress=self._progress)
        if log.roster.member(self._key_id) is None:
            raise AuditError("it answers you, but the log that it shows does not hold that you were enrolled")
        self._client.journal.settle(asked, log)
        place = self._place(log, asked, memory)
        kept = {row.id for row in index.tips if self._sealed.has_summary(row.id, row)}
        memory = memory.after(index, kept, log.entries[place].at.date(), place)
        memory = self._open(index, log, memory)
        if mend and self._fetch_spoilt_again(log):
            return True
        self._home.keep(_INDEX, days.to_bytes())
        self._home.keep(_MEMORY, memory.to_json())
        self._show(index, memory, log)
        self.synced = datetime.now(UTC)
        return False

    def _place(self, log: VerifiedLog, asked: Sequence[Asked], memory: Memory) -> int:
        """Where in the log the newest index was read, or the one before if the log conceals it."""
        places = logged_requests(log, self._key_id)
        # Of the list itself: what is added before the last of its days is fetched is in none of them.
        indexes = [each.nonce for each in asked if each.does == Named(Action.INDEX)]
        # The log may be shorter than it was, if what was kept of it is lost.
        before = min(memory.place, len(log.entries) - 1)
        return max((places[nonce] for nonce in indexes if nonce in places), default=before)

    def _fetch_spoilt_again(self, log: VerifiedLog) -> bool:
        """Let kept items that this machine seems to have spoilt be fetched again; whether there are any."""
        authors = Authors(log)
        again = [
            self._sealed.fetch_again(tip, item)
            for tip, item in self.book.spoilt()
            # What the log proves to be as it was sent would only come again.
            if authors.of(item, self._sealed.item(tip, item) or b"") is None
        ]
        return any(again)

    def open_kept(self) -> None:
        """Open what was fetched before, without asking the desk. Does nothing if that has been done."""
        if self.log is not None or not self._home.has(_INDEX):
            return
        try:
            log, days = kept_log(self._home), self._home.recall(_INDEX)
            if log is not None and days is not None:
                memory, index = self._memory(), parse_kept_days(days).index()
                self._open(index, log, memory)
                self._show(index, memory, log)
        except AuditError as error:
            self._distrust = str(error)
        except OtherVersionError:
            kept = "what another version of this program fetched opens once the desk has answered"
            self.problem = f"{self.problem}; {kept}" if self.problem else kept
        except OSError as error:
            self._home.repaired(f"what was fetched before can't be read: {error.strerror}")
        except (DamagedError, WireError) as error:
            self._home.repaired(f"{error}; what was fetched before can be shown once the desk has sent it again")

    def _kept_days(self) -> KeptDays | None:
        """What is kept of the index; nothing if it is damaged, or of another version of this program."""
        try:
            data = self._home.recall(_INDEX)
            return None if data is None else parse_kept_days(data)
        except (DamagedError, WireError):
            return None

    def _memory(self) -> Memory:
        try:
            data = self._home.recall(_MEMORY)
            if data is not None:
                return parse_memory(data, self._sealed.take_over)
            lost = self._home.remembered is not None
        except (DamagedError, MemoryFileError):
            lost = True
        if lost:
            self._home.repaired(
                "what was remembered of earlier fetches (memory.json) was damaged or lost. Which summary of a report "
                "came first is known from those that are kept; what can't be noticed any more is whatever the server "
                "removed or dated back before now"
            )
        # Only the first summary of a tip is ever kept.
        return Memory({tip: first_known(summary) for tip, summary in self._sealed.summaries()})

    def acknowledge_members(self) -> None:
        """Somebody has looked at what changed among the members."""
        if self.log is not None:
            acknowledge(self.log, self._home)
            self.changes = []

    def send(self, unsent: Unsent) -> None:
        """Seal what somebody wrote for a tip, and send it: once, however often this is asked for.

        It is kept in the outbox before anything else, and stays there if this raises `DeskError` or `SealError`; not if
        that can't be done, `OutboxError`.
        """
        if unsent.item not in self._sent:
            self.keep(unsent)
        answered = is_done(in_thread(self._send, unsent), _PATIENCE)
        if unsent.item not in self._sent:
            if answered:
                raise DeskError("the desk says that it has this already; it stays here until the log shows that")
            raise DeskError("the desk has not answered for a minute; this program goes on trying")

    def keep(self, unsent: Unsent) -> None:
        """Keep what can't be sent now; `OutboxError` if this machine can't."""
        with self._keeping:
            # What was sealed once is sent as it is.
            if unsent.sealed or unsent.item not in self.unsent:
                self._outbox.keep(unsent, self._identity.recipient)
                self.unsent[unsent.item] = unsent

    def discard(self, item: str) -> None:
        """Forget what was to be sent."""
        self._outbox.drop(item)
        self.unsent.pop(item, None)

    def tell_opened(self, tip: OpenTip) -> None:
        """Let the source know that somebody looks at the tip: once, and only while the desk is within reach."""
        if tip.source and self.synced and self.settled.is_set() and not self.problem and not tip.written_as(Opened):
            is_done(in_thread(self._tell_opened, tip), _MOMENT)

    def _tell_opened(self, tip: OpenTip) -> None:
        kept = (unsent for unsent in list(self.unsent.values()) if (unsent.tip, unsent.kind) == (tip.id, "opened"))
        try:
            self.send(next(kept, None) or Unsent.opened(tip.id))
        except SealError:
            pass
        except (DeskError, OutboxError) as error:
            # The next look at a report must not wait for the desk again.
            self.problem = str(error)

    def keep_book(self, abandon: Event) -> None:
        """Keep what was opened, sealed, if it has changed since that was done; not if `abandon` is set meanwhile."""
        book = self.book
        state = book, book.changes
        if self._restored and state != self._kept_changes:
            try:
                self._snapshot.save(book, abandon)
            except SnapshotError as error:
                self._unkept = f"What was opened is not kept for the next time, which takes longer: {error}."
            else:
                self._kept_changes, self._unkept = state, ""

    def arrived(self, tip: OpenTip, file: Attachment) -> int:
        """How many hundredths of an attachment are on this machine, sealed; 100 only when all of it is."""
        return self._downloads.arrived(_wanted(tip, file)) * 100 // file.sealed if file.sealed else 0

    def file(self, tip: OpenTip, file: Attachment) -> Generator[bytes, None, None]:
        """The bytes of an attachment as the source sent it, in pieces, while its sealed bytes arrive.

        Each piece is verified before it is given out. Raises `DamagedFileError` before the last piece if they are not
        the ones described, and `DeskError` if the desk sends no more: what has arrived is kept.
        """
        try:
            yield from self._verified(tip, file)
        except (AgeError, DamagedFileError) as error:
            # Whether the server or the way here spoilt it: the next attempt fetches it anew.
            self._downloads.distrust(_wanted(tip, file))
            raise DamagedFileError("this file is not the one that its description says; try once more") from error

    def _verified(self, tip: OpenTip, file: Attachment) -> Iterator[bytes]:
        about = file.about
        digest, left, held = hashlib.sha256(), about.size, b""
        wanted = _wanted(tip, file)
        with self._downloads.open(wanted) as sealed:
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
                raise DamagedFileError("another size or digest")
            self._downloads.verified(wanted)
        yield held

    def _send(self, typed: Unsent) -> None:
        with self._sending:
            # It may have been discarded, or have arrived, while this waited for its turn.
            unsent = self.unsent.get(typed.item)
            if unsent is not None and typed.item not in self._sent:
                if not unsent.sealed:
                    unsent = replace(unsent, sealed=self._seal(unsent))
                    self.keep(unsent)
                if self._client.add(unsent.tip, unsent.item, "reply" if unsent.to_source else "work", unsent.sealed):
                    self._sent.add(unsent.item)
            if typed.item in self._sent:
                self._settle(typed)
        self.fetch()

    def _seal(self, unsent: Unsent) -> bytes:
        """Sealed to the tip's own identity, never to a key that only the server vouches for."""
        tip = self.book.tip(unsent.tip)
        if tip is None or not tip.identities:
            raise SealError("this report could not be opened, so nothing can be sealed to its readers")
        try:
            others = [parse_recipient(tip.source)] if unsent.to_source else []
            document = unsent.payload(self._next_reply(tip)).padded()
            return seal(document, [tip.identities[0].recipient, *others])
        except AgeError:
            raise SealError("the source's key in this report is not one that an answer can be sealed to") from None

    def _next_reply(self, tip: OpenTip) -> int:
        """The number of a new reply: after those in the log, and those that are sealed and still to be sent."""
        waiting = [each for each in self.unsent.values() if each.tip == tip.id and each.to_source and each.sealed]
        return tip.replies + len(waiting) + 1

    def _arrived_at_desk(self, added: Set[str]) -> None:
        """What the log holds as added needs no sending, even if the answer was lost, or the source has deleted it.

        The log alone says so: what the desk merely claims to have is kept.
        """
        self._sent |= added
        for item in self.unsent.keys() & added:
            self.discard(item)

    def _settle(self, sent: Unsent) -> None:
        """Forget what was sent, and what the same form held before its text was changed."""
        for item, unsent in list(self.unsent.items()):
            if item in self._sent or (unsent.form, unsent.kind) == (sent.form, sent.kind):
                self.discard(item)

    def _fetch(self, index: Index, memory: Memory) -> None:
        """Fetch the summaries and small items that are not kept yet, no more in a request than the desk answers."""
        summaries = [
            row.id
            for row in index.tips
            if (known := memory.known(row)).is_summary_of(row) and not self._sealed.has_summary(row.id, known)
        ]
        items = [row for row in index.items if not row.blob and self._sealed.lacks_item(row.tip, row.id)]
        rows = {row.id: row for row in index.tips}
        sizes = {row.id: row.size for row in index.items}
        tip_of = {row.id: row.tip for row in index.items}
        requests = list(_requests(summaries, items))
        for number in self._progress(range(len(requests)), "Fetching reports"):
            request = requests[number]
            sealed = sum(sizes[name] for name in request.items)
            got_summaries, got_items = decode_sealed(self._client.read(request, sealed))
            for name in got_summaries.keys() & set(request.summaries):
                if not is_summary(got_summaries[name], rows[name]):
                    raise WireError("the desk sent another summary than its index says")
                self._sealed.save_summary(name, got_summaries[name])
            for name in got_items.keys() & set(request.items):
                self._sealed.save_item(tip_of[name], name, got_items[name])

    def _open(self, index: Index, log: VerifiedLog, memory: Memory) -> Memory:
        """Bring the book to what the index shows: what has to be opened from something else than before, is.

        Returns what is remembered once that was seen.
        """
        member = log.roster.member(self._key_id)
        since = date.max if member is None else member.since.date()
        reader = Reader(since, log, Authors(log), memory.place)
        items: dict[str, list[ItemRow]] = defaultdict(list)
        for item in index.items:
            items[item.tip].append(item)
        book = self.book if self._restored else self._load()
        before = book.given()
        other = [
            row for row in index.tips if before.get(row.id) != self._given(row, items[row.id], memory, reader)[0].digest
        ]
        outdated = () if self._restored else (row.id for row in other)
        for tip in (*(before.keys() - {row.id for row in index.tips}), *outdated):
            book.remove(tip)
        # Only now: nothing that was kept is shown of which it isn't certain that it would be opened the same.
        self._restore(book)
        seen = {}
        for number in self._progress(range(len(other)), "Opening reports"):
            row = other[number]
            given, sealed = self._given(row, items[row.id], memory, reader)
            opened = open_tip(given, sealed, self._identity)
            if row.id in memory.tips:
                seen[row.id] = given.known.seen(opened)
                # Where there is no doubt, what is remembered from now on would open the same.
                if not opened.warnings:
                    given = replace(given, known=seen[row.id])
            book.put(opened, given.digest)
        return memory.opened(seen)

    def _given(
        self, row: TipRow, items: Sequence[ItemRow], memory: Memory, reader: Reader
    ) -> tuple[Given, dict[str, bytes]]:
        """What a tip is to be opened from, and its sealed bytes."""
        known = memory.known(row)
        held = {item.id: self._sealed.item(row.id, item.id) for item in (*items, *known.items) if not item.blob}
        sealed = {name: data for name, data in held.items() if data is not None}
        # What this machine spoilt is damaged, and must not look as if it were sealed to somebody else.
        sealed[row.id] = self._sealed.summary(row.id, known)
        kept = {key: hashlib.sha256(data).hexdigest() for key, data in sealed.items()}
        return reader.given(row, items, known, kept), sealed

    def _load(self) -> Book:
        """The book that was kept, or the empty one."""
        book = self._snapshot.load()
        if book is None:
            return self.book
        self._kept_changes = book, book.changes
        return book

    def _restore(self, book: Book) -> None:
        with self._showing:
            self.book, self._restored = book, True
            if self._closed:
                book.close()

    def _show(self, index: Index, memory: Memory, log: VerifiedLog) -> None:
        authors = Authors(log)
        added = authors.before(memory.place)
        with self._showing:
            if not self._closed:
                self.log = log
                gone = ({each.tip for each in added} | memory.tips.keys()) - {row.id for row in index.tips}
                self._arrived_at_desk(authors.by(self._key_id))
                self._notices = notices(gone, memory, index)
                self.changes = changes(log, self._home)


def _wanted(tip: OpenTip, file: Attachment) -> Wanted:
    return Wanted(tip.id, file.about, file.sealed)


def no_progress(steps: Iterable[int], _says: str) -> Iterable[int]:
    """Show nothing."""
    return steps


def _requests(summaries: Sequence[str], items: Sequence[ItemRow]) -> Iterator[ReadRequest]:
    """Bulk reads for all of these, each of no more bytes and objects than the desk answers at once."""
    sizes = [limits.SUMMARY] * len(summaries) + [row.size for row in items]
    for start, end in _packed(sizes):
        before = len(summaries)
        yield ReadRequest(
            tuple(summaries[start:end]),
            tuple(row.id for row in items[max(0, start - before) : max(0, end - before)]),
        )


def _packed(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Runs of things of these sizes, as long as a bulk read may be; what is too large for one has one for itself."""
    start, room = 0, limits.SEALED
    for at, size in enumerate(sizes):
        if at > start and (size > room or at - start == MOST_OBJECTS):
            yield start, at
            start, room = at, limits.SEALED
        room -= size
    if sizes:
        yield start, len(sizes)
