"""The book itself: tips go in as they are opened, and come out equal; the queue is counted and paged by SQLite."""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from threading import Event as Signal
from threading import Lock
from typing import TypeVar

from intake.report.events import Event
from intake.report.payloads import TEAM, Payload
from intake.triage.book import details, extracts, facets, queue, register
from intake.triage.book.document import decode, encode
from intake.triage.book.documents import Documents
from intake.triage.book.extracts import FilePage
from intake.triage.book.facets import FacetIndex, Places
from intake.triage.book.queue import Neighbours, Page, Wanted
from intake.triage.book.register import RegisterPage, Sought
from intake.triage.book.search import Content, Query, Results, fitting, index, watching
from intake.triage.book.search.index import Cells
from intake.triage.book.traits import CHANGED, NEW, READ, UNREAD, WATCHED, YES
from intake.triage.reading.opentip import OpenTip, Signed
from intake.triage.reading.standing import NOTHING, Ahead, Standing

P = TypeVar("P", bound=Payload)

_BEFORE = """
PRAGMA page_size = 16384;
PRAGMA temp_store = MEMORY;
PRAGMA secure_delete = ON;
"""
"""A page takes several tips with little room left over; sorting writes no file; what is removed is overwritten, so that
no snapshot carries it on."""

_SCHEMA = """
CREATE TABLE team (tip TEXT PRIMARY KEY) WITHOUT ROWID; -- dossiers of the whole team's
CREATE TABLE spoilt (tip TEXT, item TEXT, PRIMARY KEY (tip, item)) WITHOUT ROWID;
CREATE TABLE watch (id TEXT PRIMARY KEY, term TEXT NOT NULL) WITHOUT ROWID; -- terms by which tips are marked
CREATE TABLE ahead (tip TEXT PRIMARY KEY) WITHOUT ROWID; -- those that the queue shows with what is on its way
"""

_SIZE = 8
"""Bytes of the number that says how long the database is."""


