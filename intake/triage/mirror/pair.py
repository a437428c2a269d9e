"""The two files of the mirror: made, opened together, compared, and restored from one another.

They are compared by SQLite itself: where they differ, the digest of the row says which of the two is right. A file
whose structure is damaged is made anew from the other, with whatever the damaged one still gives back.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from intake.triage.mirror.statements import (
    FAILURES,
    IN_COPY,
    IN_MAIN,
    SCHEMAS,
    VERSION,
    connect,
    delete_from,
    find_row,
    forget,
    generation,
    in_words,
    insert_into,
    is_damage,
    key_of,
    select_from,
    whole_row,
)
from intake.triage.mirror.tables import ENTRY, SEALED, TABLES, Table, Value

NAME, COPY = "mirror.db", "mirror.copy"

_BESIDE = ("", "-wal", "-shm", "-journal")

Damaged = Callable[[str], None]
"""Is told in words what could not be restored."""
IsSound = Callable[[sqlite3.Connection], bool]
"""Whether a file is free of damage."""


class NewerMirrorError(Exception):
    """A newer program wrote the file, in words for its user."""


def open_pair(directory: Path, is_sound: IsSound, damaged: Damaged) -> sqlite3.Connection:
    """A connection to both files, which then hold the same of all that is kept twice.

    They are made if they aren't there. Raises `NewerMirrorError`, and `OSError` where the disk gives or takes nothing.
    """
    main, copy = directory / NAME, directory / COPY
    with in_words():
        require_no_newer(directory)
        sound = {path: _make(path) for path in (copy, main)}
        if all(sound.values()):
            sound = _checked(list(sound), is_sound)
        for path, other in ((copy, main), (main, copy)):
            if not sound[path]:
                _restore(path, other if sound[other] else None, damaged)
        db = _attached(main, copy)
        _compare(db, damaged)
        return db


def _checked(paths: Sequence[Path], is_sound: IsSound) -> dict[Path, bool]:
    """Which files are sound: looked at side by side, since each is read through."""

    def check(path: Path) -> bool:
        with closing(connect(path)) as db:
            return is_sound(db)

    with ThreadPoolExecutor() as beside:
        return dict(zip(paths, beside.map(check, paths), strict=True))


def _attached(main: Path, copy: Path) -> sqlite3.Connection:
    db = connect(main)
    db.execute("ATTACH ? AS copy", (str(copy),))
    for schema in (IN_MAIN, IN_COPY):
        for setting in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            db.execute(f"PRAGMA {schema}.{setting}")
    return db


def _restore(path: Path, other: Path | None, damaged: Damaged) -> None:
    """Make a file anew, from the other one if that is sound, and from what it still gives back itself.

    Only a whole one takes its place: whatever ends this before, the next start finds what this one found.
    """
    new = path.with_name(f"{path.name}.new")
    _remove(new, _BESIDE)
    _make(new)
    with closing(connect(new)) as db, closing(connect(path)) as spoilt, closing(connect(other or path)) as whole:
        db.execute("BEGIN IMMEDIATE")
        _take(db, whole, [table for table in TABLES if table.is_twice])
        if path.name == NAME:
            _take_large(db, spoilt)
        db.execute("COMMIT")
    # What was not yet moved into the damaged file would be moved into this one.
    _remove(path, _BESIDE[1:])
    new.replace(path)
    damaged(f"{path} was damaged; what is kept twice, and what could still be read, was restored")


def _remove(path: Path, ends: Sequence[str]) -> None:
    for end in ends:
        Path(f"{path}{end}").unlink(missing_ok=True)


def require_no_newer(directory: Path) -> None:
    """Raise `NewerMirrorError` if a newer program wrote what lies in a directory."""
    # One file alone may say anything, once it is damaged.
    versions = {_version(directory / name) for name in (NAME, COPY)}
    if len(versions) == 1 and max(versions) > VERSION:
        raise NewerMirrorError(f"{directory} is of a newer version of this program: bring this one up to date")


def _make(path: Path) -> bool:
    """Make the file if it isn't there, or what it lacks of this version; False if it is damaged."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    with closing(connect(path)) as db:
        try:
            version = _version(path)
            earlier = SCHEMAS.get(version, ())
            if _statements(db) != list(earlier) or (_version(path) and not _can_be_written(path)):
                return False
            if version < VERSION:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("BEGIN IMMEDIATE")
                for statement in SCHEMAS[VERSION][len(earlier) :]:
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {VERSION}")
                db.execute("COMMIT")
        except FAILURES as error:
            if not is_damage(error):
                raise
            return False
        else:
            return True


