"""`intake audit evidence` with a file that a stranger made: whom it names misleads nobody."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands import INTAKE, run
from crypto.checkpoint import Checkpoint
from crypto.logkey import LogSigner
from crypto.note import SigningKey
from intake.cli.trouble import Status
from intake.protocol.evidence import Received, attest
from policies import policy_file
from signed_head import signed

NOON = datetime(2026, 11, 25, 12, 3, tzinfo=UTC)


def two_trees(log: LogSigner, witness: SigningKey) -> bytes:
    """Evidence that this log signed two trees of one size."""
    texts = [Checkpoint(log.verifier.name, 5, bytes([number] * 32)).text for number in (1, 2)]
    first, second = (Received(NOON, signed(log, text)) for text in texts)
    return attest(witness, log.verifier, first, second, None)


def check(path: Path, data: bytes, *options: str) -> "subprocess.CompletedProcess[str]":
    (path / "evidence.txt").write_bytes(data)
    return run([*INTAKE, "audit", "evidence", "evidence.txt", *options], directory=path)


def test_a_log_of_the_same_name_that_a_stranger_made_is_not_taken_for_ones_own(tmp_path: Path) -> None:
    own, made_up = LogSigner.generate("intake-test"), LogSigner.generate("intake-test")
    policy = str(policy_file(tmp_path, own.verifier))
    forged, true = (two_trees(log, SigningKey.generate("amina")) for log in (made_up, own))
    refused = check(tmp_path, forged, "--policy", policy)
    assert (refused.returncode, refused.stdout) == (Status.USAGE, "")
    assert "says nothing about the one you named" in refused.stderr
    for options in ((), ("--policy", policy)):
        proven = check(tmp_path, true, *options)
        assert (proven.returncode, str(own.verifier) in proven.stdout) == (Status.FRAUD, True)


@pytest.mark.parametrize("hidden", ["\x9b2J", "\u202e", "\u2066", "\x7f", "\u00ad"], ids=ascii)
def test_no_name_in_it_gives_the_terminal_a_command_or_turns_the_line(hidden: str, tmp_path: Path) -> None:
    data = two_trees(LogSigner.generate(f"intake{hidden}test"), SigningKey.generate(f"am{hidden}ina"))
    result = check(tmp_path, data)
    assert result.returncode == Status.FRAUD
    assert hidden not in result.stdout
    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == ["Proven", "The log", "The witness"]
