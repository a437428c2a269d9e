"""A connection that is collected from and answered without waiting, and that a thread reads from only at a pace."""

import errno
import select
import socket
import time
from collections.abc import Callable
from enum import Enum, auto

SLOWEST = 1_000
"""Bytes a second that a body must bring on average. A Tor circuit that is of any use brings several times as much."""

LARGEST_PENDING = 1 << 23
"""Bytes of an answer that are kept for a client that doesn't take them yet: the largest form that is shown again."""

_CLOSING_BYTES = 1 << 16
_PIECE = 1 << 16
_LOOK = 1.0
"""After so many seconds without anything new, a thread looks again how long it may still wait."""


class Refusal(Enum):
    """Why a request is to be refused though its body hasn't arrived."""

    TOO_MANY = auto()
    """Its circuit has too many in progress."""
    NO_PLACE = auto()
    """Too many large bodies arrive at once."""


class Pace:
    """How far something has fallen behind `SLOWEST`. What comes faster makes up for that, and isn't saved up."""

    def __init__(self) -> None:
        self._paid = time.monotonic()

    @property
    def lag(self) -> float:
        """Seconds."""
        return time.monotonic() - self._paid

    def progress(self, size: int) -> None:
        """So many bytes more."""
        self._paid = min(self._paid + size / SLOWEST, max(self._paid, time.monotonic()))


class PacedSocket(socket.socket):
    """An accepted connection. Until a thread may stream from it, nothing is waited for beyond what was collected.

    `grace` says for how many seconds, at the moment, the other side may fall behind.
    """

    def __init__(self, accepted: socket.socket, grace: Callable[[], float]) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self.refusal: Refusal | None = None
        self.late = False
        """Whether it was given up because it was too slow."""
        self.arrived = bytearray()
        """What was collected and nobody has read yet."""
        self.pace = Pace()
        self._grace = grace
        self._streams = False
        self._pending = bytearray()
        self._unwanted = 0

    def collect(self, size: int) -> bool:
        """Take up to `size` bytes of what has come, without waiting; whether there may be more."""
        try:
            piece = super().recv(min(size, _PIECE))
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.arrived += piece
        self.pace.progress(len(piece))
        return bool(piece)

    def stream(self) -> None:
        """From now on a thread may wait for the rest of the body."""
        self.pace, self._streams = Pace(), True

    def recv(self, size: int, flags: int = 0) -> bytes:
        """What was collected, all at once; then what comes, as ever, but nothing if it's too late or not waited for."""
        if self.arrived:
            # May be more than `size`: gunicorn keeps it.
            arrived, self.arrived = bytes(self.arrived), bytearray()
            return arrived
        while self._streams and (left := self._grace() - self.pace.lag) > 0:
            self.settimeout(min(left, _LOOK))
            try:
                piece = super().recv(size, flags)
            except TimeoutError:
                continue
            finally:
                self.settimeout(None)
            self.pace.progress(len(piece))
            return piece
        self.late = self.late or self._streams
        return b""

    # Whoever sends gives what there is, and nothing else is looked at.
    def sendall(self, data: bytes, flags: int = 0) -> None:  # type: ignore[override]  # noqa: ARG002
        """Send without waiting, and keep the rest for later, as long as that isn't too much."""
        if not self._pending:
            self.pace = Pace()
        self._pending += data
        self.flush()
        while len(self._pending) > LARGEST_PENDING:
            if (left := self._grace() - self.pace.lag) <= 0:
                raise BrokenPipeError(errno.EPIPE, "the client is too slow")
            waiting = select.poll()
            waiting.register(self, select.POLLOUT)
            waiting.poll(1000 * min(left, _LOOK))
            self.flush()

    def flush(self) -> None:
        """Send what can be sent of what was kept. `OSError` if the other side is gone."""
        while self._pending:
            try:
                sent = super().send(self._pending[:_PIECE], socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            del self._pending[:sent]
            self.pace.progress(sent)

    @property
    def pending(self) -> int:
        """Bytes of the answer that are still to be sent."""
        return len(self._pending)

    def linger(self, most: int) -> None:
        """Once the answer is out, throw away up to so many bytes that still come, before it is said to be the end."""
        self._unwanted = most

    def end_answer(self, unread: int) -> None:
        """Say that the answer has ended; if it lingers, once the `unread` bytes have come, or too many."""
        self._unwanted = 0 if self.late else min(self._unwanted, unread)
        if self._unwanted <= 0:
            self.shutdown(socket.SHUT_WR)

    def discard(self) -> bool:
        """Throw away what has come, without waiting; whether to go on."""
        try:
            piece = super().recv(_PIECE)
        except BlockingIOError:
            return True
        except OSError:
            return False
        lingered = self._unwanted > 0
        self._unwanted -= len(piece)
        if lingered and self._unwanted <= 0:
            try:
                self.shutdown(socket.SHUT_WR)
            except OSError:
                return False
        return bool(piece) and self._unwanted > -_CLOSING_BYTES
