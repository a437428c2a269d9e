"""`intake age` does what the age tool does, and its files go both ways."""

import fcntl
import os
import subprocess
import sys
import termios
import threading
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner

from commands import INTAKE, run_bytes
from intake.cli import main
from policies import policy_file
from waiting import waited_for

pytestmark = pytest.mark.slow


def intake(*arguments: str, data: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """The command in the present directory."""
    return run_bytes([*INTAKE, "age", *arguments], data, directory=Path.cwd())


def await_empty(pipe: IO[bytes]) -> None:
    """Wait until the other side has read what is in a pipe."""
    waited_for(lambda: not int.from_bytes(fcntl.ioctl(pipe.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder))


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
    assert (wrong.exit_code, opened.exists()) == (2, False)
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
    assert intake("keygen", "-o", str(path)).returncode == 2


def test_a_damaged_file_leaves_nothing_under_the_name_of_the_output(key: tuple[Path, str], tmp_path: Path) -> None:
    path, recipient = key
    sealed = intake("-r", recipient, data=bytes(200_000)).stdout
    result = intake("-d", "-i", str(path), "-o", str(tmp_path / "opened"), data=sealed[:-1])
    assert (result.returncode, result.stderr) == (2, b"Error: the file was changed or cut\n")
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
    assert result.returncode == 2
    assert says in result.stderr.decode()
    assert b"Traceback" not in result.stderr


def test_a_wrong_call_names_the_help_of_the_command_that_was_typed() -> None:
    assert intake("-e", "-d").stderr == b"Error: -e and -d can't be combined; see 'intake age --help'\n"


def test_the_wrong_key_is_told_as_such(tmp_path: Path, key: tuple[Path, str]) -> None:
    _, recipient = key
    intake("keygen", "-o", str(tmp_path / "other"))
    result = intake("-d", "-i", str(tmp_path / "other"), data=intake("-r", recipient, data=b"data").stdout)
    assert result.stderr == b"Error: none of these identities opens the file\n"


def sealed_key(tmp_path: Path, *flags: str) -> tuple[Path, str]:
    """A file of identities under the passphrase "words", and the recipient in it."""
    plain, path = tmp_path / "plain.txt", tmp_path / "sealed.age"
    recipient = intake("keygen", "--x25519", "-o", str(plain)).stderr.decode().split()[-1]
    arguments = ["age", "-p", *flags, "-o", str(path), str(plain)]
    assert CliRunner().invoke(main, arguments, input="words\nwords\n").exit_code == 0
    plain.unlink()
    return path, recipient


@pytest.mark.parametrize("flags", [[], ["-a"]], ids=["binary", "armored"])
def test_a_file_of_identities_may_itself_be_under_a_passphrase(tmp_path: Path, flags: list[str]) -> None:
    path, recipient = sealed_key(tmp_path, *flags)
    sealed, opened = tmp_path / "sealed", tmp_path / "opened"
    subprocess.run(["age", "-r", recipient, "-o", str(sealed)], input=b"data", check=True)
    wrong = CliRunner().invoke(main, ["age", "-d", "-i", str(path), "-o", str(opened), str(sealed)], input="other\n")
    assert (wrong.exit_code, "the passphrase is not right" in wrong.output) == (2, True)
    assert not opened.exists()
    right = CliRunner().invoke(main, ["age", "-d", "-i", str(path), "-o", str(opened), str(sealed)], input="words\n")
    assert (right.exit_code, opened.read_bytes()) == (0, b"data")


def test_a_wrong_passphrase_is_called_that(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"data")
    runner, sealed = CliRunner(), str(tmp_path / "sealed")
    runner.invoke(main, ["age", "-p", "-o", sealed, str(tmp_path / "plain")], input="words\nwords\n")
    result = runner.invoke(main, ["age", "-d", sealed], input="other\n")
    assert (result.exit_code, "Error: the passphrase is not right" in result.output) == (2, True)
    assert (
        intake("-d", "-i", str(key_file(tmp_path)), sealed)
        .stderr.decode()
        .endswith("leave out -i, and it is asked for\n")
    )


def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key-file"
    assert intake("keygen", "--x25519", "-o", str(path)).returncode == 0
    return path


SECRET = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
SSH = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN alice"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "holds no identity"),
        (b"# created: today\n", "holds no identity"),
        (f"{SECRET}\n".encode("utf-16"), "is in UTF-16, as PowerShell's '>' writes it"),
        (
            b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n",
            "line 1 of k is an SSH or PEM private key, which is not supported",
        ),
        (b"age1pq1qqq\n", "line 1 of k is a recipient"),
        (b"AGE-PLUGIN-YUBIKEY-1QQQQ\n", "line 1 of k is the identity of a plugin"),
        (SECRET[:-3].encode(), "line 1 of k: the checksum of a key is wrong"),
        (b"\x00\xff\x80", "is not text in UTF-8"),
        (bytes(2 << 20), "is too large for a file of keys"),
    ],
)
def test_a_file_that_holds_no_identities_is_named_for_what_it_is(
    content: bytes, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("k").write_bytes(content)
    subprocess.run(["age", "-r", recipient_of(tmp_path), "-o", "sealed"], input=b"", check=True)
    result = CliRunner().invoke(main, ["age", "-d", "-i", "k", "sealed"])
    theirs = subprocess.run(["age", "-d", "-i", "k", "sealed"], capture_output=True, check=False)
    assert says in result.output
    assert SECRET[20:40] not in result.output
    assert (result.exit_code, theirs.returncode) == (2, 1)


def recipient_of(tmp_path: Path) -> str:
    text = key_file(tmp_path).read_text()
    return text.partition("public key: ")[2].split()[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SSH, "an SSH key, which is not supported"),
        ("age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t", "a plugin's recipient"),
        (SECRET, "is an identity, which must stay secret"),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_what_is_no_recipient_is_named_for_what_it_is(text: str, says: str, listed: bool, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(f"# the team\n{text}\n")
    result = CliRunner().invoke(
        main, ["age", "-R", str(tmp_path / "list")] if listed else ["age", "-r", text], input=""
    )
    assert (result.exit_code, says in result.output) == (2, True)
    assert SECRET[20:] not in result.output


def test_files_of_keys_from_windows_work(tmp_path: Path) -> None:
    key = key_file(tmp_path)
    (tmp_path / "list").write_bytes(f"\ufeff# the team\r\n\r\n{recipient_of_key(key)}\r\n".encode())
    key.write_bytes(b"\xef\xbb\xbf" + key.read_bytes().replace(b"\n", b"\r\n"))
    sealed = intake("-R", str(tmp_path / "list"), "-a", data=b"data").stdout
    assert intake("-d", "-i", str(key), data=sealed.replace(b"\n", b"\r\n")).stdout == b"data"


def recipient_of_key(key: Path) -> str:
    return key.read_text().partition("public key: ")[2].split()[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"age-encr", "is cut short"),
        (b"age-encryption.org/v1\n-> X25519", "cut short"),
        (b"PK\x03\x04 something else\n", "is not an age file"),
        ("age-encryption.org/v1\n".encode("utf-16"), "was turned into UTF-16, as PowerShell's '>' does"),
        (b"\xef\xbb\xbf-----BEGIN AGE ENCRYPTED FILE-----\n", "begins with a byte order mark"),
    ],
)
def test_what_is_no_age_file_is_named_before_a_passphrase_is_asked_for(
    content: bytes, says: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(content)
    result = CliRunner().invoke(main, ["age", "-d", str(tmp_path / "file")], input="words\n")
    assert (result.exit_code, says in result.output) == (2, True)
    assert "Passphrase" not in result.output
    assert subprocess.run(["age", "-d", tmp_path / "file"], capture_output=True, check=False).returncode == 1


def test_a_file_that_is_sealed_to_keys_asks_for_them_and_not_for_a_passphrase(tmp_path: Path) -> None:
    sealed = intake("-r", recipient_of(tmp_path), data=b"data").stdout
    assert intake("-d", data=sealed).stderr.decode().endswith("name a file of them with -i\n")


NOT_LINUX = """
import os, signal, sys
for name in ("O_TMPFILE", "O_DIRECTORY", "sched_getaffinity", "process_cpu_count", "fork", "fchmod"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGHUP", "SIGUSR1", "SIGKILL"):
    delattr(signal, name)
for name in ("fcntl", "resource", "termios", "pwd", "grp"):
    sys.modules[name] = None
from intake.cli import main
main(prog_name="intake")
"""


def test_a_reviewers_commands_run_without_what_only_linux_has(tmp_path: Path) -> None:
    def run(*arguments: str, data: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return run_bytes([sys.executable, "-c", NOT_LINUX, *arguments], data, directory=tmp_path)

    (tmp_path / "passphrase").write_text("a passphrase")
    assert run("key", "new", "amina", "--passphrase-file", "passphrase").returncode == 0
    assert run("age", "keygen", "-o", "key.txt").returncode == 0
    assert run("age", "-e", "-i", "key.txt", "-o", "sealed", data=b"data").stderr == b""
    opened = run("age", "-d", "-i", "key.txt", "-o", "opened", "sealed")
    assert (opened.returncode, (tmp_path / "opened").read_bytes()) == (0, b"data")
    # A home is locked by what this stand-in for another system lacks.
    desk = ["--desk", "nonsense", "--policy", str(policy_file(tmp_path)), "--home", "home"]
    verified = run("audit", "verify", "--key", "amina.key", "--passphrase-file", "passphrase", *desk)
    assert (verified.returncode, b"--desk must be an address" in verified.stderr) == (2, True)
    assert run("triage", "--help").returncode == 0
    refused = run("serve", "desk")
    assert (refused.returncode, b"runs on Linux only" in refused.stderr) == (2, True)
    assert sorted(path.name for path in tmp_path.glob(".age-*")) == []
