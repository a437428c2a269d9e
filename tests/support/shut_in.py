"""The renderer's real child, in which whatever a file brings about tries to get out: run by its name, as a program."""

import ctypes
import errno
import mmap
import os
import platform
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from intake.triage.files.view.answer import Order, Rendered
from intake.triage.files.view.child import main
from intake.triage.files.view.content import Content

LIBC = ctypes.CDLL(None, use_errno=True)


def called(number: int, *arguments: object) -> None:
    """A system call without the C library's own ideas of it."""
    if LIBC.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def in_a_thread(attempt: Callable[[], object]) -> None:
    """A thread is shut in as the process is."""
    raised: list[OSError] = []

    def run() -> None:
        try:
            attempt()
        except OSError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


NUMBERS = {"x86_64": {"open": 2, "openat": 257, "socket": 41, "clone": 56, "clone3": 435, "execve": 59, "fork": 57,
                      "vfork": 58, "ptrace": 101, "unshare": 272, "mount": 165, "io_uring_setup": 425, "bpf": 321,
                      "memfd_create": 319, "process_vm_readv": 310, "open_by_handle_at": 304,
                      "prctl": 157}}  # fmt: skip
CALLS = NUMBERS.get(platform.machine(), {})

ATTEMPTS: dict[str, Callable[[], object]] = {
    "read a file": lambda: Path("/etc/passwd").read_bytes(),
    "read a file in a thread": lambda: in_a_thread(lambda: os.open("/etc/passwd", os.O_RDONLY)),
    "write a file": lambda: Path("/tmp/out-of-it").write_bytes(b"x"),  # noqa: S108
    "look whether a file is there": lambda: Path("/etc/passwd").stat(),
    "list a directory": lambda: list(Path("/").iterdir()),
    "open a socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
    "open a unix socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
    "open a raw socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "make a pair of sockets": socket.socketpair,
    "fork": os.fork,
    "run a program": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
    "become another program": lambda: os.execv(sys.executable, [sys.executable, "-c", ""]),  # noqa: S606
    "look for other processes": lambda: os.kill(1, 0),
    "signal others": lambda: os.kill(1, signal.SIGCONT),
    "take more files": lambda: os.dup(0),
    "make a file in memory": lambda: os.memfd_create("more"),
    "lift its limits": lambda: __import__("resource").prlimit(0, 0, (99, 99)),
    "make memory executable": lambda: mmap.mmap(-1, 1, prot=mmap.PROT_READ | mmap.PROT_EXEC),
    **{f"the call {name}": partial(called, number, 0, 0, 0, 0, 0) for name, number in CALLS.items()},
}


def tried(attempt: Callable[[], object]) -> str:
    """What came of it."""
    try:
        attempt()
    except OSError as error:
        return str(error.errno)
    except BaseException as error:  # noqa: BLE001 - told by its name
        return type(error).__name__
    return "done"


def is_open(number: int) -> bool:
    """Whether a descriptor is one of anything."""
    try:
        os.lseek(number, 0, os.SEEK_CUR)
    except OSError as error:
        return error.errno != errno.EBADF
    return True


def attempts(_content: Content, _order: Order) -> Rendered:
    """What would be a renderer: each attempt, and what came of it."""
    lines = [f"{name}: {tried(attempt)}" for name, attempt in ATTEMPTS.items()]
    has = f"environment: {' '.join(sorted(os.environ))}", f"open: {' '.join(map(str, filter(is_open, range(64))))}"
    return Rendered(text="\n".join([*lines, *has]))


if __name__ == "__main__":
    main(lambda _: attempts)
