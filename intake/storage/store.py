"""Connections and transactions: one way to read, one way to write."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from intake.durable import sync_directory
from intake.storage.room import Room, StoreFullError

_WRITES = "intake_writes"
_PATIENCE = 30
"""Seconds that a transaction waits for the write lock."""
_MOMENT = 0.25
"""Seconds that emptying the write-ahead log may wait for readers, and so keep others from writing."""
_AGAIN = 1.0
"""Seconds until it is tried again."""


class StoreLockedError(OSError):
    """Somebody else has been writing for too long."""

    def __init__(self) -> None:
        super().__init__("the store is locked by another program for too long: try again in a minute")


class Forgotten(Enum):
    """Whether what was deleted can still be read from the files of the database."""

    DONE = auto()
    PENDING = auto()
    """Something still reads what was there before. It is emptied as soon as that ends, without anybody asking."""


class Store:
    """The SQLite database at a URL, shared by threads. A transaction never spans a body that is still arriving."""

    def __init__(self, url: URL | str) -> None:
        self._path = Path(make_url(url).database or "")
        self.room = Room(self._path)
        self.engine = self._engine(url)
        self._writer = self.engine.execution_options(**{_WRITES: True})
        # SQLite lets whoever asks next have the write lock, however long others have been asking; threads take turns.
        self._turn = Lock()
        # Says to every process of this store that something is still to be forgotten.
        self._unforgotten = self._path.with_name(f"{self._path.name}-unforgotten")
        # A process that ended before it had forgotten what it should may be why this one was started.
        self._pending = True
        self._forgetting: Thread | None = None
        self._emptying = Lock()
        self._closed = Event()

    def make_file(self) -> None:
        """Make the database's file for its owner only, durably, before SQLite makes one that others can read."""
        try:
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            for path in (self._path, *(self._path.with_name(self._path.name + end) for end in ("-wal", "-shm"))):
                with suppress(FileNotFoundError):
                    path.chmod(path.stat().st_mode & 0o660)
        sync_directory(self._path.parent)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that changes nothing. It must be short: while it runs, nothing deleted can be forgotten."""
        with _told(self.room), Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self, *, last: bool = False) -> Iterator[Session]:
        """A transaction that is durable once the block has been left, and undone if it raises.

        `last`: for what makes room or shuts somebody out, which may take the last of the disk. Raises `StoreFullError`
        and `StoreLockedError`.
        """
        self.room.require(last=last)
        with (
            self._turn,
            _told(self.room),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session
        if self._forgetting is None and (self._pending or self._unforgotten.exists()):
            self.forget()

    def forget(self) -> Forgotten:
        """Empty the write-ahead log, where what was deleted otherwise stays; wait for nobody longer than a moment.

        What can't be done now is done by itself later: by a thread of this process, or by whoever writes next.
        """
        # One at a time: an earlier one that succeeds says nothing of what was deleted since it began.
        with self._emptying:
            if self._empty():
                return Forgotten.DONE
            if self._forgetting is None:
                self._forgetting = Thread(target=self._keep_forgetting, name="forgetting", daemon=True)
                self._forgetting.start()
            return Forgotten.PENDING

    def rewrite(self) -> Forgotten:
        """Write the database file anew and empty the write-ahead log: neither keeps what was deleted, nor its order.

        The copy is made on the disk, beside the database, not in memory. Others can read meanwhile, and writers wait.
        `StoreFullError` unless there is room for the copy and for as much in the write-ahead log.
        """
        if not self.room.has(2 * self._path.stat().st_size):
            raise StoreFullError
        with _told(self.room), closing(self._connect(_PATIENCE)) as connection:
            connection.execute("PRAGMA temp_store=FILE")
            directory = str(self._path.parent).replace("'", "''")
            connection.execute(f"PRAGMA temp_store_directory='{directory}'")
            connection.execute("VACUUM")
        return self.forget()

    def close(self) -> None:
        """Give back every connection."""
        self._closed.set()
        with self._emptying:
            forgetting = self._forgetting
        if forgetting is not None:
            forgetting.join()
        self.engine.dispose()

    def _keep_forgetting(self) -> None:
        while not self._closed.wait(_AGAIN):
            with self._emptying:
                if self._empty():
                    self._forgetting = None
                    return

    def _empty(self) -> bool:
        # Before it is tried: another process may find something to forget while this one is at it.
        # What fails here is tried again: a disk that can't be written for a while must not end the thread that does it.
        with suppress(OSError):
            self._unforgotten.unlink(missing_ok=True)
        self._pending = not self._truncate()
        if self._pending:
            with suppress(OSError):
                self._unforgotten.touch(0o600)
        return not self._pending

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

    def _engine(self, url: URL | str) -> Engine:
        engine = create_engine(url, connect_args={"timeout": _PATIENCE})
        event.listen(engine, "do_connect", self._before_connecting)
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
        return engine

    def _before_connecting(self, *_: Any) -> None:
        # The first connection makes files of its own, which a full disk would not let it.
        if self._path.parent.is_dir():
            self.room.require(last=True)


@contextmanager
def _told(room: Room) -> Iterator[None]:
    """SQLite's errors for which somebody can do something, by their names."""
    try:
        yield
    except (OperationalError, sqlite3.OperationalError) as error:
        cause = error.orig if isinstance(error, OperationalError) else error
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and not room.has(1 << 16)):
            raise StoreFullError from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreLockedError from error
        raise


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
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")
