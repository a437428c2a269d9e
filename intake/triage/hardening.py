"""What the system can do so that nothing in this process's memory reaches a disk, or another program."""

import ctypes
import mmap
import sys
from collections.abc import Iterator

_PR_SET_DUMPABLE = 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_ROOM = 1 << 30
"""Bytes that must still be had once memory is locked: scrypt takes 256 MiB, and reports the rest."""


def harden() -> list[str]:
    """Do what can be done, before any secret is read; returns what could not, each in words for the reviewer."""
    return [*_forbid_core_dumps(), *_hide_from_other_programs(), *_keep_out_of_swap()]


def _forbid_core_dumps() -> Iterator[str]:
    if sys.platform == "win32":
        yield "This system may write the program's memory to a crash report: switch crash reports off."
    else:
        import resource  # noqa: PLC0415 - there is none on Windows

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        yield from ()


def _hide_from_other_programs() -> Iterator[str]:
    """Other programs of this user can't read the memory; nor do handlers of core dumps, which heed no limit."""
    if sys.platform != "linux" or ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        yield "This system lets other programs of this user read the program's memory."


def _keep_out_of_swap() -> Iterator[str]:
    if sys.platform != "linux" or not _lock_memory():
        yield (
            "This system does not let the program keep its memory out of swap: use encrypted swap or none"
            + (", or allow it with 'ulimit -l unlimited'." if sys.platform == "linux" else ".")
        )


def _lock_memory() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    # Only pages that are used: a thread's stack alone reserves 8 MiB.
    if libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT):
        return False
    try:
        # Under a limit everything above it would be refused from now on, and the program would fail in its midst.
        mmap.mmap(-1, _ROOM).close()
    except (OSError, MemoryError):
        libc.munlockall()
        return False
    return True
