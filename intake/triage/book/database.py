"""The book itself: tips go in as they are opened, and come out equal; the queue is counted and paged by SQLite."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock

from intake.triage.book import queue
from intake.triage.book.document import decode, encode
from intake.triage.reading.opening import OpenTip

_BEFORE = """
PRAGMA page_size = 16384;
PRAGMA temp_store = MEMORY;
PRAGMA secure_delete = ON;
"""
"""A page takes several tips with little room left over; sorting writes no file; what is removed is overwritten, so that
no snapshot carries it on."""

_SCHEMA = """
CREATE TABLE tip (id TEXT PRIMARY KEY, given BLOB NOT NULL, document BLOB NOT NULL);
CREATE TABLE spoilt (tip TEXT, item TEXT, PRIMARY KEY (tip, item)) WITHOUT ROWID;
"""

_GIVEN = "SELECT id, given FROM tip"
_THESE = " WHERE id IN (SELECT value FROM json_each(?))"


class Book:
    """Everything opened, in memory. Its `repr` shows nothing. Methods may be called from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        # One connection for all threads, one at a time: a query takes milliseconds.
        self._database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._database.executescript(_BEFORE + _SCHEMA + queue.SCHEMA)

    def put(self, tip: OpenTip, given: bytes) -> None:
        """Put a tip in, in the place of what was there of it. `given`: digest of what it was opened from."""
        document = encode(tip)
        with self._writing() as database:
            _delete(database, tip.id)
            database.execute("INSERT INTO tip VALUES (?, ?, ?)", (tip.id, given, document))
            database.executemany("INSERT INTO spoilt VALUES (?, ?)", {(tip.id, item) for item in tip.spoilt})
            queue.write_row(database, tip)

    def show_statuses(self, statuses: Mapping[str, str]) -> None:
        """Let these tips have these statuses in the queue, and all others those that they were put in with."""
        with self._writing() as database:
            queue.show_statuses(database, statuses)

    def remove(self, tip: str) -> None:
        """Forget a tip, if it is there."""
        with self._writing() as database:
            _delete(database, tip)

    def tip(self, tip: str) -> OpenTip | None:
        """A tip as it was put in."""
        with self._lock:
            found = self._database.execute("SELECT document FROM tip WHERE id = ?", (tip,)).fetchone()
        return None if found is None else decode(found[0])

    def day(self, tip: str) -> str | None:
        """The day of a tip's arrival."""
        with self._lock:
            found = self._database.execute("SELECT day FROM queue WHERE tip = ?", (tip,)).fetchone()
        return None if found is None else str(found[0])

    def queue(self, chosen: Mapping[str, str], number: int) -> queue.Page:
        """A page of the tips that fit all that is chosen, by key of the filter."""
        with self._lock:
            return queue.read_page(self._database, chosen, number)

    def choices(self) -> dict[str, dict[str, int]]:
        """By filter, each choice that occurs, and of how many tips."""
        with self._lock:
            return queue.read_choices(self._database)

    def given(self, tips: Collection[str] | None = None) -> dict[str, bytes]:
        """By tip, the digest of what it was opened from: of all, or of those of these that are there."""
        query, these = (_GIVEN, ()) if tips is None else (_GIVEN + _THESE, (json.dumps(list(tips)),))
        with self._lock:
            return dict(self._database.execute(query, these))

    def spoilt(self) -> list[tuple[str, str]]:
        """Each item that is not what was sealed, after its tip."""
        with self._lock:
            return self._database.execute("SELECT tip, item FROM spoilt").fetchall()

    @property
    def changes(self) -> int:
        """Grows with each change."""
        with self._lock:
            return self._database.total_changes

    def serialize(self) -> bytes:
        """All of it, in the clear: for `Snapshot`, which seals it."""
        with self._lock:
            return self._database.serialize()

    @classmethod
    def deserialize(cls, data: bytes | bytearray) -> "Book":
        """A book as it was serialised by this very program; `sqlite3.Error` for other bytes."""
        book = cls()
        loaded = sqlite3.connect(":memory:")
        try:
            loaded.deserialize(data)
            # A database over given bytes can't grow beyond 1 GiB.
            loaded.backup(book._database)
        finally:
            loaded.close()
        return book

    def close(self) -> None:
        """Forget everything; what is asked after that is an error."""
        with self._lock:
            self._database.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._database.execute("BEGIN")
            with self._database:
                yield self._database


def _delete(database: sqlite3.Connection, tip: str) -> None:
    database.execute("DELETE FROM tip WHERE id = ?", (tip,))
    database.execute("DELETE FROM spoilt WHERE tip = ?", (tip,))
    database.execute("DELETE FROM queue WHERE tip = ?", (tip,))
