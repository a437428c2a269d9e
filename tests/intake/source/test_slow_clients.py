"""Clients that are silent or trickle: nobody else notices them, and they don't stay for ever; slow honest ones do.

gunicorn, real connections, each with the PROXY line of a circuit of its own, as behind an onion service.
"""

import os
import re
import resource
import selectors
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from statistics import median
from typing import Any
from urllib.parse import urlencode

import pytest

from crypto.padding import zeros_after
from intake.protocol.kinds import Kind
from intake.serving.worker import SHORTEST_GRACE
from intake.source.pages import PAGE_SIZE
from processes import children, memory
from servers import Server, rest
from source_site import OpenSite, StartSource
from visitor import FORM, Visitor, head, proxy_line
from waiting import waited_for

pytestmark = pytest.mark.slow

EACH = 200
MULTIPART = "multipart/form-data; boundary=b"
AT_ONCE = SHORTEST_GRACE
"""Seconds: sooner than the server gives anybody up, so that whatever was answered by then did not wait for that."""

HALF_A_HEAD = b"GET /en/ HTTP/1.1\r\nHost: x\r\nX-Slow: "


class Flood:
    """Connections that are open at once, some of which get one more byte a second."""

    def __init__(self, connect: Callable[[], socket.socket], closing: ExitStack) -> None:
        self._connect = connect
        self._closing = closing
        self._circuits = iter(range(1_000, 1_000_000))
        self._ended = threading.Event()
        self.connections: list[socket.socket] = []
        self._trickling: list[socket.socket] = []

    def open(self, beginning: bytes, *, trickles: bool, circuit: int | None = None) -> socket.socket:
        connection = self._closing.enter_context(self._connect())
        connection.sendall(proxy_line(circuit or next(self._circuits)) + beginning)
        self.connections.append(connection)
        if trickles:
            self._trickling.append(connection)
        return connection

    def trickle(self) -> None:
        """Begin to send the bytes; ends with the test."""
        thread = threading.Thread(target=self._send_bytes)
        self._closing.callback(thread.join)
        self._closing.callback(self._ended.set)
        thread.start()

    def is_open(self) -> bool:
        """Whether the server has closed or answered none of them."""
        with selectors.DefaultSelector() as waiting:
            for connection in self.connections:
                waiting.register(connection, selectors.EVENT_READ)
            return waiting.select(0) == []

    def _send_bytes(self) -> None:
        while not self._ended.wait(1):
            for connection in list(self._trickling):
                try:
                    connection.sendall(b"a")
                except OSError:
                    self._trickling.remove(connection)


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def beginning_of_upload(visitor: Visitor) -> bytes:
    """The body of an upload as far as the file's first bytes, by somebody who may send files."""
    page = visitor.get("/en/tip/file")
    name = re.search(r'type="file" [^>]*name="(\w[^"]*)"', page.text)
    assert name
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in page.hidden("/en/tip/file").items()
    )
    return f'{parts}--b\r\nContent-Disposition: form-data; name="{name[1]}"; filename="a.bin"\r\n\r\n'.encode()


def upload_head(visitor: Visitor, length: int) -> bytes:
    return head("/en/tip/file", visitor.cookies, MULTIPART, length)


def memory_of_all(running: Server) -> int:
    """Bytes of memory that gunicorn's processes hold."""
    master = running.process.pid
    return sum(memory(process) for process in (master, *children(master)))


def typical(visitor: Visitor) -> float:
    """The seconds that a page of a visitor's took, by the median: a busy machine has bad moments."""
    return median(answer.seconds for answer in visitor.answers)


def is_served_at_once(visitor: Visitor, before: Visitor) -> bool:
    """Whether a page takes two seconds at most, or what a machine that is busy made of a visit before; none waits."""
    slowest = max(answer.seconds for answer in visitor.answers)
    return typical(visitor) < max(2.0, 4 * typical(before)) and slowest < AT_ONCE


