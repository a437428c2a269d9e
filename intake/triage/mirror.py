"""The log, fetched, verified against what was seen before, and only then kept."""

from collections.abc import Callable, Iterable

from crypto.checkpoint import Checkpoint
from crypto.tiles import WIDTH, TileError, decode_bundle, entries_path
from intake.protocol.audit import AuditError, VerifiedLog, open_checkpoint, verify_log
from intake.triage.desk_client import DeskClient
from intake.triage.home import Home

Progress = Callable[[Iterable[int], str], Iterable[int]]


def fetch_log(client: DeskClient, home: Home, *, whole: bool, progress: Progress) -> VerifiedLog:
    """Fetch and verify the log. `whole`: every entry again, as an auditor does, not only the new ones.

    The home directory then keeps it, and the connection that it came over. Raises `AuditError` if it is not the log
    that was seen before with entries added; what was kept then stays.
    """
    log = home.connection.verifier
    signed = client.checkpoint()
    size = open_checkpoint(signed, log).size
    lines = [] if whole else _kept_bundles(home, size)
    for index in progress(range(len(lines) // WIDTH, -(-size // WIDTH)), "Fetching the log"):
        lines += _bundle(client.log_resource(entries_path(index, min(WIDTH, size - index * WIDTH))))
    verified = verify_log(lines, signed, log, last_seen(home))
    home.save_log(lines, signed)
    home.remember()
    return verified


def kept_log(home: Home) -> VerifiedLog | None:
    """The log as it was verified last, without asking the desk."""
    kept = home.checkpoint()
    if kept is None:
        return None
    log = home.connection.verifier
    try:
        lines = home.lines(open_checkpoint(kept, log).size)
    except TileError as error:
        raise AuditError("what this machine kept of the log is damaged") from error
    return verify_log(lines, kept, log, None)


def last_seen(home: Home) -> Checkpoint | None:
    """The checkpoint that was verified last."""
    kept = home.checkpoint()
    return None if kept is None else open_checkpoint(kept, home.connection.verifier)


def _kept_bundles(home: Home, size: int) -> list[bytes]:
    """The entries of the full bundles, as far as they are kept; if one is damaged, all are fetched again."""
    try:
        return home.lines(size // WIDTH * WIDTH)
    except TileError:
        return []


def _bundle(data: bytes) -> list[bytes]:
    try:
        return decode_bundle(data)
    except TileError as error:
        raise AuditError("a part of the log is malformed") from error
