"""The worker that gunicorn runs for both servers: patient with slow sources, and not for ever; quiet about all of them.

gunicorn itself has no deadline for a request that arrives slowly. Here,

- no thread waits for a request's head: the main loop collects it, and closes what isn't whole in time;
- a connection carries one request, so there is no other head that could be waited for;
- a body must arrive at `SLOWEST` bytes a second on average. For `stall_seconds` it may fall behind that, and what comes
  faster earns such time again. So an upload over Tor may be slow and may pause, and a byte a second holds a thread no
  longer than that. What is too slow reads like a body that broke off: the application says so, and can show the form;
- an answer that nobody takes is given up;
- no thread waits for the end of a connection: once it is answered, the main loop throws away what still comes.
"""

import errno
import math
import socket
import sys
import time
from collections import deque
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.http.body import LengthReader
from gunicorn.workers.gthread import TConn, ThreadWorker

from intake.hygiene import describe

SLOWEST = 1_000
"""Bytes a second that a body must bring on average. A Tor circuit that is of any use brings several times as much."""

HEAD_SECONDS = 30
"""Within how many seconds a request's head must be whole, unless `stall_seconds` is less. It is a few packets long."""

LINGER_SECONDS = 60
"""For how long, at most, what comes after the answer is read and thrown away."""

_LINGER_STALL = 10
_STOP_STALL = 2
_CLOSING_BYTES = 1 << 16
_PIECE = 1 << 16
_PAUSE = 0.05

_PROXY = b"PROXY "
_LINE_ENDS = b"\r\n"
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
        # Nothing is waited for beyond what was collected, until a body is expected.
        self._deadline = -math.inf
        self._grace = 0.0
        self._unwanted = 0

    def collect_head(self) -> bool | None:
        """Take what has come, without waiting; whether the head is whole, or `None` if it never will be."""
        searched = max(0, len(self._early) - len(_HEAD_ENDS) + 1)
        try:
            piece = super().recv(_LONGEST_HEAD)
        except BlockingIOError:
            return False
        except OSError:
            return None
        self._early += piece
        if self._early.find(_HEAD_ENDS, max(searched, self._head_begins())) >= 0:
            return True
        return False if piece and len(self._early) < _LONGEST_HEAD else None

    def _head_begins(self) -> int:
        """Behind the PROXY line and the one empty line that may come first: what ends with them is no head."""
        begins = 0
        if self._early.startswith(_PROXY):
            begins = self._early.find(_LINE_ENDS) + len(_LINE_ENDS)
        return begins + len(_LINE_ENDS) * self._early.startswith(_LINE_ENDS, begins)

    def expect_body(self, seconds: float) -> None:
        """From now on, what is read or sent must keep the pace, and may fall behind it for so many seconds."""
        self._deadline, self._grace = time.monotonic() + seconds, seconds
        self.settimeout(seconds)

    def linger(self, most: int) -> None:
        """Once the answer is out, throw away up to so many bytes that still come, before it is said to be the end."""
        self._unwanted = most

    def end_answer(self, unread: int) -> None:
        """Say that the answer has ended; if it lingers, once the `unread` bytes have come, or too many."""
        self.setblocking(False)
        self._unwanted = min(self._unwanted, unread) if time.monotonic() < self._deadline else 0
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

    def recv(self, size: int, flags: int = 0) -> bytes:
        """What has come, as ever; but nothing if it is too late. What was collected early comes first, all at once."""
        if self._early:
            # May be more than `size`: gunicorn keeps it.
            early, self._early = bytes(self._early), bytearray()
            return early
        piece = self._recv_in_time(size, flags)
        self._deadline = min(self._deadline + len(piece) / SLOWEST, max(self._deadline, time.monotonic() + self._grace))
        return piece

    def _recv_in_time(self, size: int, flags: int) -> bytes:
        given, left = self.gettimeout(), self._deadline - time.monotonic()
        if left <= 0:
            return b""
        if given is not None and given < left:
            return super().recv(size, flags)
        self.settimeout(left)
        try:
            return super().recv(size, flags)
        except TimeoutError:
            return b""
        finally:
            self.settimeout(given)


