"""The file of the mirror, and the copy of what nobody could send again.

`mirror.db` holds everything; `mirror.copy` every row but the log's entries and sealed bytes, which are large, and which
the desk has. A transaction writes to both. When they are opened they are compared, by SQLite itself: where they differ,
the digest of the row says which of the two is right. A file whose structure is damaged is made anew from the other,
with whatever the damaged one still gives back.
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TypeVar

from intake.triage.mirror.tables import ENTRY, FACT, SEALED, TABLES, Row, Table, Value

NAME, COPY = "mirror.db", "mirror.copy"

_VERSION = 1
_MAIN, _COPY = "main", "copy"
_GENERATION = "generation"
_BUSY_SECONDS = 30.0
_AT_ONCE = 500
"""Values that one query looks for."""

_BESIDE = ("", "-wal", "-shm", "-journal")
_DAMAGE = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
# sqlite3 can't put a message into words that quotes damaged bytes.
_FAILURES = (sqlite3.DatabaseError, UnicodeDecodeError)
_T = TypeVar("_T")


class MirrorDamagedError(Exception):
    """The file is not as this program wrote it: damage of this machine, nobody's lie."""


class NewerMirrorError(Exception):
    """A newer program wrote the file, in words for its user."""


class MirrorFile:
    """The two files in a directory, open. Methods may be called from several threads.

    They raise `OSError` where the disk takes or gives nothing. Where the structure of a file turns out to be damaged it
    is made anew, and what was asked for is done once more; only a transaction of several steps raises
    `MirrorDamagedError`, having changed nothing. `damaged` is told in words what could not be restored.
    """

    def __init__(self, directory: Path, damaged: Callable[[str], None]) -> None:
        self._main, self._copy = directory / NAME, directory / COPY
        self._damaged = damaged
        self._lock = RLock()
        self._is_writing = False
        self._db = self._opened(_is_kept_twice_sound)
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
                with _in_words(), self._transaction():
                    yield
            except MirrorDamagedError:
                self._mend()
                raise

    def put(self, table: Table, *rows: Row) -> None:
        """Write rows, in the place of those that have their keys."""
        held = [(*row, table.digest(row)) for row in rows]
        self._write([(_insert(schema, table), held) for schema in _schemas(table)])

    def remove(self, table: Table, *keys: Value) -> None:
        """Delete the rows of these keys, as far as there are any."""
        self._write([(_delete(schema, table), [(_key(key),) for key in keys]) for schema in _schemas(table)])

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
            found = [self._read(condition.format(schema), (value,)) for schema in _schemas(table)]
            rows = [self.get(table, key) for key in sorted({key for keys in found for (key,) in keys})]
            at = table.columns.index(column)
            return [row for row in rows if row is not None and row[at] == value]

    def select(self, table: Table, rest: str = "", values: Sequence[Value] = ()) -> list[Row]:
        """The rows that an SQL condition chooses; as `where`."""
        with self._lock:
            found = self._read(f"{_select(_MAIN, table)} {rest}", values)
            rows = [_whole(table, row) or self._mended(table, row) for row in found]
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
                with _in_words():
                    return act()
            except MirrorDamagedError:
                self._require_mended()
            with _in_words():
                return act()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        self._is_writing = True
        try:
            yield
            self.put(FACT, (_GENERATION, _generation(self._db, _MAIN) + 1))
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
            self._db = self._opened(_is_wholly_sound)
            self._is_open = True

    def _mended(self, table: Table, row: Sequence[Value]) -> Row | None:
        key = row[0]
        kept = self._done(lambda: _find(self._db, _COPY, table, key)) if table.is_twice else None
        if kept is not None:
            self.put(table, kept)
            return kept
        with self.writing():
            is_there = [self._db.execute(_delete(schema, table), (_key(key),)).rowcount for schema in _schemas(table)]
            _forget(self._db, table)
        self._damaged(table.lost or f"{table.name} {key!a} was damaged; it is fetched again if the desk has it")
        if not is_there[0]:  # its key is what was damaged, and what finds it by its key with it
            self._require_mended()
        return None

    def _opened(self, is_sound: Callable[[sqlite3.Connection, str], bool]) -> sqlite3.Connection:
        with _in_words():
            require_no_newer(self._main.parent)
            sound = {path: _make(path) for path in (self._copy, self._main)}
            if all(sound.values()):
                db = self._attached()
                unsound = [
                    path for path, schema in ((self._copy, _COPY), (self._main, _MAIN)) if not is_sound(db, schema)
                ]
                if not unsound:
                    _compare(db, self._damaged)
                    return db
                db.close()
                sound |= dict.fromkeys(unsound, False)
            for path in sound:
                if not sound[path]:
                    self._restore(path, sound)
            db = self._attached()
            _compare(db, self._damaged)
            return db

    def _attached(self) -> sqlite3.Connection:
        db = _connect(self._main)
        db.execute("ATTACH ? AS copy", (str(self._copy),))
        for schema in (_MAIN, _COPY):
            for setting in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
                db.execute(f"PRAGMA {schema}.{setting}")
        return db

    def _restore(self, path: Path, sound: dict[Path, bool]) -> None:
        """Make a file anew, from the other one where that is sound, and from what it still gives back itself.

        Only a whole one takes its place: whatever ends this before, the next start finds what this one found.
        """
        new = path.with_name(f"{path.name}.new")
        _remove(new, _BESIDE)
        _make(new)
        other = self._copy if path == self._main else self._main
        with closing(_connect(new)) as db, closing(_connect(path)) as damaged:
            db.execute("BEGIN IMMEDIATE")
            if sound[other]:
                with closing(_connect(other)) as whole:
                    _take(db, whole, [table for table in TABLES if table.is_twice])
            else:
                _take(db, damaged, [table for table in TABLES if table.is_twice])
            if path == self._main:
                _take_large(db, damaged)
            db.execute("COMMIT")
        # What was not yet moved into the damaged file would be moved into this one.
        _remove(path, _BESIDE[1:])
        new.replace(path)
        self._damaged(f"{path} was damaged; what is kept twice, and what could still be read, was restored")


