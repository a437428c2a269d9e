"""The worker that gunicorn runs for both servers: patient with slow sources, and not for ever; quiet about all of them.

gunicorn itself has no deadline for a request that arrives slowly. Here,

- no thread waits for a request's head, nor for its body if that is at most `COLLECTED` bytes long: the main loop
  collects both. What is longer is streamed by a thread as it arrives, and half the threads are for nothing else;
- a connection carries one request, so there is no other head that could be waited for;
- a body must arrive at `SLOWEST` bytes a second on average. It may fall behind that for `stall_seconds`, and for less
  the fewer places are left. So an upload over Tor may be slow and may pause. What is too slow reads like a body that
  broke off: the application says so, and can show the form;
- an answer that nobody takes is kept for a while by the main loop, and given up;
- no thread waits for the end of a connection: once it is answered, the main loop throws away what still comes.

When connections, memory or threads run out, the circuit that has most of them gives way (`intake/serving/fairness`).
"""

import ctypes
import sys
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from socket import socket as Socket  # noqa: N812 - a type
from typing import Any

import gunicorn.http.wsgi
from flask.logging import default_handler
from gunicorn.glogging import Logger
from gunicorn.http.body import LengthReader
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

from intake.hygiene import Sparing, describe
from intake.serving.fairness import Crowd, Turns
from intake.serving.filled import filler
from intake.serving.head import LONGEST_HEAD, Head, circuit_of, read_head
from intake.serving.paced import PacedSocket, Refusal
from intake.settings import Settings

COLLECTED = 4_000_000
"""The longest body, in bytes, that is collected before a thread is given the request."""

MOST_HELD = 64_000_000
"""Bytes of requests and answers that are held in memory for clients; beyond that, whoever holds most is closed."""

ORDINARY = 100_000
"""Bytes that a circuit may hold whatever the others hold: a long report in any script, a page and its style sheet."""

MOST_IN_PROGRESS = 24
"""Requests of one circuit that may be in progress at once. A browser opens far fewer."""

_ANSWERED_IN_PROGRESS = 2
_UPLOADS_OF_ONE = 2

HEAD_SECONDS = 30
"""Within how many seconds a request's head must be whole, unless `stall_seconds` is less. It is a few packets long."""

LINGER_SECONDS = 60
"""For how long, at most, what comes after the answer is read and thrown away."""

SHORTEST_GRACE = 10
"""Seconds after which a client that stops is given up, at the soonest, unless `stall_seconds` is less."""

_LINGER_STALL = 10
_STOP_STALL = 2
_SWEEP = 1.0
_ACCEPTED_AT_ONCE = 32
_PAUSE = 0.05
_M_ARENA_MAX = -8


