"""The mirror's rows in SQL, each with its digest; and what SQLite can't do, as what it is: damage, or a disk."""

import errno
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from intake.triage.mirror.tables import ENTRY, FACT, TABLES, Row, Table, Value

IN_MAIN, IN_COPY = "main", "copy"
"""What SQL calls the two files."""
GENERATION = "generation"

FAILURES = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading damaged bytes ends in: sqlite3 can't put a message into words that quotes them."""

_BUSY_SECONDS = 30.0
_DAMAGE = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}


class MirrorDamagedError(Exception):
    """The file is not as this program wrote it: damage of this machine, nobody's lie."""


def connect(path: Path) -> sqlite3.Connection:
    """One of the files alone."""
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    # What a flipped bit made of a text is for the digest to find.
    db.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    return db


def is_damage(error: sqlite3.DatabaseError | UnicodeDecodeError) -> bool:
    """Whether a failure is of the file, not of the disk or of the program."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code & 0xFF in _DAMAGE


@contextmanager
def in_words() -> Iterator[None]:
    """What SQLite can't do, as what it is: damage, or a disk."""
    try:
        yield
    except FAILURES as error:
        if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise
        if is_damage(error):
            raise MirrorDamagedError("what this machine kept is damaged") from error
        is_full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        number = errno.ENOSPC if is_full else errno.EIO
        raise OSError(number, os.strerror(number)) from error


def _schema(version: int) -> Iterator[str]:
    for table in (table for table in TABLES if table.since <= version):
        columns = ", ".join((*table.columns, "proof")).replace("place", "place INTEGER", table is ENTRY)
        rows = " WITHOUT ROWID" if table.is_twice else ""
        yield f"CREATE TABLE {table.name} ({columns}, PRIMARY KEY ({table.key})){rows}"
        for column in table.by:
            yield f"CREATE INDEX {table.name}_by_{column} ON {table.name} ({column})"


VERSION = max(table.since for table in TABLES)
SCHEMAS = {version: tuple(_schema(version)) for version in range(1, VERSION + 1)}
"""By version of the mirror, the statements that make it: each begins with those of the one before."""


def schemas(table: Table) -> Sequence[str]:
    """The files that hold a table."""
    return (IN_MAIN, IN_COPY) if table.is_twice else (IN_MAIN,)


def select_from(schema: str, table: Table) -> str:
    """All columns, the digest last."""
    return f"SELECT {', '.join(table.columns)}, proof FROM {schema}.{table.name}"  # noqa: S608 - names of our own


def insert_into(schema: str, table: Table) -> str:
    """Of one row with its digest."""
    values = ", ".join("?" * (len(table.columns) + 1))
    return f"INSERT OR REPLACE INTO {schema}.{table.name} VALUES ({values})"  # noqa: S608 - names of our own


def delete_from(schema: str, table: Table) -> str:
    """By the key, as `key_of` gives it."""
    return f"DELETE FROM {schema}.{table.name} {_BY_KEY.format(table.key)}"  # noqa: S608 - names of our own


# A text that a flipped bit made is no UTF-8, and would not be taken as a text.
_BY_KEY = "WHERE {0} = CASE typeof(?1) WHEN 'blob' THEN CAST(?1 AS TEXT) ELSE ?1 END"


def key_of(value: Value) -> Value:
    """A key as it can be looked up, also where it is damaged."""
    return value.encode(errors="surrogateescape") if isinstance(value, str) else value


def whole_row(table: Table, row: Sequence[Value]) -> Row | None:
    """The row without its digest, if that is right."""
    return tuple(row[:-1]) if row[-1] == table.digest(tuple(row[:-1])) else None


def find_row(db: sqlite3.Connection, schema: str, table: Table, key: Value) -> Row | None:
    """The row of a key in one of the files, if there is one that is whole."""
    row = db.execute(f"{select_from(schema, table)} {_BY_KEY.format(table.key)}", (key_of(key),)).fetchone()
    return None if row is None else whole_row(table, row)


def generation(db: sqlite3.Connection, schema: str) -> int:
    """How many transactions a file has seen; it is behind the other one where it has lost the last of them."""
    row = find_row(db, schema, FACT, GENERATION)
    return -1 if row is None else int(row[1])


def forget(db: sqlite3.Connection, table: Table) -> None:
    """Where a row is lost, what said that all are there is true no more."""
    for schema in (IN_MAIN, IN_COPY) if table.stands_for else ():
        db.executemany(f"DELETE FROM {schema}.fact WHERE name = ?", [(name,) for name in table.stands_for])  # noqa: S608
