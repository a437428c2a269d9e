"""`intake age` does what the age tool does, and its files go both ways."""

import fcntl
import os
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner

from intake.cli import main


def intake(*arguments: str, data: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "intake", "age", *arguments], input=data, capture_output=True, check=False
    )


def await_empty(pipe: IO[bytes]) -> None:
    """Wait until the other side has read what is in a pipe."""
    for _ in range(1000):
        if not int.from_bytes(fcntl.ioctl(pipe.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder):
            return
        time.sleep(0.01)
    raise AssertionError("nobody reads")


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


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing yet"])
def test_a_link_goes_on_leading_to_the_output(key: tuple[Path, str], tmp_path: Path, there: bool) -> None:
    path, recipient = key
    link, file = tmp_path / "link", tmp_path / "elsewhere" / "file"
    file.parent.mkdir()
    if there:
        file.write_bytes(b"old")
    link.symlink_to(Path("elsewhere", "file"))
    assert intake("-r", recipient, "-o", str(link), data=b"data").returncode == 0
    assert link.is_symlink()
    assert intake("-d", "-i", str(path), str(file)).stdout == b"data"
    assert [entry.name for entry in file.parent.iterdir()] == ["file"]


def test_a_pipe_as_output_stays_one_and_gets_the_bytes(key: tuple[Path, str], tmp_path: Path) -> None:
    path, recipient = key
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    far = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    far.start()
    assert intake("-r", recipient, "-o", str(pipe), data=b"data").returncode == 0
    far.join(10)
    assert pipe.is_fifo()
    assert intake("-d", "-i", str(path), data=read[0]).stdout == b"data"


def test_a_link_to_a_device_is_written_to_and_stays(key: tuple[Path, str], tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/dev/full")
    result = intake("-r", key[1], "-o", str(link), data=b"data")
    assert (result.returncode, result.stderr) == (5, b"Error: No space left on device\n")
    assert link.readlink() == Path("/dev/full")


def test_a_dash_as_output_is_standard_output(
    key: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, recipient = key
    directory = tmp_path / "here"
    directory.mkdir()
    monkeypatch.chdir(directory)
    sealed = intake("-r", recipient, "-o", "-", data=b"data").stdout
    assert intake("-d", "-i", str(path), "-o", "-", data=sealed).stdout == b"data"
    assert list(directory.iterdir()) == []
    assert intake("-r", recipient, "-o", "./-", data=b"data").stdout == b""
    assert (directory / "-").is_file()


@pytest.mark.parametrize("flags", [[], ["-a"]], ids=["binary", "armored"])
def test_what_comes_in_small_pieces_is_opened(key: tuple[Path, str], flags: list[str]) -> None:
    path, recipient = key
    sealed = intake("-r", recipient, *flags, data=b"data").stdout
    command = [sys.executable, "-m", "intake", "age", "-d", "-i", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as program:
        assert program.stdin
        assert program.stdout
        for piece in (sealed[:3], sealed[3:9], sealed[9:]):
            program.stdin.write(piece)
            # The first pieces lie in the pipe by themselves until the program has begun to read.
            await_empty(program.stdin)
        program.stdin.close()
        assert program.stdout.read() == b"data"


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


def test_a_program_that_is_killed_leaves_no_plaintext_behind(key: tuple[Path, str], tmp_path: Path) -> None:
    path, recipient = key
    sealed = intake("-r", recipient, data=bytes(2_000_000)).stdout
    command = [sys.executable, "-m", "intake", "age", "-d", "-i", str(path), "-o", str(tmp_path / "opened")]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        # More than a pipe holds: when this returns, most of it has been opened.
        process.stdin.write(sealed[:-1])
        process.stdin.flush()
        process.kill()
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


def test_a_wrong_call_shows_the_command_that_was_typed() -> None:
    lines = intake("-e", "-d").stderr.decode().splitlines()
    assert lines[:2] == [
        "Usage: intake age [-e|-d] [OPTIONS] [INPUT]",
        "Try 'intake age --help' for help.",
    ]


def test_the_wrong_key_is_told_as_such(tmp_path: Path, key: tuple[Path, str]) -> None:
    _, recipient = key
    intake("keygen", "-o", str(tmp_path / "other"))
    result = intake("-d", "-i", str(tmp_path / "other"), data=intake("-r", recipient, data=b"data").stdout)
    assert result.stderr == b"Error: none of these identities opens the file\n"
