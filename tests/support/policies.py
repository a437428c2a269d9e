"""Policies (tlog-policy) as members' programs are handed them."""

from pathlib import Path

from crypto.logkey import LogSigner, LogVerifier
from crypto.policy import Policy


def policy(log: LogVerifier) -> str:
    """The text of one that names this log and no witnesses."""
    return bytes(Policy.of(log)).decode()


def policy_file(directory: Path, log: LogVerifier | None = None) -> Path:
    """A file that names this log, or a new one called intake-test, and no witnesses."""
    path = directory / "log.policy"
    path.write_text(policy(log or LogSigner.generate("intake-test").verifier), "utf-8")
    return path
