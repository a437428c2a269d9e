"""`intake triage` itself: it holds the socket, the path and the token, and never reads HTTP, a passphrase or plaintext.

All that is done by a child process, which ends itself when it locks: keys and plaintext are gone with its memory. The
next child, locked, goes on with the same socket; connections wait meanwhile.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, BinaryIO, cast

from intake.listening import listen_at_port
from intake.triage.guard import IDLE_SECONDS
from intake.triage.home import Home
from intake.triage.pages.place import Place
from intake.triage.process.child import DRAIN_SECONDS, ENTERED, READY, Orders


class SupervisorError(Exception):
    """The child can't run, in words for whoever started the program."""


class Supervisor:
    """One run of the program. `hold`: the lock on the home directory, which a child shares for as long as it lives."""

    def __init__(self, home: Home, key: Path, port: int, hold: BinaryIO, idle_seconds: float = IDLE_SECONDS) -> None:
        self._listening = listen_at_port("--port", port)
        self._place = Place.new(self._listening.getsockname()[1])
        self._home = home
        self._key = key
        self._hold = hold
        self._idle_seconds = idle_seconds

    @property
    def address(self) -> str:
        """What opens the program in a browser, once."""
        return self._place.address

    def run(self) -> None:
        """Serve until SIGINT, SIGTERM or SIGHUP; `SupervisorError` if no child can."""
        with self._listening, _ended_by_signals(), suppress(KeyboardInterrupt):
            while True:
                self._run_child()

    def _run_child(self) -> None:
        """From a locked child to its end."""
        with self._child() as (child, told):
            ready = False
            for line in told:
                ready |= line == READY
                if line == ENTERED:
                    self._place = replace(self._place, token=None)
            if not ready:
                raise SupervisorError(f"the program could not start its inner process (status {child.wait()})")

    @contextmanager
    def _child(self) -> "Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]":
        """A child and what it tells; ended when the block is left."""
        process = subprocess.Popen(
            # Not -m alone, which looks for modules in the working directory first: whatever lies there.
            [sys.executable, "-P", "-m", "intake.triage.process.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=() if sys.platform == "win32" else (self._listening.fileno(), self._hold.fileno()),
            # What this program imports, the child imports.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then ends the child in order
        )
        orders, told = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        try:
            with suppress(BrokenPipeError):
                orders.write(self._orders(process).to_line())
                orders.flush()
            yield process, told
        finally:
            with suppress(BrokenPipeError):
                orders.close()
            try:
                process.wait(DRAIN_SECONDS + 2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            told.close()

    def _orders(self, process: "subprocess.Popen[bytes]") -> Orders:
        return Orders(
            home=str(self._home.directory),
            connection=self._home.connection,
            key=str(self._key),
            place=self._place,
            idle_seconds=self._idle_seconds,
            listening=_handed_over(self._listening, process.pid),
        )


def _handed_over(listening: socket.socket, process: int) -> str:
    """How the child finds the socket. Windows has no inherited descriptors; that way is not tested."""
    if sys.platform == "win32":
        return listening.share(process).hex()
    return str(listening.fileno())


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """The first of these signals raises `KeyboardInterrupt`, others do nothing; one that is ignored stays so."""
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers = [signal.Signals[name] for name in names if signal.getsignal(signal.Signals[name]) != signal.SIG_IGN]
    kept = {number: signal.getsignal(number) for number in numbers}

    def end(_number: int, _frame: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
