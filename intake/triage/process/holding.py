"""One program a home: whoever works in the directory holds a lock on it, which ends with the process."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from intake.triage.home import HomeError, make_home

_FILE = "in-use"
_BEYOND = 1 << 20
"""Where Windows locks: what is locked there can't be read by others, and they must read who holds it."""


class HomeInUseError(HomeError):
    """Another program works in the directory."""


@contextmanager
def held(directory: Path) -> Iterator[BinaryIO]:
    """Hold the directory until the block is left; `HomeInUseError` says who else does.

    A child process that inherits the file keeps the hold for as long as it runs. What a program that is gone left
    behind holds nothing.
    """
    make_home(directory)
    with os.fdopen(os.open(directory / _FILE, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        if not _lock(file):
            raise HomeInUseError(
                f"{directory} is in use by another program ({_words(file.read())}): end that one first, or name "
                "another directory with --home"
            )
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC".encode())
        file.flush()
        yield file


def _words(written: bytes) -> str:
    # Nothing, where the other program has the lock but has not written yet.
    return written.decode(errors="replace") or "which has only just started"


def _lock(file: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - only there

            file.seek(_BEYOND)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
        else:
            import fcntl  # noqa: PLC0415 - not on Windows

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        return False
    return True
