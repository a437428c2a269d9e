"""The mirror's file: what is written is there, and whatever a disk does to it is told from content."""

import errno
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.pair import COPY, NAME, NewerMirrorError
from intake.triage.mirror.statements import SCHEMAS, VERSION
from intake.triage.mirror.tables import ADDED, ENTRY, FACT, ITEM, LOOKED, SEALED, UNSENT, Row, Table

ROWS: dict[Table, list[Row]] = {
    FACT: [("head", b"signed"), ("text", "Grüße")],
    ITEM: [(f"{n:032x}", f"{n % 7:032x}", "message", "2026-01-01", 2500 + n, 0) for n in range(120)],
    ADDED: [(f"{n:032x}", n, "k" * 32, "2026-01-01T00:00:00Z", b"d" * 32, f"{n % 7:032x}", 1) for n in range(60)],
    UNSENT: [("1" * 32, b"sealed by its writer" * 99)],
    ENTRY: [(n, b"an entry %d" % n * 20) for n in range(60)],
    SEALED: [(f"item/{n:032x}/{n:032x}", bytes([n]) * 3000) for n in range(60)],
}


def filled(directory: Path) -> None:
    file = MirrorFile(directory, pytest.fail)
    with file.writing():
        for table, rows in ROWS.items():
            file.put(table, *rows)
    file.close()


def held(file: MirrorFile, table: Table) -> list[Row]:
    rows = file.select(table, f"ORDER BY {table.key}")
    return [row for row in rows if row[0] != "generation"]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sound")
    filled(directory)
    return directory


def test_what_is_written_is_there_in_a_file_that_only_its_owner_can_read(sound: Path, tmp_path: Path) -> None:
    shutil.copytree(sound, tmp_path / "home")
    file = MirrorFile(tmp_path / "home", pytest.fail)
    for table, rows in ROWS.items():
        assert held(file, table) == rows
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "home").iterdir()} == {0o600}


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    file = MirrorFile(tmp_path, pytest.fail)
    with pytest.raises(sqlite3.ProgrammingError), file.writing():
        file.put(UNSENT, ("1" * 32, b"sealed"), ("2" * 32, object()))
    assert held(file, UNSENT) == []


def test_the_files_of_a_newer_program_are_left_alone(tmp_path: Path) -> None:
    filled(tmp_path)
    for name in (NAME, COPY):
        with closing(sqlite3.connect(tmp_path / name)) as db:
            db.execute(f"PRAGMA user_version = {VERSION + 1}")
    held = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(NewerMirrorError, match="bring this one up to date"):
        MirrorFile(tmp_path, pytest.fail)
    assert {path: path.read_bytes() for path in held} == held


def test_the_files_of_an_earlier_program_are_taken_over_with_all_that_is_in_them(tmp_path: Path) -> None:
    for name in (NAME, COPY):
        with closing(sqlite3.connect(tmp_path / name)) as db:
            for statement in SCHEMAS[1]:
                db.execute(statement)
            db.execute("PRAGMA user_version = 1")
            rows = [(*row, UNSENT.digest(row)) for row in ROWS[UNSENT]]
            db.executemany("INSERT INTO unsent VALUES (?, ?, ?)", rows)
            db.commit()
    for _ in range(2):
        file = MirrorFile(tmp_path, pytest.fail)
        assert held(file, UNSENT) == ROWS[UNSENT]
        file.put(LOOKED, ("1" * 32, b"items"))
        file.close()


@pytest.mark.parametrize("name", [NAME, COPY])
@pytest.mark.parametrize(
    "spoil", [lambda p: p.write_bytes(b""), Path.unlink, lambda p: p.write_bytes(p.read_bytes()[:9000])]
)
def test_what_is_kept_twice_survives_the_loss_of_either_file(
    name: str, spoil: Callable[[Path], object], sound: Path, tmp_path: Path
) -> None:
    shutil.copytree(sound, tmp_path / "home")
    spoil(tmp_path / "home" / name)
    says: list[str] = []
    for _ in range(2):
        file = MirrorFile(tmp_path / "home", says.append)
        for table in (FACT, ITEM, ADDED, UNSENT):
            assert held(file, table) == ROWS[table]
        file.close()