class Book:
    """Everything opened, in memory. Its `repr` shows nothing. Methods may be called from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        # One connection for all threads, one at a time: a query takes milliseconds.
        self._database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        own = (queue.SCHEMA, facets.SCHEMA, extracts.SCHEMA, register.SCHEMA, index.SCHEMA, details.SCHEMA)
        self._database.executescript("".join((_BEFORE, _SCHEMA, *own)))
        self._documents = Documents()
        self._index = FacetIndex()
        self._ahead: Mapping[str, Ahead] = {}
        self._looked: dict[str, bytes] = {}
        self._terms: dict[str, str] = {}
        self._watching: Mapping[str, Query] = {}
        self._changes = 0
        self._unsettled = False
        """Whether words of what was removed may be left in the index of words."""

    def put(self, tip: OpenTip, given: bytes) -> None:
        """Put a tip in, in the place of what was there of it. `given`: digest of what it was opened from."""
        document, is_report = encode(tip), tip.dossier != TEAM
        with self._writing() as database:
            content = self._content(tip)
            self._delete(tip.id, content)
            extracts.drop(database, tip.id, but={file.about.sha256 for file in tip.files.values()})
            database.executemany("INSERT INTO spoilt VALUES (?, ?)", {(tip.id, item) for item in tip.spoilt})
            if is_report:
                # Where it comes back, in its old place: those that lie close together take less of the index.
                place = self._write_row(tip, _marks(fitting(self._watching, content)))
                index.write(database, place, Cells.of(content))
                details.write(database, place, details.details(tip))
            else:
                database.execute("INSERT INTO team VALUES (?)", (tip.id,))
            self._documents.put(tip.id, given, document)

    def read(self, tip: str, page: FilePage, text: str) -> None:
        """Let what was read on a page of a file be searched with its tip, as far as there is room for it."""
        with self._lock:
            opened, known = self._tip(tip), extracts.read(self._database, tip)
        text = extracts.fitting(known, page, text)
        if opened is None or page in known or not text:
            return
        before, after = (Content.of(opened, each) for each in (known, {**known, page: text}))
        if before == after:
            return
        old, new = Cells.of(before), Cells.of(after)
        with self._writing() as database:
            # Reading takes a while: what has changed meanwhile is read the next time that the page is looked at.
            now, place = self._tip(tip), queue.place(database, tip)
            if now is not None and place is not None and self._content(now) == before:
                index.erase(database, place, old)
                index.write(database, place, new)
                extracts.add(database, tip, page, text)
                self._index.mark(place, WATCHED, _marks(fitting(self._watching, after)))

    def content(self, tip: OpenTip) -> Content:
        """All that is searched of a tip."""
        with self._lock:
            return self._content(tip)

    def pages_read(self, tip: str, file: str) -> list[int]:
        """The pages of a file that are searched with its tip."""
        with self._lock:
            return [page.number for page in extracts.read(self._database, tip) if page.file == file]

    def show_ahead(self, ahead: Mapping[str, Ahead]) -> None:
        """Let the queue show these tips with what is on its way for them, and all others as the log has them."""
        with self._writing() as database:
            before, self._ahead = self._ahead, ahead
            # A snapshot may have been kept while something was on its way that is no more.
            shown = {name for (name,) in database.execute("SELECT tip FROM ahead")}
            for name in shown | ahead.keys():
                changed = name not in before or before[name] != ahead.get(name)
                if changed and (tip := self._tip(name)) is not None and tip.dossier != TEAM:
                    self._write_row(tip)
            database.execute("DELETE FROM ahead")
            database.executemany("INSERT INTO ahead VALUES (?)", ((name,) for name in ahead))

    def show_looked(self, looked: Mapping[str, bytes]) -> None:
        """Let the queue know that tips were looked at, by the digest of what they held then (`standing.held`)."""
        with self._writing() as database:
            self._looked |= looked
            for name, place, held in queue.read_held(database, looked):
                self._index.mark(place, UNREAD, self._unread(name, held))

    def watch_for(self, terms: Mapping[str, str]) -> None:
        """Mark the tips in which any of these terms is found, by its id. A new one is looked for once, in the index."""
        if terms == self._terms:
            return
        with self._writing() as database:
            before, self._watching = self._watching, watching(terms)
            kept = {name for name in before.keys() & terms.keys() if self._terms[name] == terms[name]}
            found = {
                name: index.places(database, self._index, self._watching[name]) for name in self._watching.keys() - kept
            }
            for name in before.keys() - kept:
                self._index.choose(WATCHED, name, Places.of(()))
            for name, places in found.items():
                self._index.choose(WATCHED, name, places)
            marked = self._index.fitting({WATCHED: tuple(self._watching)}) if self._watching else Places.of(())
            self._index.choose(WATCHED, YES, marked)
            database.execute("DELETE FROM watch")
            database.executemany("INSERT INTO watch VALUES (?, ?)", terms.items())
            self._terms = dict(terms)

    def watched(self, tip: str) -> Mapping[str, Query]:
        """What the team watches for and is found in a tip, by the id of its term."""
        with self._lock:
            place = queue.place(self._database, tip)
            marks = [] if place is None else self._index.of(place, WATCHED)
            return {name: self._watching[name] for name in marks if name in self._watching}

    def standing(self, tip: OpenTip) -> Standing:
        """Where a tip stands, with what is on its way for it."""
        return Standing([*tip.changes, *self.ahead(tip.id).changes])

    def ahead(self, tip: str) -> Ahead:
        """What is on its way for a tip."""
        return self._ahead.get(tip, NOTHING)

    def remove(self, tip: str) -> None:
        """Forget a tip, if it is there."""
        with self._writing() as database:
            self._delete(tip)
            extracts.drop(database, tip)
            if (place := queue.remove_row(database, tip)) is not None:
                self._index.remove(place)
            self._documents.remove(tip)

    def tip(self, tip: str) -> OpenTip | None:
        """A tip as it was put in."""
        with self._lock:
            return self._tip(tip)

    def team(self) -> list[OpenTip]:
        """The dossiers of the whole team's, in the order of the log: members who could not know of each other's may
        each have made one.
        """
        with self._lock:
            names = [name for (name,) in self._database.execute("SELECT tip FROM team")]
            found = [tip for name in names if (tip := self._tip(name))]
        return sorted(found, key=lambda tip: tip.made.place if tip.made else -1)

    def team_events(self) -> list[tuple[Signed, Event]]:
        """Every event that was written into them, in the order of the log."""
        return [(signed, signed.payload) for signed in self.team_wrote(Event) if isinstance(signed.payload, Event)]

    def team_wrote(self, kind: type[P]) -> list[Signed]:
        """What members wrote of one kind into all of these, in the order of the log."""
        written = [signed for tip in self.team() for signed in tip.written_as(kind)]
        return sorted(written, key=lambda signed: signed.author.place)

    def day(self, tip: str) -> str | None:
        """The day of a tip's arrival."""
        with self._lock:
            found = self._database.execute("SELECT day FROM queue WHERE tip = ?", (tip,)).fetchone()
        return None if found is None else str(found[0])

    def queue(self, wanted: Wanted, number: int = 1) -> Page:
        """A page of the tips that are wanted."""
        with self._lock:
            return queue.read_page(self._database, self._index, wanted, number)

    def fitting(self, wanted: Wanted) -> set[str]:
        """All tips that are wanted."""
        with self._lock:
            return queue.read_fitting(self._database, self._index, wanted)

    def referrals(self, sought: Sought, number: int = 1) -> RegisterPage:
        """A page of the register of referrals."""
        with self._lock:
            return register.read_page(self._database, sought, number)

    def search(self, query: Query, number: int) -> Results:
        """A page of the tips that are found, the newest first."""
        with self._lock:
            return index.find(self._database, self._index, query, number, queue.PAGE)

    def choices(self, field: str) -> list[str]:
        """The choices of a field of the queue that any tip has."""
        with self._lock:
            return self._index.choices(field)

    def shared(self, keys: Collection[str], but: str) -> dict[str, details.Naming]:
        """Those of these keys (`details`) that name something in other reports than one, and in which."""
        with self._lock:
            return details.shared(self._database, keys, but)

    def neighbours(self, wanted: Wanted, tip: str) -> Neighbours:
        """The tips before and after one, among those that are wanted."""
        with self._lock:
            return queue.read_neighbours(self._database, self._index, wanted, tip)

    def given(self, tips: Collection[str] | None = None) -> dict[str, bytes]:
        """By tip, the digest of what it was opened from: of all, or of those of these that are there."""
        with self._lock:
            return self._documents.given(tips)

    def spoilt(self) -> list[tuple[str, str]]:
        """Each item that is not what was sealed, after its tip."""
        with self._lock:
            return self._database.execute("SELECT tip, item FROM spoilt").fetchall()

    @property
    def changes(self) -> int:
        """Grows with each change."""
        with self._lock:
            return self._changes

    def serialize(self, abandon: Signal | None = None) -> Sequence[bytes]:
        """All of it in parts, in the clear: for `Snapshot`, which seals it. None, if `abandon` is set before.

        Words of what was removed are written out of the index before, in steps, between which others have their turn.
        """
        while abandon is None or not abandon.is_set():
            with self._lock:
                if not self._unsettled:
                    with self._database:
                        self._database.execute("BEGIN")
                        self._index.keep(self._database)
                    database = self._database.serialize()
                    return (len(database).to_bytes(_SIZE, "big"), database, *self._documents.parts())
                self._unsettled = not index.settle(self._database)
        return ()

    @classmethod
    def deserialize(cls, read: Callable[[int], bytearray]) -> "Book":
        """A book as it was serialised by this very program; `sqlite3.Error` or `ValueError` for other bytes.

        `read`: gives the next so many bytes. The database is loaded before the documents are read, so that what lies
        there twice for a moment is the smaller part.
        """
        book = cls()
        data = read(int.from_bytes(read(_SIZE), "big"))
        with closing(sqlite3.connect(":memory:")) as loaded:
            loaded.deserialize(data)
            data.clear()
            # A database over given bytes can't grow beyond 1 GiB.
            loaded.backup(book._database)
        book._index = FacetIndex.recall(book._database)
        book._documents = Documents.read(read)
        book._terms = dict(book._database.execute("SELECT id, term FROM watch"))
        book._watching = watching(book._terms)
        return book

    def close(self) -> None:
        """Forget everything; what is asked after that is an error."""
        with self._lock:
            self._database.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._changes += 1
            self._database.execute("BEGIN")
            with self._database:
                yield self._database

    def _tip(self, tip: str) -> OpenTip | None:
        document = self._documents.get(tip)
        return None if document is None else decode(document)

    def _content(self, tip: OpenTip) -> Content:
        return Content.of(tip, extracts.read(self._database, tip.id))

    def _delete(self, tip: str, instead: Content | None = None) -> None:
        """Take out what is found of a tip, if it is there, but for its row in the queue: something may come there."""
        if (before := self._tip(tip)) is None:
            return
        if (place := queue.place(self._database, tip)) is not None:
            content = self._content(before)
            index.erase(self._database, place, Cells.of(content))
            details.erase(self._database, place, details.details(before))
            self._unsettled |= instead is None or content.has_more_than(instead)
        for table in ("spoilt", "team", "referral"):
            self._database.execute(f"DELETE FROM {table} WHERE tip = ?", (tip,))  # noqa: S608 - ours

    def _write_row(self, tip: OpenTip, watched: Collection[str] | None = None) -> int:
        """Let the queue show a tip as it stands. `watched`: how it is marked, where that may have changed."""
        standing = self.standing(tip)
        register.write(self._database, tip, standing)
        placed = queue.write_row(self._database, tip, standing, self.ahead(tip.id))
        marks = self._index.of(placed.place, WATCHED) if watched is None else watched
        traits = {**placed.traits, UNREAD: self._unread(tip.id, placed.held), WATCHED: marks}
        self._index.put(placed.place, traits)
        return placed.place

    def _unread(self, name: str, held: bytes) -> set[str]:
        looked = self._looked.get(name)
        return {NEW} if looked is None else {READ} if looked == held else {CHANGED}


def _marks(watched: Collection[str]) -> Collection[str]:
    return {*watched, YES} if watched else ()
