"""The worker that gunicorn runs for both servers: patient with slow sources, and not for ever; quiet about all of them.

gunicorn itself has no deadline for a request that arrives slowly. Here,

- no thread waits for a request's head: the main loop collects it, and closes what isn't whole in time;
- a body must arrive at `SLOWEST` bytes a second on average. For `stall_seconds` it may fall behind that, and what comes
  faster earns such time again. So an upload over Tor may be slow and may pause, and a byte a second holds a thread no
  longer than that. What is too slow reads like a body that broke off: the application says so, and can show the form;
- an answer that nobody takes is given up.
"""

import errno
import math
import socket
import sys
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn, ThreadWorker

from intake.hygiene import describe

SLOWEST = 1_000
"""Bytes a second that a body must bring on average. A Tor circuit that is of any use brings several times as much."""

HEAD_SECONDS = 30
"""Within how many seconds a request's head must be whole, unless `stall_seconds` is less. It is a few packets long."""

_HEAD_ENDS = b"\r\n\r\n"
_LONGEST_HEAD = 1 << 15


class QuietLogger(Logger):  # type: ignore[misc]
    """gunicorn's log without request lines, addresses and messages of exceptions."""

    def exception(self, _msg: str, *_args: Any, **_kwargs: Any) -> None:
        """Where something failed, and not with what."""
        error = sys.exc_info()[1]
        self.error("unexpected %s", describe(error) if error else "failure")

    def debug(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing: on this level gunicorn quotes what clients send."""


class PacedSocket(socket.socket):
    """An accepted connection that reads as ended once the other side has fallen behind."""

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self._early = bytearray()
        self._deadline = math.inf
        self._grace = 0.0

    def collect_head(self) -> bool:
        """Take what has come, without waiting; whether the head is whole, or as much of it as will ever come."""
        searched = max(0, len(self._early) - len(_HEAD_ENDS) + 1)
        try:
            piece = super().recv(_LONGEST_HEAD)
        except BlockingIOError:
            return False
        except OSError:
            piece = b""
        self._early += piece
        return not piece or len(self._early) >= _LONGEST_HEAD or self._early.find(_HEAD_ENDS, searched) >= 0

    def expect_head(self, seconds: float) -> None:
        """From now on, all that is read must have come within so many seconds."""
        self._deadline, self._grace = time.monotonic() + seconds, 0.0

    def expect_body(self, seconds: float) -> None:
        """From now on, what is read or sent must keep the pace, and may fall behind it for so many seconds."""
        self._deadline, self._grace = time.monotonic() + seconds, seconds
        self.settimeout(seconds)

    def expect_nothing(self) -> None:
        """From now on, nobody is hurried."""
        self._deadline = math.inf

    def recv(self, size: int, flags: int = 0) -> bytes:
        """What has come, as ever; but nothing if it is too late. What was collected early comes first, all at once."""
        if self._early:
            # May be more than `size`: gunicorn keeps it, and looks nowhere else for a next request that came along.
            early, self._early = bytes(self._early), bytearray()
            return early
        piece = self._recv_in_time(size, flags)
        self._deadline = min(self._deadline + len(piece) / SLOWEST, max(self._deadline, time.monotonic() + self._grace))
        return piece

    def _recv_in_time(self, size: int, flags: int) -> bytes:
        given, left = self.gettimeout(), self._deadline - time.monotonic()
        if left <= 0:
            return b""
        if left == math.inf or (given is not None and given < left):
            return super().recv(size, flags)
        self.settimeout(left)
        try:
            return super().recv(size, flags)
        except TimeoutError:
            return b""
        finally:
            self.settimeout(given)


class Connection(TConn):  # type: ignore[misc]
    """A connection that may be closed more than once."""

    def close(self, graceful: bool = False) -> None:
        """Close it; `graceful` waits a moment for the other side to have read everything."""
        if self.sock.fileno() != -1:
            super().close(graceful)


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker with deadlines. Answers what is not HTTP without quoting it to anybody."""

    stall_seconds: float = 120

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection and wait for its head; if need be, in place of the one that has waited longest."""
        if self.nr_conns >= self.worker_connections - 1 and self.pending_conns:
            self.pending_conns[0].timeout = 0
            self.murder_pending()
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        self._await_head(Connection(self.cfg, PacedSocket(client), address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """Wait for the head of the next request of a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_head(conn)

    def on_pending_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """Give the request to a thread once its head is whole."""
        # It may have made room for another a moment ago, in the same turn of the loop.
        if conn.sock.fileno() != -1 and conn.sock.collect_head():
            super().on_pending_socket_readable(conn, client)

    def murder_pending(self) -> None:
        """Close those whose head is late; all of them when this worker ends."""
        if not self.alive:
            for conn in self.pending_conns:
                conn.timeout = 0
        super().murder_pending()

    def handle(self, conn: Connection) -> Any:
        """Serve a request, and close its connection here and not in the main loop, which has others to serve."""
        conn.sock.expect_head(self._head_seconds)
        kept = super().handle(conn)
        if kept is False:
            conn.sock.expect_nothing()
            conn.close(graceful=True)
        return kept

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Serve a request whose head was whole."""
        conn.sock.expect_body(self.stall_seconds)
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            # An answer that nobody took. gunicorn knows this by another name.
            raise BrokenPipeError(errno.EPIPE, "the client is too slow") from None

    def handle_error(self, _req: Any, client: Any, _addr: Any, exc: BaseException) -> None:
        """End the connection with the plainest answer there is."""
        self.log.warning("a request failed before it reached the application: %s", type(exc).__name__)
        try:
            client.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        except OSError:
            self.log.debug("nobody is there to be answered")

    @property
    def _head_seconds(self) -> float:
        return min(HEAD_SECONDS, self.stall_seconds)

    def _await_head(self, conn: Connection) -> None:
        conn.timeout = time.monotonic() + self._head_seconds
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))