def _remove(path: Path, ends: Sequence[str]) -> None:
    for end in ends:
        Path(f"{path}{end}").unlink(missing_ok=True)


def require_no_newer(directory: Path) -> None:
    """Raise `NewerMirrorError` if a newer program wrote what lies in a directory."""
    # One file alone may say anything, once it is damaged.
    versions = {_version(directory / name) for name in (NAME, COPY)}
    if len(versions) == 1 and max(versions) > _VERSION:
        raise NewerMirrorError(f"{directory} is of a newer version of this program: bring this one up to date")


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    # What a flipped bit made of a text is for the digest to find.
    db.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    return db


def _make(path: Path) -> bool:
    """Make the file if it isn't there; False if it is damaged."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    with closing(_connect(path)) as db:
        try:
            version = _version(path)
            if version == 0 and not _statements(db):
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA:
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {_VERSION}")
                db.execute("COMMIT")
                return True
            return version == _VERSION and _statements(db) == list(_SCHEMA)
        except _FAILURES as error:
            if not _is_damage(error):
                raise
            return False


def _version(path: Path) -> int:
    """Which program's file it is; 0 if it is new or can't be read."""
    if not path.exists():
        return 0
    try:
        with closing(_connect(path)) as db:
            return int(db.execute("PRAGMA user_version").fetchone()[0])
    except _FAILURES as error:
        if not _is_damage(error):
            raise
        return 0


def _statements(db: sqlite3.Connection) -> list[str]:
    return [sql for (sql,) in db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")]


def _parts(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))


def _schema() -> Iterator[str]:
    for table in TABLES:
        columns = ", ".join((*table.columns, "proof")).replace("place", "place INTEGER", table is ENTRY)
        rows = " WITHOUT ROWID" if table.is_twice else ""
        yield f"CREATE TABLE {table.name} ({columns}, PRIMARY KEY ({table.key})){rows}"
        for column in table.by:
            yield f"CREATE INDEX {table.name}_by_{column} ON {table.name} ({column})"


_SCHEMA = tuple(_schema())


def _schemas(table: Table) -> Sequence[str]:
    return (_MAIN, _COPY) if table.is_twice else (_MAIN,)


def _select(schema: str, table: Table) -> str:
    return f"SELECT {', '.join(table.columns)}, proof FROM {schema}.{table.name}"  # noqa: S608 - names of our own


def _insert(schema: str, table: Table) -> str:
    values = ", ".join("?" * (len(table.columns) + 1))
    return f"INSERT OR REPLACE INTO {schema}.{table.name} VALUES ({values})"  # noqa: S608 - names of our own


def _delete(schema: str, table: Table) -> str:
    return f"DELETE FROM {schema}.{table.name} {_BY_KEY.format(table.key)}"  # noqa: S608 - names of our own


# A text that a flipped bit made is no UTF-8, and would not be taken as a text.
_BY_KEY = "WHERE {0} = CASE typeof(?1) WHEN 'blob' THEN CAST(?1 AS TEXT) ELSE ?1 END"


def _key(value: Value) -> Value:
    return value.encode(errors="surrogateescape") if isinstance(value, str) else value


def _whole(table: Table, row: Sequence[Value]) -> Row | None:
    return tuple(row[:-1]) if row[-1] == table.digest(tuple(row[:-1])) else None


def _find(db: sqlite3.Connection, schema: str, table: Table, key: Value) -> Row | None:
    row = db.execute(f"{_select(schema, table)} {_BY_KEY.format(table.key)}", (_key(key),)).fetchone()
    return None if row is None else _whole(table, row)


def _generation(db: sqlite3.Connection, schema: str) -> int:
    """How many transactions a file has seen; it is behind the other one where it has lost the last of them."""
    row = _find(db, schema, FACT, _GENERATION)
    return -1 if row is None else int(row[1])


def _is_kept_twice_sound(db: sqlite3.Connection, schema: str) -> bool:
    """Whether every row that is kept twice can be found, in whichever way it is looked for."""
    return _is_sound(db, [f"{schema}.integrity_check({table.name})" for table in TABLES if table.is_twice])


def _is_wholly_sound(db: sqlite3.Connection, schema: str) -> bool:
    """Whether nothing in a file is damaged: the large tables are read too."""
    return _is_sound(db, [f"{schema}.integrity_check"])


def _is_sound(db: sqlite3.Connection, checks: Iterable[str]) -> bool:
    try:
        return all(db.execute(f"PRAGMA {check}").fetchall() == [("ok",)] for check in checks)
    except _FAILURES as error:
        if not _is_damage(error):
            raise
        return False


def _compare(db: sqlite3.Connection, damaged: Callable[[str], None]) -> None:
    """Make both files hold the same, where a row is damaged or the last transactions of one are lost."""
    main, copy = _generation(db, _MAIN), _generation(db, _COPY)
    db.execute("BEGIN IMMEDIATE")
    for table in TABLES:
        for key in _differing(db, table) if table.is_twice else ():
            ours, other = (_find(db, schema, table, key) for schema in (_MAIN, _COPY))
            # As many transactions: one of them is damaged. Otherwise the one that has seen more knows what is gone.
            row = (ours or other) if main == copy else ours if main > copy else other
            for schema in (_MAIN, _COPY):
                if row is None:
                    db.execute(_delete(schema, table), (_key(key),))
                else:
                    db.execute(_insert(schema, table), (*row, table.digest(row)))
            if row is None and main == copy:
                _forget(db, table)
                damaged(table.lost)
    db.execute("COMMIT")


def _forget(db: sqlite3.Connection, table: Table) -> None:
    """Where a row is lost, what said that all are there is true no more."""
    for schema in (_MAIN, _COPY) if table.stands_for else ():
        db.executemany(f"DELETE FROM {schema}.fact WHERE name = ?", [(name,) for name in table.stands_for])  # noqa: S608


def _differing(db: sqlite3.Connection, table: Table) -> list[Value]:
    name, key = table.name, table.key
    same = " AND ".join(f"ours.{column} IS other.{column}" for column in (*table.columns, "proof"))
    found = db.execute(
        f"SELECT {key} FROM main.{name} AS ours WHERE NOT EXISTS "  # noqa: S608 - names of our own
        f"(SELECT 1 FROM copy.{name} AS other WHERE {same}) UNION "
        f"SELECT {key} FROM copy.{name} AS other WHERE NOT EXISTS "
        f"(SELECT 1 FROM main.{name} AS ours WHERE {same})"
    )
    return [value for (value,) in found]


def _take(db: sqlite3.Connection, source: sqlite3.Connection, tables: Iterable[Table]) -> None:
    """Copy what can be read of tables."""
    for table in tables:
        with suppress(*_FAILURES):
            for row in source.execute(_select(_MAIN, table)):
                if _whole(table, row) is not None:
                    db.execute(_insert(_MAIN, table), row)


def _take_large(db: sqlite3.Connection, source: sqlite3.Connection) -> None:
    """Copy what can be read of entries and sealed bytes, each by its key: a damaged page hides nothing beyond it."""
    (last,) = db.execute("SELECT max(place) FROM added").fetchone()
    names = db.execute(
        "SELECT 'summary/' || tip FROM known UNION SELECT 'summary/' || id FROM tip UNION "
        "SELECT 'item/' || tip || '/' || id FROM item UNION SELECT 'item/' || tip || '/' || id FROM first UNION "
        "SELECT 'item/' || tip || '/' || item FROM added UNION SELECT 'item/any/' || id FROM item UNION "
        "SELECT 'item/any/' || id FROM first UNION SELECT 'item/any/' || item FROM added"
    ).fetchall()
    for table, keys in ((ENTRY, range((last or 0) + 1)), (SEALED, [name for (name,) in names])):
        for key in keys:
            with suppress(*_FAILURES):
                row = _find(source, _MAIN, table, key)
                if row is not None:
                    db.execute(_insert(_MAIN, table), (*row, table.digest(row)))


def _is_damage(error: sqlite3.DatabaseError | UnicodeDecodeError) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code & 0xFF in _DAMAGE


@contextmanager
def _in_words() -> Iterator[None]:
    """What SQLite can't do, as what it is: damage, or a disk."""
    try:
        yield
    except _FAILURES as error:
        if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise
        if _is_damage(error):
            raise MirrorDamagedError("what this machine kept is damaged") from error
        is_full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        number = errno.ENOSPC if is_full else errno.EIO
        raise OSError(number, os.strerror(number)) from error
