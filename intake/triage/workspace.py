"""An unlocked program: keys in memory, what is new fetched and opened."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import islice
from threading import Event, Lock

from crypto.age import HybridRecipient
from intake.hygiene import fault
from intake.protocol.audit import AuditError
from intake.protocol.logstate import LogState
from intake.protocol.wire import WireError
from intake.report.events import SavedFilter, WatchTerm
from intake.report.payloads import Payload
from intake.triage.book import Book, Snapshot, SnapshotError
from intake.triage.book.extracts import FilePage
from intake.triage.desk.client import DeskClient, DeskError
from intake.triage.fetching.log import KeptLog, evidence_files, recall_log
from intake.triage.fetching.opens import Opens
from intake.triage.fetching.sync import Sync, Synced
from intake.triage.files.downloads import Downloads
from intake.triage.files.originals import Originals
from intake.triage.files.view.viewer import Viewer
from intake.triage.home import Home
from intake.triage.keys.keyfile import KeyFileError, MemberKeys
from intake.triage.mirror.added import Authors
from intake.triage.mirror.known import Known
from intake.triage.mirror.statements import MirrorDamagedError
from intake.triage.mirror.tips import Tips
from intake.triage.outbox.making import Told
from intake.triage.outbox.sending import Sending, TheLog, Whereabouts
from intake.triage.outbox.unsent import Outbox, TeamDossier, Unsent, new_form
from intake.triage.patience import in_thread, is_done
from intake.triage.progress import Progress, Watched
from intake.triage.reading.dossiers import counting, to_write_into
from intake.triage.reading.given import Given, Reader
from intake.triage.reading.gone import notices
from intake.triage.reading.looked import Looked
from intake.triage.reading.membership import acknowledge, changes, to_compare
from intake.triage.reading.opening import open_tip
from intake.triage.reading.opentip import Attachment, OpenTip
from intake.triage.reading.standing import NOTHING, Change, Standing, held

_PATIENCE = 60.0
"""Seconds that somebody waits for what is new. A hostile desk may take hours."""


MOST_WATCHED = 500
"""Terms that are watched for: each report that comes is read for all of them."""

_AT_ONCE = 50
"""Reports that are opened in one transaction of the mirror, which others wait for."""


class Workspace:
    """What an unlocked program holds. Its `repr` shows nothing; dropping it drops keys and plaintext."""

    def __init__(self, home: Home, keys: MemberKeys, progress: Progress) -> None:
        if keys.identity is None:
            raise KeyFileError("this is an auditor's key: it opens no reports")
        self._home = home
        home.sweep()
        self._identity = keys.identity
        self._key_id = keys.card.key_id
        self.progress = Watched(progress)
        self._client = DeskClient(home, keys.signing)
        self.files = Originals(Downloads(home, self._client))
        self.viewer = Viewer(self.files)
        self._kept = Tips(home.mirror)
        self._looked = Looked(home.mirror)
        self._opens = Opens(KeptLog(home), keys.card.key_id)
        self._sync = Sync(self._client, home, self.progress)
        self._again: set[tuple[str, str]] = set()
        self._touched: set[str] = set()
        """The tips that may show something else than they do: they stay here until all is shown, whatever fails."""
        self.log: LogState | None = None
        self._told: LogState | None = None
        """The log up to which all was shown."""
        proven = TheLog(self._is_logged, self._is_taken_back, self._is_shown, self._readers)
        self.sending = Sending(self._client, Outbox(home.mirror), keys.identity, proven, self.fetch_soon)
        self._snapshot = Snapshot(home, keys.identity)
        self._kept_changes: tuple[Book, int] | None = None
        self._unkept = ""
        self.book = Book()
        self._restored = False
        self.synced: datetime | None = None
        self.problem = ""
        self._notices: list[str] = []
        self._distrust = ""
        self.changes: list[str] = []
        self.to_compare = 0
        self._syncing = Lock()
        self._asking = Lock()
        self._next: Future[None] | None = None
        self._making = Lock()
        self._showing = Lock()
        self._closed = False
        self._stopped = Event()
        self.settled = Event()
        """Set while nothing is being fetched or about to be."""
        self.settled.set()

    def stop(self) -> None:
        """Send and open nothing more than what is under way, and show no file any more."""
        self._stopped.set()
        self.sending.stop()
        self.viewer.stop()

    def close(self) -> None:
        """Forget everything."""
        self.stop()
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
        noted = f"{self.sending.problem}." if self.sending.problem else ""
        damage = (f"Damage on this machine: {says}." for says in self._home.repairs)
        return [*self._notices, *filter(None, [self._unkept, noted]), *damage]

    def fetch(self) -> None:
        """Fetch what is new, as `sync` does, and wait for that no longer than a minute: it goes on by itself."""
        is_done(self.fetch_soon(), _PATIENCE)

    def fetch_soon(self) -> "Future[None]":
        """Fetch what there is by now: at once, or after the fetch that is under way. Waits for nothing."""
        with self._asking:
            self.settled.clear()
            if self._next is None:
                self._next = in_thread(self.sync)
            return self._next

    def sync(self) -> None:
        """Fetch what is new. What goes wrong is kept in `problem`, or in `alarm` where the server can't be trusted.

        May run while others read `book`: each tip is shown once it was opened, unless all was closed meanwhile.
        """
        with self._syncing:
            with self._asking:
                # What comes from now on, this fetch may not see any more.
                self._next = None
                self.settled.clear()
            try:
                self._try_sync()
                self.open_kept()
            finally:
                with self._asking:
                    if self._next is None:
                        self.settled.set()

    def _try_sync(self) -> None:
        problem = ""
        try:
            # A second time where something kept turned out to be spoilt, and no third: the desk may send nonsense.
            if self._take(self._sync.run()):
                self._take(self._sync.run())
            self.synced = datetime.now(UTC)
        except AuditError as error:
            self._distrust = str(error)
        except (DeskError, WireError, MirrorDamagedError) as error:
            problem = str(error)
        except OSError as error:
            problem = f"this machine can't keep what comes: {error.strerror}"
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may take this for a fetch that went well
            problem = fault(error)
        else:
            # Only now: a desk that doesn't answer has taken nothing back.
            self._distrust = ""
        self.problem = problem

    def _take(self, synced: Synced) -> bool:
        """Open what was touched, and show it. Returns whether something that is kept has to be fetched again."""
        lacking = set(self._kept.lacking())
        self._touched |= synced.touched
        self._open(synced.log)
        self._fetch_spoilt_again(synced.log)
        self._show(synced.log)
        return bool(set(self._kept.lacking()) - lacking)

    def _fetch_spoilt_again(self, log: LogState) -> None:
        """Let kept items that can't be opened be fetched again, each once as long as the program runs."""
        authors = Authors(self._home.mirror, log.roster)
        for tip, item in set(self.book.spoilt()) - self._again:
            self._again.add((tip, item))
            # What the log proves to be as it was sent would only come again.
            if authors.of(item, self._kept.item_bytes(tip, item)) is None:
                self._kept.fetch_again(tip, item)

    def open_kept(self) -> None:
        """Open what was fetched before, without asking the desk. Does nothing if that has been done."""
        if self.log is not None:
            return
        try:
            log = recall_log(self._home)
            if self._kept.awaits_index:
                self._add_problem("what another version of this program fetched opens once the desk has answered")
            elif log is not None:
                self._open(log)
                self._show(log)
        except AuditError as error:
            self._distrust = str(error)
        except OSError as error:
            self._home.repaired(f"what was fetched before can't be read: {error.strerror}")
        except MirrorDamagedError as error:
            self._home.repaired(f"{error}; what was fetched before can be shown once the desk has sent it again")
        except Exception as error:  # noqa: BLE001 - the desk is asked all the same, and this is said
            self._add_problem(f"what was fetched before can't be opened; {fault(error)}")

    def _add_problem(self, says: str) -> None:
        self.problem = "; ".join(filter(None, [self.problem, says]))

    @property
    def me(self) -> str:
        """The id of the key of whoever unlocked this."""
        return self._key_id

    def people(self) -> dict[str, str]:
        """Every reviewer there is now, by the id of their key: whoever unlocked this first."""
        if self.log is None:
            return {}
        roster = self.log.roster
        keys = sorted((member.card.key_id for member in roster.reviewers), key=lambda key: key != self.me)
        return {key: roster.label(key) for key in keys}

    def members(self) -> list[str]:
        """The names of all who are or were members."""
        return [] if self.log is None else [member.card.name for member in self.log.roster.members]

    def name(self, key: str) -> str:
        """What somebody is called who is or was a member, and whether they still are a reviewer."""
        if key in (people := self.people()):
            return people[key]
        known = self.log is not None and self.log.roster.member(key) is not None
        return f"{self.log.roster.label(key)} (no reviewer any more)" if self.log and known else "somebody unknown"

    def read_by(self, tip: str) -> list[tuple[str, datetime]]:
        """Who else was shown a tip within the last hour, and when, as far as the log says that by now."""
        return [(self.name(who), at) for who, at in self._opens.of(tip, datetime.now(UTC))]

    def acknowledge_members(self, size: int) -> None:
        """Somebody has looked at what changed among the members, on a page that knew so many entries of the log."""
        if self.log is not None:
            acknowledge(min(size, self.log.size), self._home.mirror)
            self._compare_members(self.log)

    def write(self, unsent: Unsent, draft: str = "") -> None:
        """Show what somebody wrote for a tip, and let it leave; as `Sending.write`."""
        tip = self.tip(unsent.tip)
        try:
            item = self.sending.write(unsent, tip, draft)
        finally:
            self._show_ahead()
        # Nobody has to be told of what they wrote themselves.
        if (before := self._looked.items(unsent.tip)) is not None:
            self._keep_look(unsent.tip, before | {item})

    def keep(self, unsent: Unsent, draft: str = "") -> str:
        """Keep what somebody typed as a draft, and return the id that it has; as `Sending.write`."""
        return self.sending.write(unsent, None, draft)

    def make(self, unsent: Unsent, told: Told, draft: str = "") -> None:
        """Make a report of what somebody told, and let it leave; as `Sending.make`. To its maker it is nothing new."""
        self.sending.make(unsent, told, draft)
        if (made := self.sending.made(unsent.tip)) is not None:
            self._keep_look(unsent.tip, made.items)

    def read(self, tip: OpenTip, file: Attachment, page: int, text: str) -> None:
        """A page of a file is shown: what was read there is searched from now on."""
        with self._showing:
            book = None if self._closed else self.book
        if book is not None:
            book.read(tip.id, FilePage(file.about.sha256, page), text)

    def look(self, tip: OpenTip) -> frozenset[str] | None:
        """A tip is shown: the log is told, and what is new from now on is marked. Returns what was looked at before.

        That is the ids of what it held then, or None if it is looked at for the first time.
        """
        return self._look(tip, tip.items | self.book.ahead(tip.id).items)

    def look_at_file(self, tip: OpenTip, item: str) -> None:
        """A file of a tip is shown; as `look`, but what else came since the last one stays new: a file takes long."""
        before, shown = self._looked.items(tip.id), {item, tip.files[item].about.content}
        self._look(tip, tip.items if before is None else before | (tip.items & shown))

    def _look(self, tip: OpenTip, items: frozenset[str]) -> frozenset[str] | None:
        self.sending.look(tip)
        before = self._looked.items(tip.id)
        if items != before:
            self._keep_look(tip.id, items)
        return before

    def tip(self, tip: str) -> OpenTip | None:
        """A tip that is here, or that was made here and is still under way."""
        return self.book.tip(tip) or self.sending.made(tip)

    def team(self) -> Standing:
        """What the team has set for all its reports: labels, filters, duty. What is on its way is in it."""
        ahead = self.sending.ahead
        own = [tip.id for tip in self.book.team()] + [unsent.tip for unsent in self.sending.making]
        return Standing([*self._set_for_all(), *(change for tip in own for change in ahead.get(tip, NOTHING).changes)])

    def _set_for_all(self) -> list[Change]:
        proven = [Change(signed.item, event, signed.author) for signed, event in self.book.team_events()]
        return list(counting(proven, self.name))

    def team_news(self) -> list[Change]:
        """What others set for all reports since somebody here last looked at that, the newest first."""
        seen: set[str] = set()
        for tip in self.book.team():
            seen |= self._looked.items(tip.id) or set()
        mine, own = self.name(self.me), ("", self.me)
        return [
            change
            for change in reversed(self._set_for_all())
            if change.item not in seen
            and not (change.author and change.author.name == mine)
            and not (isinstance(change.event, SavedFilter) and change.event.owner not in own)
        ]

    def look_at_team(self) -> None:
        """What is set for all reports is shown."""
        for tip in self.book.team():
            if tip.items != self._looked.items(tip.id):
                self._keep_look(tip.id, tip.items)

    def watch_terms(self) -> dict[str, str]:
        """What the team watches for, by the id of each term: as many as each report can be read for, the first ones."""
        terms = (each for each in self.team().outcomes(WatchTerm) if not each.retired)
        return {each.watch: each.term for each in islice(terms, MOST_WATCHED)}

    def write_for_team(self, form: str, payload: Payload, draft: str = "") -> None:
        """Write something into a dossier of the whole team's that all of it can read; one is made where there is none.

        As `write`, by the token of the form that it was typed into.
        """
        with self._making:
            tip = self._team_dossier()
        self.write(Unsent.typed(form, tip, payload), draft)

    def _team_doubts(self) -> list[str]:
        return [says for tip in self.book.team() for says in tip.warnings]

    def _team_dossier(self) -> str:
        """Which dossier everybody can read: one that is there, or under way, or that is made now."""
        under_way = (unsent.tip for unsent in self.sending.making if isinstance(unsent.payload, TeamDossier))
        there = None if self.log is None else to_write_into(self.book.team(), self.log)
        found = there or next(under_way, None)
        if found is None:
            dossier = Unsent.making(new_form(), TeamDossier())
            self.sending.make(dossier)
            found = dossier.tip
        return found

    def _keep_look(self, tip: str, items: frozenset[str]) -> None:
        try:
            self._looked.keep(tip, items)
        except (OSError, MirrorDamagedError):
            self._unkept = "That you looked at reports can't be kept on this machine: they stand there as new."
        with self._showing:
            if not self._closed:
                self.book.show_looked({tip: held(items)})

    def discard(self, item: str) -> Whereabouts:
        """Forget what was to be sent; as `Sending.discard`."""
        where = self.sending.discard(item)
        self._show_ahead()
        return where

    def take_back(self, tip: str, reply: str) -> None:
        """Have a reply deleted; as `Sending.take_back`."""
        self.sending.take_back(tip, reply)
        self._show_ahead()

    def _show_ahead(self) -> None:
        with self._showing:
            if not self._closed:
                self.book.show_ahead(self.sending.ahead)
                self.book.watch_for(self.watch_terms())

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

    def _readers(self) -> Sequence[HybridRecipient]:
        return () if self.log is None else self.log.roster.recipients

    def _is_logged(self, item: str) -> bool:
        """Whether the log holds an item as added by this key, also if it was deleted since.

        By an entry before the index that was read last: what came after that is not shown yet.
        """
        added = None if self.log is None else Authors(self._home.mirror, self.log.roster).added(item)
        return added is not None and added.key == self._key_id and added.author.place < self._kept.fetched.place

    def _is_taken_back(self, item: str) -> bool:
        """Whether the log holds that an item was taken back, by an entry before the index that was read last."""
        taken = None if self.log is None else Authors(self._home.mirror, self.log.roster).taken(item)
        return taken is not None and taken.author.place < self._kept.fetched.place

    def _is_shown(self, tip: str) -> bool:
        """Whether the index that was read last has a tip."""
        return tip in self._kept.ids()

    def _open(self, log: LogState) -> None:
        """Bring the book to what the index shows: what has to be opened from something else than before, is.

        That is of what was touched; the first time, of whatever the book does not hold as it was opened last.
        """
        member = log.roster.member(self._key_id)
        since = date.max if member is None else member.since.date()
        reader = Reader(since, log, Authors(self._home.mirror, log.roster), self._kept.fetched.place)
        book = self.book if self._restored else self._load()
        before = book.given(self._touched if self._restored else None)
        if not self._restored:
            self._touched.update(self._outdated(book, before))
        names = sorted(self._touched)
        other = [name for name in names if name not in before]
        for part in _parts([name for name in names if name in before]):
            given = self._given(part, reader)
            same = {name: each.digest for name, (each, _) in given.items() if each.digest == before[name]}
            self._kept.opened(same)
            other += [name for name in part if name not in same]
        for name in () if self._restored else other:
            book.remove(name)
        # Only now: nothing that was kept is shown of which it isn't certain that it would be opened the same.
        self._restore(book)
        with self.progress("Opening reports", len(other)) as told:
            for number, part in enumerate(_parts(other), 1):
                if self._stopped.is_set():
                    break
                with self._home.mirror.writing():
                    self._open_part(book, part, reader)
                told(min(number * _AT_ONCE, len(other)))

    def _outdated(self, book: Book, before: Mapping[str, bytes]) -> list[str]:
        """What the book does not hold as it was opened last; of what the index lacks, nothing stays in it."""
        opened, ids = self._kept.opened_from(), self._kept.ids()
        for name in before.keys() - set(ids):
            book.remove(name)
        return [name for name in ids if name not in before or before[name] != opened.get(name)]

    def _open_part(self, book: Book, names: Sequence[str], reader: Reader) -> None:
        """Open some, or forget those that the index lacks."""
        known: dict[str, Known] = {}
        digests: dict[str, bytes] = {}
        given_of = self._given(names, reader)
        for name in names:
            if name not in given_of:
                book.remove(name)
                continue
            given, sealed = given_of[name]
            opened = open_tip(given, sealed, self._identity)
            if sealed[name]:
                known[name] = given.known.seen(opened)
                # Where there is no doubt, what is remembered from now on would open the same.
                if not opened.warnings:
                    given = replace(given, known=known[name])
            digests[name] = given.digest
            book.put(opened, digests[name])
        self._kept.remember(known)
        self._kept.opened(digests)

    def _given(self, names: Sequence[str], reader: Reader) -> dict[str, tuple[Given, Mapping[str, bytes]]]:
        """What tips are to be opened from, and their sealed bytes; nothing of those that the index lacks."""
        found = {}
        for name, kept in self._kept.kept(*names).items():
            digests = {key: hashlib.sha256(data).hexdigest() for key, data in kept.sealed.items()}
            found[name] = reader.given(kept.row, kept.items, kept.known, digests), kept.sealed
        return found

    def _load(self) -> Book:
        """The book that was kept, or the empty one."""
        book = self._snapshot.load()
        if book is None:
            return self.book
        self._kept_changes = book, book.changes
        return book

    def _restore(self, book: Book) -> None:
        with self._showing:
            if not self._restored:
                book.show_looked(self._looked.digests())
            self.book, self._restored = book, True
            if self._closed:
                book.close()

    def _show(self, log: LogState) -> None:
        with self._showing:
            if self._closed:
                return
            self.log = log
            self._opens.take(log.size, datetime.now(UTC))
            if self._told is None or self._touched:
                gone = self._kept.gone(self._kept.fetched.place)
                known = dict.fromkeys(gone) | self._kept.known(*gone)
                made = Authors(self._home.mirror, log.roster).makers(gone)
                self._notices = notices(known, self._kept.withdrawn(), made)
                # They don't stand in the queue, where warnings would be seen.
                self._notices += [f"In a dossier of your team's own: {says}" for says in self._team_doubts()]
            self.sending.settle()
            self.book.show_ahead(self.sending.ahead)
            self.book.watch_for(self.watch_terms())
            if self._told is None or self._told.rulings != log.rulings:
                self._compare_members(log)
            self._told = log
            self._touched.clear()

    def _compare_members(self, log: LogState) -> None:
        self.changes = changes(log, self._home.mirror)
        self.to_compare = to_compare(log, self._home.mirror)


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE))