@pytest.mark.parametrize("name", [NAME, COPY])
@pytest.mark.parametrize("place", range(100))
def test_a_byte_of_a_files_head_is_mended_whatever_it_becomes(
    name: str, place: int, sound: Path, tmp_path: Path
) -> None:
    for bit in range(8):
        home = tmp_path / f"home-{bit}"
        shutil.copytree(sound, home)
        data = bytearray((home / name).read_bytes())
        data[place] ^= 1 << bit
        (home / name).write_bytes(data)
        file = MirrorFile(home, lambda _: None)
        file.put(UNSENT, ("another", b"sealed"))
        for table in (FACT, ITEM, ADDED):
            assert held(file, table) == ROWS[table]
        assert file.get(UNSENT, "another") == ("another", b"sealed")
        file.close()


@pytest.mark.slow
@settings(max_examples=200)
@example(name=NAME, place=0.3858758809294619, bit=1, more=[])  # the structure of the table of entries
@example(name=NAME, place=1.0, bit=0, more=[0.9140625])  # the key of a sealed row
@example(name=COPY, place=1.0, bit=7, more=[0.015625])  # a message that quotes the schema
@given(
    name=st.sampled_from([NAME, COPY]),
    place=st.floats(0, 1),
    bit=st.integers(0, 7),
    more=st.lists(st.floats(0, 1), max_size=3),
)
def test_no_flipped_bit_loses_what_is_kept_twice_or_changes_a_row(
    name: str, place: float, bit: int, more: list[float], sound: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("flipped") / "home"
    shutil.copytree(sound, home)
    data = bytearray((home / name).read_bytes())
    for each in (place, *more):
        data[int(each * (len(data) - 1))] ^= 1 << bit
    (home / name).write_bytes(data)
    file = MirrorFile(home, lambda _: None)
    for table in (FACT, ITEM, ADDED, UNSENT):
        assert held(file, table) == ROWS[table]
    for table in (ENTRY, SEALED):
        for row in ROWS[table]:
            assert file.get(table, row[0]) in (row, None)
    # Whatever is gone can be fetched again, and is there then.
    for _ in range(3):
        for table in (ENTRY, SEALED):
            file.put(table, *(row for row in ROWS[table] if file.get(table, row[0]) is None))
    for table in (ENTRY, SEALED):
        assert [file.get(table, row[0]) for row in ROWS[table]] == ROWS[table]
    for table in (FACT, ITEM, ADDED, UNSENT):
        assert held(file, table) == ROWS[table]
    file.close()
    shutil.rmtree(home)


@pytest.mark.parametrize("name", [NAME, COPY])
def test_a_restoring_that_is_cut_off_loses_nothing_that_the_next_one_could_restore(
    name: str, sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    shutil.copytree(sound, home)
    (home / name).write_bytes((home / name).read_bytes()[:9000])

    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="no space"):
            MirrorFile(home, lambda _: None)
    file_ = MirrorFile(home, lambda _: None)
    for table in (FACT, ITEM, ADDED, UNSENT):
        assert held(file_, table) == ROWS[table]
    assert not list(home.glob("*.new"))


def test_a_disk_that_is_full_while_a_file_is_made_anew_closes_nothing_for_good(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    shutil.copytree(sound, home)
    with closing(sqlite3.connect(home / NAME)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'entry'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    data = bytearray((home / NAME).read_bytes())
    # Of what the desk can send again, no start reads it all.
    data[(page - 1) * size] ^= 0xFF
    (home / NAME).write_bytes(data)
    file = MirrorFile(home, lambda _: None)

    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="no space"):
            file.select(ENTRY)
        with pytest.raises(OSError, match="no space"):
            file.put(UNSENT, ("2" * 32, b"kept"))
    file.put(UNSENT, ("2" * 32, b"kept"))
    assert file.get(UNSENT, "2" * 32) == ("2" * 32, b"kept")