def _can_be_written(path: Path) -> bool:
    """Whether the head of a file says so: SQLite would read one that doesn't (its file format, section 1.3.3)."""
    with path.open("rb") as file:
        return file.read(20)[18:] in (b"\1\1", b"\2\2")


def _version(path: Path) -> int:
    """Which program's file it is; 0 if it is new or can't be read."""
    if not path.exists():
        return 0
    try:
        with closing(connect(path)) as db:
            return int(db.execute("PRAGMA user_version").fetchone()[0])
    except FAILURES as error:
        if not is_damage(error):
            raise
        return 0


def _statements(db: sqlite3.Connection) -> list[str]:
    return [
        statement for (statement,) in db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
    ]


def is_kept_twice_sound(db: sqlite3.Connection) -> bool:
    """Whether every row that is kept twice can be found, in whichever way it is looked for."""
    return _is_sound(db, [f"integrity_check({table.name})" for table in TABLES if table.is_twice])


def is_wholly_sound(db: sqlite3.Connection) -> bool:
    """Whether nothing in a file is damaged: the large tables are read too."""
    return _is_sound(db, ["integrity_check"])


def _is_sound(db: sqlite3.Connection, checks: Iterable[str]) -> bool:
    try:
        return all(db.execute(f"PRAGMA {check}").fetchall() == [("ok",)] for check in checks)
    except FAILURES as error:
        if not is_damage(error):
            raise
        return False


def _compare(db: sqlite3.Connection, damaged: Callable[[str], None]) -> None:
    """Make both files hold the same, where a row is damaged or the last transactions of one are lost."""
    main, copy = generation(db, IN_MAIN), generation(db, IN_COPY)
    db.execute("BEGIN IMMEDIATE")
    for table in TABLES:
        for key in _differing(db, table) if table.is_twice else ():
            ours, other = (find_row(db, schema, table, key) for schema in (IN_MAIN, IN_COPY))
            # As many transactions: one of them is damaged. Otherwise the one that has seen more knows what is gone.
            row = (ours or other) if main == copy else ours if main > copy else other
            for schema in (IN_MAIN, IN_COPY):
                if row is None:
                    db.execute(delete_from(schema, table), (key_of(key),))
                else:
                    db.execute(insert_into(schema, table), (*row, table.digest(row)))
            if row is None and main == copy:
                forget(db, table)
                damaged(table.lost)
    db.execute("COMMIT")


def _differing(db: sqlite3.Connection, table: Table) -> set[Value]:
    found = _lacking(db, table, IN_COPY, IN_MAIN)
    sizes = {
        db.execute(f"SELECT count(*) FROM {schema}.{table.name}").fetchone()  # noqa: S608 - names of our own
        for schema in (IN_MAIN, IN_COPY)
    }
    # As many rows, and each in both: then there is none beside them.
    return found | _lacking(db, table, IN_MAIN, IN_COPY) if found or len(sizes) > 1 else found


def _lacking(db: sqlite3.Connection, table: Table, schema: str, other: str) -> set[Value]:
    """The keys of rows of the other file that one file does not have, or has otherwise."""
    same = " AND ".join(f"ours.{column} IS other.{column}" for column in (*table.columns, "proof"))
    found = db.execute(
        f"SELECT {table.key} FROM {other}.{table.name} AS other WHERE NOT EXISTS "  # noqa: S608 - names of our own
        f"(SELECT 1 FROM {schema}.{table.name} AS ours WHERE {same})"
    )
    return {value for (value,) in found}


def _take(db: sqlite3.Connection, source: sqlite3.Connection, tables: Iterable[Table]) -> None:
    """Copy what can be read of tables."""
    for table in tables:
        with suppress(*FAILURES):
            for row in source.execute(select_from(IN_MAIN, table)):
                if whole_row(table, row) is not None:
                    db.execute(insert_into(IN_MAIN, table), row)


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
            with suppress(*FAILURES):
                row = find_row(source, IN_MAIN, table, key)
                if row is not None:
                    db.execute(insert_into(IN_MAIN, table), (*row, table.digest(row)))
