"""Which program runs is one digest of all of its files, wherever it is installed."""

import shutil
from pathlib import Path

import pytest

from intake.software import digest_of, files, this_software
from intake.toplevel import TOPLEVEL
from project import PROJECT

OF_EACH = ["intake/keeper.py", "intake/report/forms/1.toml", "crypto/merkle.py", "wsgi.py",
           "migrations/versions/0001_the_first_schema.py"]  # fmt: skip


def copied(directory: Path) -> Path:
    """The program's files in another directory."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("intake", "crypto", "migrations"):
        shutil.copytree(PROJECT / name, directory / name, ignore=ignored)
    for name in ("wsgi.py", "gunicorn.conf.py"):
        shutil.copy(PROJECT / name, directory / name)
    return directory


def test_each_of_its_files_is_in_it_and_no_cache(tmp_path: Path) -> None:
    place = copied(tmp_path / "copy")
    names = {name for name, _ in files(place / "intake", place)}
    assert names >= set(OF_EACH)
    assert {path.relative_to(place).as_posix() for path in place.rglob("*.py")} <= names
    (place / "intake" / "__pycache__").mkdir()
    (place / "intake" / "__pycache__" / "keeper.pyc").write_bytes(b"cached")
    assert digest_of(files(place / "intake", place)) == this_software().sha256


@pytest.mark.parametrize("name", OF_EACH)
def test_another_byte_in_any_of_them_is_another_program(name: str, tmp_path: Path) -> None:
    place = copied(tmp_path / "copy")
    with (place / name).open("ab") as file:
        file.write(b"#")
    assert digest_of(files(place / "intake", place)) != this_software().sha256


def test_so_is_another_file_or_another_name(tmp_path: Path) -> None:
    place = copied(tmp_path / "copy")
    (place / "intake" / "backdoor.py").touch()
    added = digest_of(files(place / "intake", place))
    (place / "intake" / "backdoor.py").rename(place / "intake" / "door.py")
    assert len({added, digest_of(files(place / "intake", place)), this_software().sha256}) == 3


def test_where_a_wheel_puts_its_files_makes_no_difference(tmp_path: Path) -> None:
    place = copied(tmp_path / "copy")
    top = place / "intake" / TOPLEVEL
    top.mkdir()
    for name in ("wsgi.py", "gunicorn.conf.py", "migrations"):
        (place / name).rename(top / name)
    assert digest_of(files(place / "intake", top)) == this_software().sha256