def test_with_hundreds_of_idle_requests_a_new_source_gets_each_page_at_once(
    open_site: OpenSite, gunicorn: StartSource, closing: ExitStack
) -> None:
    running = gunicorn(open_site(onion=True).server.settings.data)
    attacker = Visitor(running.connect, circuit=1)
    attacker.report()
    beginning = beginning_of_upload(attacker)
    flood = Flood(running.connect, closing)
    for _ in range(EACH):
        flood.open(b"", trickles=False)
        flood.open(HALF_A_HEAD, trickles=True)
        flood.open(upload_head(attacker, 100_000_000) + beginning, trickles=True)
    flood.trickle()

    source = Visitor(running.connect, circuit=2)
    codename = source.report("They came to my mother.")
    file = beginning_of_upload(source) + b"x" * 100_000 + b"\r\n--b--\r\n"
    assert "Your file has arrived." in source.post_bytes("/en/tip/file", file, MULTIPART).text
    source.submit("/en/leave")
    source.get("/en/return")
    assert source.submit("/en/return", codename=codename).path == "/en/tip"

    assert flood.is_open()
    assert len(source.answers) > 10
    assert is_served_at_once(source, attacker)
    assert memory_of_all(running) < 1 << 30


def attack(flood: Flood, attacker: Visitor, connections: int, circuits: int) -> None:
    """So many connections, of so many circuits, silent and dripping in every way that there is."""
    upload = upload_head(attacker, 100_000_000) + beginning_of_upload(attacker)
    form = head("/en/report", attacker.cookies, FORM, 9_000)
    large = head("/en/report", attacker.cookies, FORM, 3_900_000) + b"narrative=" + b"a" * 10_000
    ways = [
        (b"", False),
        (HALF_A_HEAD, True),
        (form, False),
        (form + b"narrative=", True),
        (large, True),
        (upload, False),
        (upload, True),
        (head("/en/report", attacker.cookies, MULTIPART, 9_000), True),
        (b"GET /en/ HTTP/1.1\r\nHost: x\r\n\r\n", False),
    ]
    for number in range(connections):
        beginning, trickles = ways[number % len(ways)]
        # It may have been closed already, to make room.
        with suppress(ConnectionError):
            flood.open(beginning, trickles=trickles, circuit=1_000 + number % circuits)


def test_with_thousands_of_requests_that_never_end_a_new_source_submits_at_once(
    open_site: OpenSite, gunicorn: StartSource, closing: ExitStack
) -> None:
    running = gunicorn(open_site(onion=True).server.settings.data)
    attacker = Visitor(running.connect, circuit=1)
    attacker.report()
    flood = Flood(running.connect, closing)
    attack(flood, attacker, 5_000, circuits=200)
    flood.trickle()

    for circuit in (2, 3):
        source = Visitor(running.connect, circuit=circuit)
        codename = source.report("They came to my mother.")
        source.submit("/en/leave")
        source.get("/en/return")
        assert source.submit("/en/return", codename=codename).path == "/en/tip"
        assert is_served_at_once(source, attacker)
    assert memory_of_all(running) < 1 << 29


def test_while_others_hold_all_places_for_large_files_pages_forms_and_small_files_are_taken(
    open_site: OpenSite, gunicorn: StartSource, closing: ExitStack
) -> None:
    site = open_site(onion=True, threads=4, stall_seconds=4)
    running = gunicorn(site.server.settings.data)
    attacker = Visitor(running.connect, circuit=1)
    attacker.report()
    upload = upload_head(attacker, 100_000_000) + beginning_of_upload(attacker)
    flood = Flood(running.connect, closing)
    for circuit in range(8):
        flood.open(upload, trickles=True, circuit=1_000 + circuit)
    source = Visitor(running.connect, circuit=2)
    source.report()
    file = beginning_of_upload(source) + b"x" * 100_000 + b"\r\n--b--\r\n"
    assert "Your file has arrived." in source.post_bytes("/en/tip/file", file, MULTIPART).text
    # A large one waits its turn without a thread: those that bring nothing are given up.
    large = beginning_of_upload(source) + b"x" * 5_000_000 + b"\r\n--b--\r\n"
    answer = source.post_bytes("/en/tip/file", large, MULTIPART)
    assert "Your file has arrived." in answer.text or "try again in a minute" in answer.text
    assert source.get("/en/tip").status == 200


