"""`intake key`: keys that were split into sheets of paper come back with enough of these, on another machine."""

import re
import subprocess
from pathlib import Path

import pytest

from commands import INTAKE, environment
from intake.cli.trouble import Status
from intake.triage.keys.keyfile import load_keys
from place import Place, in_one_line

pytestmark = pytest.mark.slow

SHEET = re.compile(r"Sheet (\d+) of \d+; any \d+ of them open it\.\n((?:  .*\n)+)")
PASSPHRASE = ["--passphrase-file", "passphrase"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path)


def split(place: Place, *typed_before: str) -> list[str]:
    """Split Amina's keys as somebody does who types something else first; the words of each sheet."""
    command = [*INTAKE, "key", "split", "amina.key", *PASSPHRASE]
    with subprocess.Popen(
        command, cwd=place.directory, env=environment(place.data), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        printed = ""
        while not (sheets := SHEET.findall(printed)) or len(sheets) < 5 or not printed.endswith("\n\n"):
            printed += process.stdout.readline()
        words = [" ".join(re.findall(r"[a-z]+", lines)) for _, lines in sheets]
        for line in (*typed_before, words[0], words[-1]):
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
        rest, complained = process.communicate(timeout=60)
        assert process.returncode == 0, complained
    for line in typed_before:
        assert line not in rest, "nothing that was typed is repeated"
    assert "Not right" in rest or not typed_before
    assert "That is another sheet." in rest
    assert "Recovery file: amina.recovery" in rest
    return words


def join(place: Place, *lines: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*INTAKE, "key", "join", "amina.recovery", "-o", "again.key", *PASSPHRASE],
        cwd=place.directory, env=environment(place.data), text=True, capture_output=True, timeout=60, check=False,
        input="".join(f"{line}\n" for line in lines),
    )  # fmt: skip


def test_three_sheets_and_the_recovery_file_bring_the_keys_back_and_two_do_not(place: Place) -> None:
    before = load_keys(place.directory / "amina.key", "a passphrase")
    sheets = split(place, "these are no words of mine")
    ended = join(place, *sheets[:2])
    assert ended.returncode == Status.USAGE
    assert ended.stderr.endswith("(1 more needed): Error: standard input ended before the answer\n")
    assert not (place.directory / "again.key").exists()
    ended = join(place, sheets[3], "what is no sheet", sheets[3], sheets[0], sheets[1])
    assert ended.returncode == Status.DONE, ended.stderr
    assert "Not taken: not words of a sheet" in ended.stdout
    assert "Not taken: this sheet was typed already." in ended.stdout
    assert "what is no sheet" not in ended.stdout
    again = load_keys(place.directory / "again.key", "a passphrase")
    kept = load_keys(place.directory / "amina.key", "a passphrase")
    assert again.card == before.card == kept.card
    assert str(again.identity) == str(before.identity)
    assert again.recovery == kept.recovery is not None


def test_the_recovery_file_opens_with_no_passphrase_and_shows_no_key(place: Place) -> None:
    split(place)
    sealed = (place.directory / "amina.recovery").read_bytes()
    keys = load_keys(place.directory / "amina.key", "a passphrase")
    assert sealed.startswith(b"age-encryption.org/v1\n-> mlkem768x25519 ")
    assert keys.signing.seed not in sealed
    assert keys.signing.seed.hex().encode() not in sealed
    assert (place.directory / "amina.recovery").stat().st_mode & 0o077 == 0


def test_what_can_not_be_is_said_before_any_sheet_is_shown(place: Place) -> None:
    refused = place.run("key", "split", "amina.key", *PASSPHRASE, "--sheets", "3", "--needed", "4")
    in_one_line(refused, Status.USAGE, "--needed: 4 of 3 sheets can never be there")
    (place.directory / "amina.recovery").write_text("something")
    refused = place.run("key", "split", "amina.key", *PASSPHRASE)
    in_one_line(refused, Status.USAGE, "amina.recovery exists already")
    assert "Sheet" not in refused.stdout
    assert (place.directory / "amina.recovery").read_text() == "something"


def test_that_a_file_is_no_recovery_file_is_said_before_any_sheet_is_typed(place: Place) -> None:
    refused = place.run("key", "join", "amina.card", *PASSPHRASE)
    in_one_line(refused, Status.USAGE, "this is no recovery file")


def test_sheets_that_nobody_could_type_from_the_paper_change_nothing(place: Place) -> None:
    before = (place.directory / "amina.key").read_bytes()
    ended = place.run("key", "split", "amina.key", *PASSPHRASE)
    assert ended.returncode == Status.USAGE
    assert ended.stderr.endswith("from the paper: Error: standard input ended before the answer\n")
    assert (place.directory / "amina.key").read_bytes() == before
    assert not (place.directory / "amina.recovery").exists()
