"""`intake audit evidence` with a file that a stranger made: whom it names misleads nobody."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands import INTAKE, run
from crypto.checkpoint import Checkpoint
from crypto.note import Note, SigningKey
from intake.cli.trouble import Status
from intake.protocol.evidence import Received, attest

NOON = datetime(2026, 11, 25, 12, 3, tzinfo=UTC)


def two_trees(log: SigningKey, witness: SigningKey) -> bytes:
    """Evidence that this log signed two trees of one size."""
    texts = [Checkpoint(log.verifier.name, 5, bytes([number] * 32)).text for number in (1, 2)]
    first, second = (Received(NOON, bytes(Note(text, (log.sign(text),)))) for text in texts)
    return attest(witness, log.verifier, first, second, None)


def check(path: Path, data: bytes, *options: str) -> "subprocess.CompletedProcess[str]":
    (path / "evidence.txt").write_bytes(data)
    return run([*INTAKE, "audit", "evidence", "evidence.txt", *options], directory=path)


def test_a_log_of_the_same_name_that_a_stranger_made_is_not_taken_for_ones_own(tmp_path: Path) -> None:
    own, made_up = SigningKey.generate("intake-test"), SigningKey.generate("intake-test")
    forged, true = (two_trees(log, SigningKey.generate("amina")) for log in (made_up, own))
    refused = check(tmp_path, forged, "--log", str(own.verifier))
    assert (refused.returncode, refused.stdout) == (Status.USAGE, "")
    assert "says nothing about the one you named" in refused.stderr
    for options in ((), ("--log", str(own.verifier))):
        proven = check(tmp_path, true, *options)
        assert (proven.returncode, str(own.verifier) in proven.stdout) == (Status.FRAUD, True)


@pytest.mark.parametrize("hidden", ["\x9b2J", "\u202e", "\u2066", "\x7f", "\u00ad"], ids=ascii)
def test_no_name_in_it_gives_the_terminal_a_command_or_turns_the_line(hidden: str, tmp_path: Path) -> None:
    data = two_trees(SigningKey.generate(f"intake{hidden}test"), SigningKey.generate(f"am{hidden}ina"))
    result = check(tmp_path, data)
    assert result.returncode == Status.FRAUD
    assert hidden not in result.stdout
    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == ["Proven", "The log", "The witness"]