def test_a_circuit_has_two_places_for_large_files_and_a_third_is_told_to_try_again(
    impatient: tuple[Any, Any], closing: ExitStack
) -> None:
    _, running = impatient
    visitor = Visitor(running.connect, circuit=1)
    visitor.report()
    upload = upload_head(visitor, 100_000_000) + beginning_of_upload(visitor)
    held = [closing.enter_context(running.connect()) for _ in range(2)]
    for connection in held:
        connection.sendall(proxy_line(1) + upload)
    clock = threading.Event()
    sending = threading.Thread(target=keep_sending, args=(held, clock))
    sending.start()
    closing.callback(sending.join)
    closing.callback(clock.set)
    third = closing.enter_context(running.connect())
    third.sendall(proxy_line(1) + upload)
    answer = rest(third)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Please try again in a minute." in answer
    assert len(answer) == PAGE_SIZE


def keep_sending(connections: list[socket.socket], ended: threading.Event) -> None:
    while not ended.wait(0.2):
        for connection in connections:
            connection.sendall(b"x" * 5_000)


def test_an_answer_that_nobody_takes_holds_no_thread(
    open_site: OpenSite, gunicorn: StartSource, closing: ExitStack
) -> None:
    running = gunicorn(open_site(onion=True, threads=2).server.settings.data)
    attacker = Visitor(running.connect, circuit=1)
    attacker.report()
    hidden = attacker.get("/en/tip").hidden("/en/tip/message")
    body = urlencode({**hidden, "text": "x" * 3_000_000}).encode()
    for _ in range(4):
        connection = closing.enter_context(running.connect())
        connection.sendall(proxy_line(1) + head("/en/tip/message", attacker.cookies, FORM, len(body)) + body)
    assert Visitor(running.connect, circuit=2).report()


def test_where_memory_runs_out_the_circuit_that_holds_most_gives_way(
    open_site: OpenSite, gunicorn: StartSource, closing: ExitStack
) -> None:
    running = gunicorn(open_site(onion=True).server.settings.data)
    begun = memory_of_all(running)
    greedy = []
    for number in range(60):
        connection = closing.enter_context(running.connect())
        greedy.append(connection)
        with suppress(OSError):
            connection.sendall(
                proxy_line(1_000 + number % 6) + head("/en/report", {}, FORM, 3_900_000) + b"a" * 3_800_000
            )
    source = Visitor(running.connect, circuit=2)
    assert source.report("They came. " * 1_000)
    assert memory_of_all(running) - begun < 200_000_000
    with selectors.DefaultSelector() as waiting:
        for connection in greedy:
            waiting.register(connection, selectors.EVENT_READ)
        closed = len(waiting.select(0))
    assert 0 < closed < 60


@pytest.fixture
def impatient(open_site: OpenSite, gunicorn: StartSource) -> tuple[Any, Any]:
    """A site that gives up after two seconds, and its gunicorn."""
    site = open_site(onion=True, stall_seconds=2)
    return site, gunicorn(site.server.settings.data)


def test_requests_that_make_no_progress_are_closed_and_leave_nothing(
    impatient: tuple[Any, Any], closing: ExitStack
) -> None:
    site, running = impatient
    visitor = Visitor(running.connect, circuit=1)
    visitor.report()
    beginning = beginning_of_upload(visitor)
    form = b"text=" + b"a" * 1000
    flood = Flood(running.connect, closing)
    silent = flood.open(b"", trickles=False)
    trickled_head = flood.open(HALF_A_HEAD, trickles=True)
    stopped_upload = flood.open(upload_head(visitor, 100_000) + beginning, trickles=False)
    trickled_upload = flood.open(upload_head(visitor, 100_000) + beginning, trickles=True)
    trickled_form = flood.open(head("/en/tip/message", visitor.cookies, FORM, 9_000) + form, trickles=True)
    flood.trickle()
    assert rest(silent) == b""
    assert rest(trickled_head) == b""
    for connection in (stopped_upload, trickled_upload, trickled_form):
        assert rest(connection).startswith(b"HTTP/1.1 400 ")
    assert site.blobs() == []
    assert [item.kind for item in site.items()] == [Kind.REPORT]
    # Gone from the server's side as well: nothing but a new connection is answered.
    assert visitor.get("/en/tip").status == 200
    assert running.stop() == ""


def test_what_was_typed_into_a_form_that_stopped_is_shown_again(impatient: tuple[Any, Any]) -> None:
    _, running = impatient
    visitor = Visitor(running.connect, circuit=1)
    visitor.report()
    answer = visitor.send(
        "/en/tip/message",
        head("/en/tip/message", visitor.cookies, FORM, 9_000) + b"text=They+came+again",
    )
    assert (answer.status, answer.typed("text")) == (400, "They came again")