class QuietLogger(Logger):  # type: ignore[misc]
    """gunicorn's log without request lines, addresses and messages of exceptions."""

    def exception(self, _msg: str, *_args: Any, **_kwargs: Any) -> None:
        """Where something failed, and not with what."""
        error = sys.exc_info()[1]
        self.error("unexpected %s", describe(error) if error else "failure")

    def debug(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing: on this level gunicorn quotes what clients send."""


class _Response(gunicorn.http.wsgi.Response):  # type: ignore[misc]
    """An answer that doesn't tell the time: how far a clock is off can tell which machine is behind an onion.

    Nor does its head tell anything by its length, where it is filled up.
    """

    def __init__(self, head_size: int, *args: Any) -> None:
        super().__init__(*args)
        self._head_size = head_size

    def default_headers(self) -> list[str]:
        """gunicorn's own headers, less that one, and what fills up the head, whose other headers are known by now."""
        ours = [header for header in super().default_headers() if not header.startswith("Date:")]
        theirs = [f"{name}: {value}\r\n" for name, value in self.headers]
        return [*ours, _filler("".join((*ours, *theirs)), self._head_size)]


def _filler(head: str, head_size: int) -> str:
    return filler(len(head) + len("\r\n"), head_size) if head_size else ""


class Stage(Enum):
    """How far a connection is."""

    HEAD = auto()
    BODY = auto()
    PLACE = auto()
    """Its body is long, and no thread is free to stream it."""
    SERVED = auto()
    """By a thread, or as soon as one is free."""
    ANSWER = auto()
    """It is served, and still has to take the answer."""
    END = auto()


class Connection(TConn):  # type: ignore[misc]
    """A connection, on its way through the stages."""

    def __init__(self, cfg: Any, sock: PacedSocket, address: Any, server: Any) -> None:
        super().__init__(cfg, sock, address, server)
        self.stage = Stage.HEAD
        self.since = self.heard = time.monotonic()
        """When this stage began; when something last came."""
        self.head: Head | None = None
        self.wanted = LONGEST_HEAD
        """Bytes that are still collected."""
        self.turns: Turns[Connection] | None = None
        """Where it has a place, or waits for one."""
        self.unread = 0
        """Bytes of the body that nobody has read."""

    def enter(self, stage: Stage) -> None:
        """Begin the next stage."""
        self.stage, self.since, self.heard = stage, time.monotonic(), time.monotonic()


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker with deadlines and fairness. Answers what is not HTTP without quoting it to anybody.

    gunicorn's own `pending_conns` and `keepalived_conns` stay empty: every connection is in `crowd`.
    """

    stall_seconds: float = 120
    head_size: int = 0
    """Bytes to which the head of every answer is filled up; 0: it is as long as it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        uploads = max(self.cfg.threads // 2, 1)
        self.pages: Turns[Connection] = Turns(max(self.cfg.threads - uploads, 1), sys.maxsize)
        self.uploads: Turns[Connection] = Turns(uploads, _UPLOADS_OF_ONE)
        self.crowd: Crowd[Connection] = Crowd()
        self._circuits = self.cfg.proxy_protocol != "off"
        self._grace = self.stall_seconds
        self._swept = 0.0
        self._sparing = Sparing()

    def init_process(self) -> None:
        """Serve, until the end, and say nothing of time and software."""
        _keep_one_heap()
        gunicorn.http.wsgi.Response = partial(_Response, self.head_size)
        gunicorn.http.wsgi.SERVER = "web"
        for handler in (default_handler, *self.log.error_log.handlers):
            handler.addFilter(self._sparing)
        super().init_process()
        self._sparing.say_sums(self.log.warning, ends=True)

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """A thread for each place."""
        return ThreadPoolExecutor(self.pages.places + self.uploads.places)

    def accept(self, listener: Socket) -> None:
        """Take new connections and wait for their heads; if need be, in place of others."""
        for _ in range(_ACCEPTED_AT_ONCE):
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
            sock = PacedSocket(client, lambda: self._grace)
            conn = Connection(self.cfg, sock, address, listener.getsockname())
            self.crowd.add(conn, None if self._circuits else conn)
            self._listen(conn, self._collect_head)

    def _collect_head(self, conn: Connection) -> None:
        searched = len(conn.sock.arrived)
        more = conn.sock.collect(conn.wanted - searched)
        self.crowd.hold(conn, len(conn.sock.arrived))
        if self._circuits and self.crowd.circuit(conn) is None and (circuit := circuit_of(conn.sock.arrived)):
            self.crowd.identify(conn, circuit)
        conn.head = read_head(conn.sock.arrived, searched)
        if conn.head is not None:
            self._judge(conn, conn.head)
        elif not more or len(conn.sock.arrived) >= conn.wanted:
            self._drop(conn)
        else:
            self._hold(conn, len(conn.sock.arrived))

    def _judge(self, conn: Connection, head: Head) -> None:
        """Decide by the head alone what to wait for."""
        if self._is_known(self.crowd.circuit(conn)) and self.crowd.begin(conn) > MOST_IN_PROGRESS:
            conn.sock.refusal = Refusal.TOO_MANY
            self._await_turn(conn)
        elif head.body is None or head.body > COLLECTED:
            self._await_place(conn)
        else:
            conn.enter(Stage.BODY)
            conn.wanted = head.size + head.body
            self._continue_body(conn, more=True)

    def _is_known(self, circuit: Hashable) -> bool:
        return isinstance(circuit, str)

    def _collect_body(self, conn: Connection) -> None:
        more = conn.sock.collect(conn.wanted - len(conn.sock.arrived))
        # Before a thread has it.
        size = len(conn.sock.arrived)
        self._continue_body(conn, more=more)
        self._hold(conn, size)

    def _continue_body(self, conn: Connection, *, more: bool) -> None:
        if not more or len(conn.sock.arrived) >= conn.wanted:
            self._await_turn(conn)
        else:
            self._listen(conn, self._collect_body)

    def _await_place(self, conn: Connection) -> None:
        """Let a thread stream the body, once one is free for that."""
        self._unlisten(conn)
        conn.enter(Stage.PLACE)
        conn.turns = self.uploads
        self.crowd.idle(conn)
        self.uploads.wait(self.crowd.circuit(conn), conn)
        self._serve_next()

    def _await_turn(self, conn: Connection) -> None:
        """Let a thread serve the request, which takes no waiting for what has not arrived."""
        self._unlisten(conn)
        conn.enter(Stage.SERVED)
        conn.turns = self.pages
        self.crowd.busy(conn)
        self.pages.wait(self.crowd.circuit(conn), conn)
        self._serve_next()

    def _serve_next(self) -> None:
        while (conn := self.uploads.next()) is not None:
            conn.enter(Stage.SERVED)
            conn.sock.stream()
            self._serve(conn)
        while (conn := self.pages.next()) is not None:
            self._serve(conn)

    def _serve(self, conn: Connection) -> None:
        self.crowd.busy(conn)
        # There is nothing more to wait for, as gunicorn would otherwise.
        conn.data_ready = True
        self.enqueue_req(conn)

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Serve a request whose head was whole."""
        kept = super().handle_request(req, conn)
        if isinstance(req.body.reader, LengthReader):
            conn.unread = req.body.reader.length - len(req.unreader.buf.getvalue())
        return kept

    def finish_request(self, conn: Connection, _served: Any) -> None:
        """Wait, without a thread, until the other side has taken the answer and closes."""
        if conn.turns is not None:
            conn.turns.give_back(self.crowd.circuit(conn))
            conn.turns = None
        self.crowd.end(conn)
        conn.enter(Stage.ANSWER)
        self._go_on_answering(conn)
        self._serve_next()

    def _go_on_answering(self, conn: Connection) -> None:
        try:
            # The thread has closed it, if it failed in the middle of an answer.
            conn.sock.setblocking(False)
            conn.sock.flush()
            if conn.sock.pending:
                self._listen(conn, self._go_on_answering, EVENT_WRITE)
                self._hold(conn, conn.sock.pending)
                return
            conn.sock.end_answer(conn.unread)
        except OSError:
            self._drop(conn)
            return
        self._hold(conn, 0)
        conn.enter(Stage.END)
        self._listen(conn, self._discard)

    def _discard(self, conn: Connection) -> None:
        conn.heard = time.monotonic()
        if not conn.sock.discard():
            self._drop(conn)

    def murder_pending(self) -> None:
        """Give up what is late; gunicorn calls this once in each turn of its loop."""
        now = time.monotonic()
        if now - self._swept < _SWEEP and self.alive:
            return
        self._swept = now
        self._sparing.say_sums(self.log.warning)
        self._grace = self._grace_now()
        for conn in self.crowd.waiting():
            if self._is_late(conn, now):
                self._give_up(conn)

    def _grace_now(self) -> float:
        """As ever while half of everything is free; the less is left, the shorter."""
        used = max(
            self.nr_conns / self.worker_connections,
            self.crowd.held / MOST_HELD,
            self.uploads.taken / self.uploads.places if self.uploads.places > 1 else 0,
        )
        shortest = min(float(SHORTEST_GRACE), self.stall_seconds)
        return float(self.stall_seconds - (self.stall_seconds - shortest) * min(max(2 * used - 1, 0), 1))

    def _is_late(self, conn: Connection, now: float) -> bool:
        match conn.stage:
            case Stage.HEAD:
                return not self.alive or now - conn.since >= min(HEAD_SECONDS, self._grace)
            case Stage.BODY | Stage.ANSWER:
                return bool(conn.sock.pace.lag >= self._grace)
            case Stage.PLACE:
                return now - conn.since >= self._grace
            case _:
                stalls = now - conn.heard >= (_LINGER_STALL if self.alive else _STOP_STALL)
                return stalls or now - conn.since >= LINGER_SECONDS

    def _give_up(self, conn: Connection) -> None:
        """Let the application say that something was too slow, if it is worth it; otherwise close."""
        if conn.stage is Stage.PLACE:
            self.uploads.leave(self.crowd.circuit(conn), conn)
            conn.sock.refusal = Refusal.NO_PLACE
            self._await_turn(conn)
        elif conn.stage is Stage.BODY and self._is_worth_an_answer(conn):
            conn.sock.late = True
            self._await_turn(conn)
        else:
            self._drop(conn)

    def _is_worth_an_answer(self, conn: Connection) -> bool:
        """Whether something that was typed arrived, through a circuit that isn't full of such requests."""
        arrived = conn.head is not None and len(conn.sock.arrived) > conn.head.size
        return arrived and self.crowd.in_progress(conn) <= _ANSWERED_IN_PROGRESS

    def handle_error(self, _req: Any, client: Any, _addr: Any, exc: BaseException) -> None:
        """End the connection with the plainest answer there is: whose fault it is, and nothing more."""
        self._sparing.count(f"a request failed before it reached the application: {type(exc).__name__}")
        try:
            status = "400 Bad Request" if isinstance(exc, ParseException | NoMoreData) else "500 Internal Server Error"
            head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n"
            client.sendall(f"{head}{_filler(head, self.head_size)}\r\n".encode())
        except OSError:
            self.log.debug("nobody is there to be answered")

    def _hold(self, conn: Connection, size: int) -> None:
        """Count what is held for a connection now, and close those that hold most while it is too much altogether."""
        self.crowd.hold(conn, size)
        while self.crowd.held > MOST_HELD and (other := self.crowd.to_empty(ORDINARY)):
            self._drop(other)

    def _listen(self, conn: Connection, then: Callable[[Connection], None], event: int = EVENT_READ) -> None:
        """Wait, without a thread, for something to happen on this connection."""
        self.crowd.idle(conn, over=conn.stage is Stage.END)
        happens = partial(self._happens, conn, then)
        if conn.sock.fileno() in self.poller.get_map():
            self.poller.modify(conn.sock, event, happens)
        else:
            self.poller.register(conn.sock, event, happens)

    def _happens(self, conn: Connection, then: Callable[[Connection], None], _sock: Socket) -> None:
        # It may have made room for another a moment ago, in the same turn of the loop.
        if conn.sock.fileno() != -1:
            then(conn)

    def _unlisten(self, conn: Connection) -> None:
        if conn.sock.fileno() != -1 and conn.sock.fileno() in self.poller.get_map():
            self.poller.unregister(conn.sock)

    def _make_room(self) -> bool:
        """Close a connection of the circuit that has most; whether there was any to close."""
        conn = self.crowd.to_close()
        if conn is None:
            return False
        self._drop(conn)
        return True

    def _drop(self, conn: Connection) -> None:
        self._unlisten(conn)
        if conn.stage is Stage.PLACE:
            self.uploads.leave(self.crowd.circuit(conn), conn)
        self.crowd.remove(conn)
        self.nr_conns -= 1
        conn.close()


def _keep_one_heap() -> None:
    """Let all threads share one heap, before there is a second thread.

    The C library would give each a heap of its own, and each keeps what its largest request took: Argon2id's memory,
    once a thread. Python's lock lets only one of them allocate at a time anyway.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    # Not in every C library; others have no such heaps.
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)


def worker_for(settings: Settings, head_size: int) -> type[PatientWorker]:
    """The worker with the deadline of these settings. `head_size`: bytes that every answer's head takes, or 0."""
    return type("Worker", (PatientWorker,), {"stall_seconds": settings.stall_seconds, "head_size": head_size})