class Connection(TConn):  # type: ignore[misc]
    """A connection: its head is waited for, then a thread serves it, then its end is waited for."""

    unread = 0
    """Bytes of the body that nobody has read."""
    ends = math.inf


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker with deadlines. Answers what is not HTTP without quoting it to anybody.

    `pending_conns` are those whose heads are awaited. `keepalived_conns` are answered: none is kept for more.
    """

    stall_seconds: float = 120

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection and wait for its head; if need be, in place of the one that has waited longest."""
        if self.nr_conns >= self.worker_connections - 1:
            self._make_room()
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:
            # Files have run out, most likely. Not now, then; the listener stays readable.
            if not self._make_room():
                time.sleep(_PAUSE)
            return
        self.nr_conns += 1
        conn = Connection(self.cfg, PacedSocket(client), address, listener.getsockname())
        conn.timeout = time.monotonic() + min(HEAD_SECONDS, self.stall_seconds)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def on_pending_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """Give the request to a thread once its head is whole."""
        # It may have made room for another a moment ago, in the same turn of the loop.
        if conn.sock.fileno() == -1:
            return
        whole = conn.sock.collect_head()
        if whole:
            super().on_pending_socket_readable(conn, client)
        elif whole is None:
            self._drop(self.pending_conns, conn)

    def murder_pending(self) -> None:
        """Close those whose head is late; all of them when this worker ends."""
        if not self.alive:
            for conn in self.pending_conns:
                conn.timeout = 0
        super().murder_pending()

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Serve a request whose head was whole."""
        conn.sock.expect_body(self.stall_seconds)
        try:
            kept = super().handle_request(req, conn)
        except TimeoutError:
            # An answer that nobody took. gunicorn knows this by another name.
            raise BrokenPipeError(errno.EPIPE, "the client is too slow") from None
        if isinstance(req.body.reader, LengthReader):
            conn.unread = req.body.reader.length - len(req.unreader.buf.getvalue())
        return kept

    def finish_request(self, conn: Connection, _served: Any) -> None:
        """Wait, without a thread, until the other side has read the answer and closes."""
        try:
            conn.sock.end_answer(conn.unread)
        except OSError:
            self.nr_conns -= 1
            conn.close()
            return
        conn.ends = time.monotonic() + LINGER_SECONDS
        self._await_end(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_client_socket_readable, conn))

    def on_client_socket_readable(self, conn: Connection, _client: socket.socket) -> None:
        """Throw away what comes after the answer, up to a point."""
        if conn.sock.fileno() == -1:
            return
        if not conn.sock.discard() or time.monotonic() >= conn.ends:
            self._drop(self.keepalived_conns, conn)
        elif self.alive:
            self.keepalived_conns.remove(conn)
            self._await_end(conn)

    def handle_error(self, _req: Any, client: Any, _addr: Any, exc: BaseException) -> None:
        """End the connection with the plainest answer there is."""
        self.log.warning("a request failed before it reached the application: %s", type(exc).__name__)
        try:
            client.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        except OSError:
            self.log.debug("nobody is there to be answered")

    def _await_end(self, conn: Connection) -> None:
        conn.timeout = time.monotonic() + (_LINGER_STALL if self.alive else _STOP_STALL)
        self.keepalived_conns.append(conn)

    def _make_room(self) -> bool:
        """Close the connection that has waited longest, rather one that was answered; whether there was any."""
        for conns in (self.keepalived_conns, self.pending_conns):
            if conns:
                self._drop(conns, conns[0])
                return True
        return False

    def _drop(self, conns: deque[Connection], conn: Connection) -> None:
        conns.remove(conn)
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()