@pytest.mark.parametrize(
    ("piece", "pause"),
    [(5_000, 1), (12_000, 3)],
    ids=["at five kilobytes a second", "pausing for less than the deadline again and again"],
)
def test_a_slow_upload_is_not_given_up(open_site: OpenSite, gunicorn: StartSource, piece: int, pause: float) -> None:
    site = open_site(onion=True, stall_seconds=6)
    running = gunicorn(site.server.settings.data)
    visitor = Visitor(running.connect, circuit=1)
    visitor.report()
    body = beginning_of_upload(visitor) + b"x" * 30_000 + b"\r\n--b--\r\n"
    clock = threading.Event()
    with running.connect() as connection:
        connection.sendall(proxy_line(1) + upload_head(visitor, len(body)))
        for start in range(0, len(body), piece):
            connection.sendall(body[start : start + piece])
            assert not clock.wait(pause)
        assert rest(connection).startswith(b"HTTP/1.1 303 ")
    assert site.contents() == [b"x" * 30_000 + bytes(zeros_after(30_000))]


def test_a_head_that_arrives_in_pieces_is_served(impatient: tuple[Any, Any]) -> None:
    _, running = impatient
    clock = threading.Event()
    with running.connect() as connection:
        for piece in (
            b"PROXY TCP6 fc00:dead:beef:4dad::0:1 ",
            b"::1 65535 42\r\nGET /en/",
            b" HTTP/1.1\r\nHost: x\r\n\r",
            b"\n",
        ):
            connection.sendall(piece)
            assert not clock.wait(0.1)
        assert rest(connection).startswith(b"HTTP/1.1 200 ")


def test_where_connections_run_out_the_one_that_has_waited_longest_makes_room(
    open_site: OpenSite, gunicorn: StartSource, closing: ExitStack
) -> None:
    running = gunicorn(open_site(onion=True, connections=1_000).server.settings.data)
    flood = Flood(running.connect, closing)
    for _ in range(1_100):
        flood.open(b"", trickles=False)
    assert rest(flood.connections[0]) == b""
    assert Visitor(running.connect, circuit=2).get("/en/").status == 200


@pytest.mark.parametrize(
    "beginning",
    [
        b"\r\n",
        b"\r\n\r\n",
        b"A\r\n\r\n",
        b"NOT A REQUEST\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"A%d: %s\r\n" % (number, b"x" * 8_000) for number in range(5)),
        b"GET /en/left HTTP/1.1\r\nHost: x\r\n\r\n" + HALF_A_HEAD,
    ],
    ids=["empty line", "two empty lines", "short", "malformed", "endless", "half a second request"],
)
@pytest.mark.parametrize("onion", [True, False])
def test_no_thread_waits_for_a_head_however_it_begins(
    open_site: OpenSite, gunicorn: StartSource, closing: ExitStack, beginning: bytes, onion: bool
) -> None:
    running = gunicorn(open_site(onion=onion, threads=4).server.settings.data)
    for _ in range(40):
        connection = closing.enter_context(running.connect())
        connection.sendall(onion * proxy_line(1) + beginning)
    assert Visitor(running.connect, circuit=2 if onion else None).get("/en/").seconds < AT_ONCE


@pytest.mark.parametrize(
    "line", [b" " * 30_000 + b"\rX", b"a" + b" " * 30_000 + b"b"], ids=["blanks only", "inner blanks"]
)
@pytest.mark.parametrize("name", [b"Content-Length:", b"Transfer-Encoding:"])
def test_reading_a_head_takes_no_time_whatever_it_is_made_of(
    open_site: OpenSite, gunicorn: StartSource, closing: ExitStack, name: bytes, line: bytes
) -> None:
    running = gunicorn(open_site(onion=True).server.settings.data)
    worker = running.worker
    for circuit in range(3, 13):
        connection = closing.enter_context(running.connect())
        connection.sendall(proxy_line(circuit) + b"GET / HTTP/1.1\r\n" + name + line + b"\r\n\r\n")
    # Searching took 40 s for the shorter kind of these lines, and days for the other.
    assert Visitor(running.connect, circuit=2).get("/en/").seconds < 20
    assert running.worker == worker


