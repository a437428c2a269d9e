"""SQLite: a file, its write-ahead log, and one lock for all who write."""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from intake.durable import sync_directory
from intake.storage.room import Room, StoreFullError

_WRITES = "intake_writes"
_PATIENCE = 30
"""Seconds that a transaction waits for the write lock."""
_UNSAID = 1.0
"""Seconds of these before it is said that it waits, to whoever listens for that."""
_MOMENT = 0.25
"""Seconds that emptying the write-ahead log may wait for readers, and so keep others from writing."""

_log = logging.getLogger(__name__)


class StoreLockedError(OSError):
    """Somebody else has been writing for too long."""

    def __init__(self) -> None:
        super().__init__("the store is locked by another program for too long: try again in a minute")


class Sqlite:
    """The database in a file."""

    def __init__(self, url: URL) -> None:
        self._path = Path(url.database or "")
        self.room = Room(self._path)
        self.reader = self._engine(url)
        self.writer: Engine = self.reader.execution_options(**{_WRITES: True})
        # Says to every process of this store that something is still to be forgotten.
        self._unforgotten = self._path.with_name(f"{self._path.name}-unforgotten")

    def is_made(self) -> bool:
        """Whether there is such a file."""
        return self._path.exists()

    def make(self) -> None:
        """Make the file for its owner only, durably, before SQLite makes one that others can read."""
        try:
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            for path in (self._path, *(self._path.with_name(self._path.name + end) for end in ("-wal", "-shm"))):
                with suppress(FileNotFoundError):
                    path.chmod(path.stat().st_mode & 0o660)
        sync_directory(self._path.parent)

    def hold_log(self, session: Session) -> None:
        """Whoever writes holds the only lock that there is, from the beginning of the transaction on."""
        if not session.connection().get_execution_options().get(_WRITES, False):
            raise RuntimeError("a transaction that only reads can hold nothing")

    @contextmanager
    def told(self) -> Iterator[None]:
        """SQLite's errors for which somebody can do something, by their names."""
        try:
            yield
        except (OperationalError, sqlite3.OperationalError) as error:
            cause = error.orig if isinstance(error, OperationalError) else error
            code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and not self.room.has(1 << 16)):
                raise StoreFullError from error
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise StoreLockedError from error
            raise

    def forget(self) -> bool:
        """Empty the write-ahead log, where what was deleted otherwise stays; wait for nobody longer than a moment."""
        # Before it is tried: another process may find something to forget while this one is at it.
        # What fails here is tried again: a disk that can't be written for a while must not end the thread that does it.
        with suppress(OSError):
            self._unforgotten.unlink(missing_ok=True)
        emptied = self._truncate()
        if not emptied:
            with suppress(OSError):
                self._unforgotten.touch(0o600)
        return emptied

    def is_unforgotten(self) -> bool:
        """Whether a process of this store could not empty it."""
        return self._unforgotten.exists()

    def rewrite(self) -> None:
        """Write the database file anew: it keeps neither what was deleted, nor its order.

        The copy is made on the disk, beside the database, not in memory. Others can read meanwhile, and writers wait.
        `StoreFullError` unless there is room for the copy and for as much in the write-ahead log.
        """
        if not self.room.has(2 * self._path.stat().st_size):
            raise StoreFullError
        with self.told(), closing(self._connect(_PATIENCE)) as connection:
            _vacuum(connection, self._path.parent)

    @contextmanager
    def frozen(self) -> Iterator["Frozen"]:
        """The database as it is now, to be copied in the block: what others write meanwhile is not in the copy.

        For as long, nothing deleted can be forgotten.
        """
        with self.told(), closing(self._connect(_PATIENCE)) as connection:
            connection.execute("BEGIN")
            # A transaction begins to see with its first look.
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            (size,) = connection.execute("PRAGMA page_size").fetchone()
            yield Frozen(connection, pages * size)

    def close(self) -> None:
        """Give back every connection."""
        self.reader.dispose()

    def _truncate(self) -> bool:
        """Whether the write-ahead log is empty now, and the database file holds what was in it."""
        try:
            with closing(self._connect(_MOMENT)) as connection:
                busy, _frames, _moved = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:
            return False
        return not busy

    def _connect(self, seconds: float) -> sqlite3.Connection:
        """A connection outside of any pool and transaction, for what only SQLite needs."""
        connection = sqlite3.connect(self._path, timeout=seconds, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        return connection

    def _engine(self, url: URL) -> Engine:
        engine = create_engine(url, connect_args={"timeout": _PATIENCE})
        event.listen(engine, "do_connect", self._before_connecting)
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
        return engine

    def _before_connecting(self, *_: Any) -> None:
        # The first connection makes files of its own, which a full disk would not let it.
        if self._path.parent.is_dir():
            self.room.require(last=True)


class Frozen:
    """A database as it was at one moment. `bytes`: its size, at most that of a copy."""

    def __init__(self, connection: sqlite3.Connection, size: int) -> None:
        self._connection = connection
        self.bytes = size

    def copy(self, path: Path) -> None:
        """Write it into a new file, for its owner only, without what was deleted and the order in which things came."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(path, isolation_level=None)) as copy:
            self._connection.backup(copy)
            # One file, whole by itself.
            copy.execute("PRAGMA journal_mode=DELETE")
            _vacuum(copy, path.parent)


def _vacuum(connection: sqlite3.Connection, directory: Path) -> None:
    connection.execute("PRAGMA temp_store=FILE")
    quoted = str(directory).replace("'", "''")
    connection.execute(f"PRAGMA temp_store_directory='{quoted}'")
    connection.execute("VACUUM")


def _configure(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself, or BEGIN IMMEDIATE below comes too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
        # So that a row which REPLACE takes away makes its day stale too.
        "recursive_triggers=ON",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails with "database is locked" under concurrency;
    # one that takes the write lock at once waits its turn.
    writes = connection.get_execution_options().get(_WRITES, False)
    if writes and _log.isEnabledFor(logging.INFO):
        _say_whether_it_waits(connection.connection.driver_connection)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")


def _say_whether_it_waits(connection: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout={_UNSAID * 1000:.0f}")
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        # Whatever else is wrong comes up again.
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            _log.info("another program is writing to the store; waiting for it, up to %d seconds …", _PATIENCE)
    finally:
        connection.execute(f"PRAGMA busy_timeout={_PATIENCE * 1000}")
