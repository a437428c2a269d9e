"""`intake age` does what the age tool does, and its files go both ways."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from intake.cli import main


def intake(*arguments: str, data: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "intake", "age", *arguments], input=data, capture_output=True, check=False
    )


@pytest.fixture(params=[[], ["--x25519"]], ids=["hybrid", "x25519"])
def key(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A key file and its recipient."""
    path = tmp_path / "key.txt"
    result = intake("keygen", "-o", str(path), *request.param)
    assert result.returncode == 0
    return path, result.stderr.decode().removeprefix("Public key: ").strip()


@pytest.mark.parametrize("flags", [[], ["-a"]], ids=["binary", "armored"])
def test_a_file_streams_from_standard_input_to_standard_output_and_back(
    key: tuple[Path, str], flags: list[str]
) -> None:
    path, recipient = key
    sealed = intake("-e", *flags, "-r", recipient, data=b"data" * 50_000)
    assert b"data" not in sealed.stdout
    assert intake("-d", "-i", str(path), data=sealed.stdout).stdout == b"data" * 50_000


def test_the_age_tool_opens_it_and_the_reverse(tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    recipient = intake("keygen", "--x25519", "-o", str(path)).stderr.decode().split()[-1]
    sealed = intake("-r", recipient, data=b"data").stdout
    opened = subprocess.run(["age", "-d", "-i", str(path)], input=sealed, capture_output=True, check=True).stdout
    assert opened == b"data"
    theirs = subprocess.run(["age", "-a", "-r", recipient], input=b"data", capture_output=True, check=True).stdout
    assert intake("-d", "-i", str(path), data=theirs).stdout == b"data"


def test_a_passphrase_is_asked_for_and_opens_the_file_again(tmp_path: Path) -> None:
    source, sealed, opened = (tmp_path / name for name in ("source", "sealed", "opened"))
    source.write_bytes(b"data")
    runner = CliRunner()
    assert runner.invoke(main, ["age", "-p", "-o", str(sealed), str(source)], input="words\nwords\n").exit_code == 0
    wrong = runner.invoke(main, ["age", "-d", "-o", str(opened), str(sealed)], input="other\n")
    assert (wrong.exit_code, opened.exists()) == (1, False)
    assert runner.invoke(main, ["age", "-d", "-o", str(opened), str(sealed)], input="words\n").exit_code == 0
    assert opened.read_bytes() == b"data"


def test_a_list_of_recipients_and_files_by_name(key: tuple[Path, str], tmp_path: Path) -> None:
    path, recipient = key
    listed, source, sealed, opened = (tmp_path / name for name in ("list", "source", "sealed", "opened"))
    listed.write_text(f"# the team\n\n{recipient}\n")
    source.write_bytes(b"data")
    assert intake("-R", str(listed), "-o", str(sealed), str(source)).returncode == 0
    assert intake("-d", "-i", str(path), "-o", str(opened), str(sealed)).returncode == 0
    assert opened.read_bytes() == b"data"


def test_a_key_file_is_for_its_owner_only_and_never_overwritten(key: tuple[Path, str]) -> None:
    path, recipient = key
    assert path.stat().st_mode & 0o077 == 0
    assert f"# public key: {recipient}\n" in path.read_text()
    assert intake("keygen", "-o", str(path)).returncode == 1


def test_a_damaged_file_leaves_nothing_under_the_name_of_the_output(key: tuple[Path, str], tmp_path: Path) -> None:
    path, recipient = key
    sealed = intake("-r", recipient, data=bytes(200_000)).stdout
    result = intake("-d", "-i", str(path), "-o", str(tmp_path / "opened"), data=sealed[:-1])
    assert (result.returncode, result.stderr) == (1, b"Error: the file was changed or cut\n")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["key.txt"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-e", "-d"], "-e and -d can't be combined"),
        (["-e"], "say who can open it"),
        (["-r", "age1qqqqqqqqqq"], "the checksum of a key is wrong"),
        (["-d", "-r", "age1x"], "are for encryption"),
        (["-d", "-p"], "are for encryption"),
        (["-d", "-i", "nowhere"], "does not exist"),
    ],
)
def test_a_wrong_call_gets_plain_words(arguments: list[str], says: str) -> None:
    result = intake(*arguments)
    assert result.returncode in (1, 2)
    assert says in result.stderr.decode()
    assert b"Traceback" not in result.stderr


def test_the_wrong_key_is_told_as_such(tmp_path: Path, key: tuple[Path, str]) -> None:
    _, recipient = key
    intake("keygen", "-o", str(tmp_path / "other"))
    result = intake("-d", "-i", str(tmp_path / "other"), data=intake("-r", recipient, data=b"data").stdout)
    assert result.stderr == b"Error: none of these identities opens the file\n"
