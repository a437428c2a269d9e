"""Shuts a process in: from then on it opens no file and no socket, starts no other process, and runs no new code.

Linux alone, by a seccomp filter, which needs neither rights nor a namespace and can't be taken off again: of a few
hundred system calls those remain that reading, computing and answering take; every other fails with EPERM. So it is in
force wherever the kernel has seccomp, also in a container, and files, sockets, processes and signals need no list of
what is forbidden. Whatever the process needs must be open and imported before.
"""

import ctypes
import errno
import mmap
import os
import platform
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

_PR_SET_NO_NEW_PRIVS = 38
_PR_GET_SECCOMP = 21
_SET_MODE_FILTER, _ON_ALL_THREADS = 1, 1

_LOAD, _IF_EQUAL, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
"""BPF: load a word of `seccomp_data`; compare with it; compare its bits; end."""
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _THIRD_ARGUMENT = 0, 4, 16, 16 + 2 * 8
_KILL, _ALLOW, _REFUSE, _UNKNOWN = 0x80000000, 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
_CLONE_THREAD = 0x00010000

_CALLS = {
    "read": (0, 63), "readv": (19, 65), "write": (1, 64), "writev": (20, 66), "close": (3, 57), "lseek": (8, 62),
    "mmap": (9, 222), "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226), "madvise": (28, 233),
    "brk": (12, 214), "futex": (202, 98), "getrandom": (318, 278), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132), "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123), "clock_gettime": (228, 113), "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115), "nanosleep": (35, 101), "gettimeofday": (96, 169), "getpid": (39, 172),
    "gettid": (186, 178), "restart_syscall": (219, 128), "rseq": (334, 293), "membarrier": (324, 283),
    "exit": (60, 93), "exit_group": (231, 94), "clone": (56, 220), "clone3": (435, 435),
}  # fmt: skip
"""What is let through, and its numbers on x86-64 and on ARM64 (asm/unistd_64.h, asm-generic/unistd.h)."""

_MAPPING = ("mmap", "mprotect")
"""Those that could make memory executable: refused with PROT_EXEC."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """An architecture: as the kernel's audit names it, its number of `seccomp`, and its place in `_CALLS`."""

    audit: int
    seccomp: int
    place: int


_MACHINES = {"x86_64": _Machine(0xC000003E, 317, 0), "aarch64": _Machine(0xC00000B7, 277, 1)}


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` of a processor, `memory` in bytes of addresses, beside which nothing is had."""

    seconds: int
    memory: int


class SandboxError(Exception):
    """The process is not shut in, and must do nothing."""


def is_available() -> bool:
    """Whether this system can shut a process in. The child finds out once more, by trying to get out."""
    has_filters = sys.platform == "linux" and ctypes.CDLL(None).prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0
    return has_filters and platform.machine() in _MACHINES and sys.maxsize > 1 << 32


def enter(limits: Limits) -> None:
    """Shut this process in for good; `SandboxError` unless every way out has been tried and is closed."""
    if not is_available():
        raise SandboxError("this system has no seccomp that is known here")
    import resource  # noqa: PLC0415 - there is none on Windows

    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    _filter(_MACHINES[platform.machine()])
    if open_ways := list(ways_out()):
        raise SandboxError(f"it can still {open_ways[0]}")


def ways_out() -> Iterator[str]:
    """What this process can do that it must not be able to."""
    for says, attempt in _ATTEMPTS.items():
        with suppress(PermissionError):
            attempt()
            yield says


def _filter(machine: _Machine) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    program = b"".join(_program(machine))
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: how many instructions, and where they are.
    where = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
    # Without it the kernel takes a filter from root alone; with it no program that is started gains rights.
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(
        machine.seccomp, _SET_MODE_FILTER, _ON_ALL_THREADS, where
    ):
        raise SandboxError(os.strerror(ctypes.get_errno()))


def _program(machine: _Machine) -> Iterator[bytes]:
    """The filter. Numbers of the x32 ABI are in no list, and those of 32-bit programs mean other calls: killed."""
    yield _step(_LOAD, 0, 0, _ARCHITECTURE)
    yield _step(_IF_EQUAL, 1, 0, machine.audit)
    yield _step(_RETURN, 0, 0, _KILL)
    yield _step(_LOAD, 0, 0, _NUMBER)
    for name, numbers in _CALLS.items():
        number = numbers[machine.place]
        if name in _MAPPING:
            yield from _by_bits(number, _THIRD_ARGUMENT, mmap.PROT_EXEC, _REFUSE, _ALLOW)
        elif name == "clone":
            # A thread is in here as well, and libheif can't do without; all else would be another process.
            yield from _by_bits(number, _FIRST_ARGUMENT, _CLONE_THREAD, _ALLOW, _REFUSE)
        else:
            # The C library takes `clone`, of which the filter sees the flags, where there is no `clone3`.
            yield _step(_IF_EQUAL, 0, 1, number)
            yield _step(_RETURN, 0, 0, _UNKNOWN if name == "clone3" else _ALLOW)
    yield _step(_RETURN, 0, 0, _REFUSE)


def _by_bits(number: int, argument: int, bits: int, if_any: int, if_none: int) -> Iterator[bytes]:
    """What becomes of a call depends on bits of one of its arguments; all of them lie in its lower half."""
    yield _step(_IF_EQUAL, 0, 4, number)
    yield _step(_LOAD, 0, 0, argument)
    yield _step(_IF_ANY_BIT, 0, 1, bits)
    yield _step(_RETURN, 0, 0, if_any)
    yield _step(_RETURN, 0, 0, if_none)


def _step(code: int, if_true: int, if_false: int, value: int) -> bytes:
    """struct sock_filter."""
    return struct.pack("HBBI", code, if_true, if_false, value)


def _fork() -> None:
    process = os.fork()
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)


_ATTEMPTS: dict[str, Callable[[], object]] = {
    "open a file": lambda: os.close(os.open("/", os.O_RDONLY)),
    "open a socket": lambda: socket.socket().close(),
    "start a process": _fork,
    "make memory executable": lambda: mmap.mmap(-1, 1, prot=mmap.PROT_READ | mmap.PROT_EXEC).close(),
}
