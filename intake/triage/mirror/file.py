"""The file of the mirror, and the copy of what nobody could send again.

`mirror.db` holds everything; `mirror.copy` every row but the log's entries and sealed bytes, which are large, and which
the desk has. A transaction writes to both. How they are compared and mended is in `pair`.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import TypeVar

from intake.triage.mirror.pair import is_kept_twice_sound, is_wholly_sound, open_pair
from intake.triage.mirror.statements import (
    GENERATION,
    IN_COPY,
    IN_MAIN,
    MirrorDamagedError,
    delete_from,
    find_row,
    forget,
    generation,
    in_words,
    insert_into,
    key_of,
    schemas,
    select_from,
    whole_row,
)
from intake.triage.mirror.tables import FACT, Row, Table, Value

_AT_ONCE = 500
_T = TypeVar("_T")


class MirrorFile:
    """The two files in a directory, open. Methods may be called from several threads.

    They raise `OSError` where the disk takes or gives nothing. Where the structure of a file turns out to be damaged it
    is made anew, and what was asked for is done once more; only a transaction of several steps raises
    `MirrorDamagedError`, having changed nothing. `damaged` is told in words what could not be restored.
    """

    def __init__(self, directory: Path, damaged: Callable[[str], None]) -> None:
        self._directory = directory
        self._damaged = damaged
        self._lock = RLock()
        self._is_writing = False
        self._db = open_pair(directory, is_kept_twice_sound, damaged)
        self._is_open = True

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All that is written in the block is on the disk when it is left, or nothing is."""
        with self._lock:
            if self._is_writing:
                yield
                return
            self._require_open()
            try:
                with in_words(), self._transaction():
                    yield
            except MirrorDamagedError:
                self._mend()
                raise

    def forget(self) -> None:
        """Let nothing that was deleted stay in the files: rows are overwritten, what waits beside them is emptied."""
        with self._lock:
            for schema in (IN_MAIN, IN_COPY):
                self._read(f"PRAGMA {schema}.wal_checkpoint(TRUNCATE)", ())

    def put(self, table: Table, *rows: Row) -> None:
        """Write rows, in the place of those that have their keys."""
        held = [(*row, table.digest(row)) for row in rows]
        self._write([(insert_into(schema, table), held) for schema in schemas(table)])

    def remove(self, table: Table, *keys: Value) -> None:
        """Delete the rows of these keys, as far as there are any."""
        self._write([(delete_from(schema, table), [(key_of(key),) for key in keys]) for schema in schemas(table)])

    def get(self, table: Table, key: Value) -> Row | None:
        """The row of a key, if there is one that is whole."""
        return next(iter(self.where(table, table.key, key)), None)

    def get_all(self, table: Table, keys: Iterable[Value]) -> dict[Value, Row]:
        """The rows of these keys, by key, as far as there are any that are whole."""
        return {row[0]: row for row in self.where(table, table.key, *keys)}

    def where(self, table: Table, column: str, *values: Value) -> list[Row]:
        """The rows with one of these values, each value's sorted by their keys.

        One that is damaged is mended, or left out and said.
        """
        rows: list[Row] = []
        for part in _parts(values):
            marks = ", ".join("?" * len(part))
            rows += self.select(table, f"WHERE {column} IN ({marks}) ORDER BY {column}, {table.key}", part)
        return rows

    def present(self, table: Table, keys: Sequence[Value]) -> set[str]:
        """Those of these keys, all of them texts, of which there is a row. None is read: it may not be whole."""
        found: set[str] = set()
        for part in _parts(keys):
            marks = ", ".join("?" * len(part))
            found.update(self.keys(f"SELECT {table.key} FROM {table.name} WHERE {table.key} IN ({marks})", part))  # noqa: S608 - names of our own
        return found

    def whole_where(self, table: Table, column: str, value: Value) -> list[Row]:
        """The rows with this value, those among them of which one file says another now."""
        condition = f"SELECT {table.key} FROM {{}}.{table.name} WHERE {column} = ?"  # noqa: S608 - names of our own
        with self._lock:
            found = [self._read(condition.format(schema), (value,)) for schema in schemas(table)]
            rows = self.where(table, table.key, *sorted({key for keys in found for (key,) in keys}))
            at = table.columns.index(column)
            return [row for row in rows if row[at] == value]

    def select(self, table: Table, rest: str = "", values: Sequence[Value] = ()) -> list[Row]:
        """The rows that an SQL condition chooses; as `where`."""
        with self._lock:
            found = self._read(f"{select_from(IN_MAIN, table)} {rest}", values)
            rows = [whole_row(table, row) or self._mended(table, row) for row in found]
            return [row for row in rows if row is not None]

    def keys(self, sql: str, values: Sequence[Value] = ()) -> list[str]:
        """The texts that a query chooses: ids, which are looked up one by one then."""
        return [str(value) for (value,) in self._read(sql, values)]

    def _read(self, sql: str, values: Sequence[Value]) -> list[Row]:
        return self._done(lambda: self._db.execute(sql, values).fetchall())

    def _write(self, statements: Sequence[tuple[str, Sequence[Row]]]) -> None:
        def run() -> None:
            for sql, rows in statements:
                self._db.executemany(sql, rows)

        def run_alone() -> None:
            with self._transaction():
                run()

        with self._lock:
            self._done(run if self._is_writing else run_alone)

    def _done(self, act: Callable[[], _T]) -> _T:
        """What `act` gives, done once more where a file turned out to be damaged and could be made anew."""
        with self._lock:
            self._require_open()
            try:
                with in_words():
                    return act()
            except MirrorDamagedError:
                self._require_mended()
            with in_words():
                return act()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        self._is_writing = True
        try:
            yield
            self.put(FACT, (GENERATION, generation(self._db, IN_MAIN) + 1))
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise
        finally:
            self._is_writing = False

    def _require_mended(self) -> None:
        if self._is_writing:  # what was written before is gone too, which is for `writing` to say
            raise MirrorDamagedError("what this machine kept is damaged")
        self._mend()

    def _mend(self) -> None:
        """Look for damage everywhere in both files, and make good what can be."""
        self._db.close()
        self._is_open = False
        self._require_open()

    def _require_open(self) -> None:
        """Open the files again if they could not be mended before, as on a full disk."""
        if not self._is_open:
            self._db = open_pair(self._directory, is_wholly_sound, self._damaged)
            self._is_open = True

    def _mended(self, table: Table, row: Sequence[Value]) -> Row | None:
        key = row[0]
        kept = self._done(lambda: find_row(self._db, IN_COPY, table, key)) if table.is_twice else None
        if kept is not None:
            self.put(table, kept)
            return kept
        with self.writing():
            deleted = [self._db.execute(delete_from(schema, table), (key_of(key),)) for schema in schemas(table)]
            forget(self._db, table)
        self._damaged(table.lost or f"{table.name} {key!a} was damaged; it is fetched again if the desk has it")
        if not deleted[0].rowcount:  # its key is what was damaged, and what finds it by its key with it
            self._require_mended()
        return None


def _parts(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