def test_no_thread_waits_for_what_is_still_sent_to_one_that_was_refused(
    open_site: OpenSite, gunicorn: StartSource, closing: ExitStack
) -> None:
    running = gunicorn(open_site(onion=True, threads=30).server.settings.data)
    for _ in range(24):
        closing.enter_context(running.connect()).sendall(proxy_line(1) + head("/en/report", {}, FORM, 1_000))
    refused = [closing.enter_context(running.connect()) for _ in range(20)]
    for connection in refused:
        connection.sendall(proxy_line(1) + head("/en/report", {}, FORM, 100_000) + b"a")
        assert connection.recv(13) == b"HTTP/1.1 429 "
        # Goes on sending, and is not cut off yet.
        connection.sendall(b"a")
    assert Visitor(running.connect, circuit=2).get("/en/").seconds < AT_ONCE


@contextmanager
def files_allowed(process: int, soft: int) -> Iterator[None]:
    before = resource.prlimit(process, resource.RLIMIT_NOFILE)
    resource.prlimit(process, resource.RLIMIT_NOFILE, (soft, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_NOFILE, before)


def test_a_worker_that_can_open_no_more_files_goes_on(
    open_site: OpenSite, gunicorn: StartSource, closing: ExitStack
) -> None:
    running = gunicorn(open_site(onion=True).server.settings.data)
    worker = running.worker
    waiting = closing.enter_context(running.connect())
    # Once this is answered, the other has been accepted.
    assert Visitor(running.connect, circuit=2).get("/en/").status == 200
    with files_allowed(worker, 3):
        newest = closing.enter_context(running.connect())
        # It had to make room, and yet there was none.
        assert rest(waiting) == b""
    newest.sendall(proxy_line(1) + b"GET /en/ HTTP/1.1\r\nHost: x\r\n\r\n")
    assert rest(newest).startswith(b"HTTP/1.1 200 ")
    assert running.worker == worker


@contextmanager
def paused(process: int) -> Iterator[None]:
    """What happens meanwhile, the process finds all at once."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def test_a_connection_that_makes_room_while_something_of_it_arrives_does_no_harm(
    open_site: OpenSite, gunicorn: StartSource, closing: ExitStack
) -> None:
    running = gunicorn(open_site(onion=True, connections=1_000).server.settings.data)
    worker = running.worker
    flood = Flood(running.connect, closing)
    for _ in range(1_100):
        flood.open(b"", trickles=False)
    assert rest(flood.connections[90]) == b""
    visitor = Visitor(running.connect, circuit=2)
    with paused(worker):
        newest = closing.enter_context(running.connect())
        for connection in flood.connections[91:]:
            with suppress(OSError):
                connection.sendall(b"G")
    newest.sendall(proxy_line(1) + b"GET /en/ HTTP/1.1\r\nHost: x\r\n\r\n")
    assert rest(newest).startswith(b"HTTP/1.1 200 ")
    assert visitor.get("/en/").status == 200
    assert running.worker == worker


def test_one_circuit_cannot_take_all_threads_and_another_notices_nothing(
    open_site: OpenSite, gunicorn: StartSource, closing: ExitStack
) -> None:
    running = gunicorn(open_site(onion=True).server.settings.data)
    for _ in range(24):
        connection = closing.enter_context(running.connect())
        connection.sendall(proxy_line(1) + head("/en/report", {}, FORM, 1_000))
    crowded, other = Visitor(running.connect, circuit=1), Visitor(running.connect, circuit=2)
    assert waited_for(lambda: crowded.get("/en/").status == 429)
    assert "a lot in a short time" in crowded.answers[-1].text
    assert other.get("/en/").status == 200


def test_one_circuit_cannot_keep_large_forms_of_others_out(
    open_site: OpenSite, gunicorn: StartSource, closing: ExitStack
) -> None:
    running = gunicorn(open_site(onion=True).server.settings.data)
    for _ in range(16):
        connection = closing.enter_context(running.connect())
        connection.sendall(proxy_line(1) + head("/en/tip/message", {}, FORM, 3_900_000) + b"a")
    source = Visitor(running.connect, circuit=2)
    source.report()
    source.get("/en/tip")
    answer = source.submit("/en/tip/message", text="x" * 800_000)
    assert (answer.status, answer.typed("text")) == (400, "x" * 800_000)
    assert answer.seconds < AT_ONCE
