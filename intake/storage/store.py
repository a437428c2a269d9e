"""Connections and transactions: one way to read, one way to write."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session

_WRITES = "intake_writes"
_TRUNCATE = "PRAGMA wal_checkpoint(TRUNCATE)"


class Store:
    """The database behind a URL, shared by threads. A transaction never spans a body that is still arriving."""

    def __init__(self, url: str) -> None:
        self.engine = _sqlite(url) if url.startswith("sqlite") else create_engine(url)
        self._writer = self.engine.execution_options(**{_WRITES: True})
        # SQLite lets whoever asks next have the write lock, however long others have been asking; threads take turns.
        self._turn: AbstractContextManager[Any] = Lock() if self._is_sqlite else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that changes nothing."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is durable once the block has been left, and undone if it raises."""
        with self._turn, Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def rewrite(self) -> None:
        """Write the database file anew and empty the write-ahead log: neither keeps what was deleted, nor its order."""
        self._execute("VACUUM", _TRUNCATE)

    def forget(self) -> None:
        """Empty the write-ahead log, where a row that was deleted would otherwise stay until the next checkpoint."""
        self._execute(_TRUNCATE)

    def _execute(self, *statements: str) -> None:
        """Run what only SQLite needs, outside of any transaction."""
        if not self._is_sqlite:
            return
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
        finally:
            connection.close()

    @property
    def _is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 30})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself, or BEGIN IMMEDIATE below comes too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails with "database is locked" under concurrency;
    # one that takes the write lock at once waits its turn.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")
