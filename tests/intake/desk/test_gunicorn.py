"""The desk in gunicorn, as it runs in earnest, while members wear it out and the store fails."""

import secrets
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from sqlalchemy import text

from intake.keeper import Keeper
from intake.protocol.actions import ReadRequest
from intake.protocol.kinds import Kind
from intake.storage.tables import Item
from running import children
from waiting import waited_for

PROJECT = Path(__file__).parents[3]
ANSWERED = b"HTTP/1.1 200 OK\r\n"


@dataclass
class Desk:
    """A running desk, and what it prints."""

    process: "subprocess.Popen[bytes]"
    socket: Path
    printed: Path

    @property
    def worker(self) -> int:
        """The worker's process, as soon as there is one."""
        return children(self.process.pid)[0]

    @property
    def memory(self) -> int:
        """Bytes that the worker holds."""
        return self._memory("VmRSS")

    @property
    def most_memory(self) -> int:
        """Bytes that the worker held at most."""
        return self._memory("VmHWM")

    def _memory(self, name: str) -> int:
        status = Path(f"/proc/{self.worker}/status").read_text()
        return 1024 * int(status.partition(f"{name}:")[2].split()[0])

    def connect(self) -> socket.socket:
        """A connection that takes little at a time: the system keeps some 200 kB of an answer for it."""
        with ExitStack() as opening:
            connection = opening.enter_context(socket.socket(socket.AF_UNIX))
            connection.settimeout(60)
            connection.connect(str(self.socket))
            opening.pop_all()
        return connection

    def answers(self) -> bool:
        """Whether it listens."""
        try:
            self.connect().close()
        except OSError:
            return False
        return True


@pytest.fixture
def desk(server: Keeper, tmp_path: Path) -> Iterator[Desk]:
    place, printed = Path(mkdtemp()) / "desk.sock", tmp_path / "gunicorn.log"
    with printed.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "wsgi:desk"],
            cwd=PROJECT,
            env={
                "PATH": "/usr/bin:/bin",
                "INTAKE_DATA": str(server.settings.data),
                "INTAKE_DESK_BIND": f"unix:{place}",
            },
            stdout=output,
            stderr=output,
        )
    running = Desk(process, place, printed)
    try:
        assert waited_for(lambda: process.poll() is not None or running.answers())
        assert process.poll() is None
        yield running
    finally:
        process.terminate()
        process.wait(60)
        place.parent.rmdir()


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def items_of(server: Keeper, stored: Any, count: int, size: int) -> tuple[str, ...]:
    tip, day = bytes.fromhex(stored(0)[0]), datetime.now(UTC).date()
    names = [secrets.token_bytes(16) for _ in range(count)]
    with server.store.writing() as session:
        session.add_all(
            Item(id=name, tip_id=tip, kind=Kind.MESSAGE, day=day, size=size, sealed=bytes(size)) for name in names
        )
    return tuple(name.hex() for name in names)


def asked(member: Any, items: tuple[str, ...], client: Callable[[Any], Any]) -> bytes:
    """A bulk read, in bytes."""
    body = ReadRequest((), items).to_json()
    request = client(member).request("POST", "/v1/read", body)
    fields = b"".join(b"%b: %b\r\n" % field for field in request.headers.raw)
    return b"POST /v1/read HTTP/1.1\r\n" + fields + b"\r\n" + body


def test_answers_that_a_member_does_not_take_are_held_only_up_to_a_bound(
    desk: Desk, server: Keeper, members_of: Any, client: Any, stored: Any, opened: ExitStack
) -> None:
    amina = members_of.enrol("amina")
    items = items_of(server, stored, 10, 550_000)
    before = desk.memory
    for _ in range(40):
        connection = opened.enter_context(desk.connect())
        connection.sendall(asked(amina, items, client))
        assert connection.recv(17, socket.MSG_WAITALL) == ANSWERED
    # 290 MB were asked for.
    assert desk.memory - before < 160_000_000


def test_many_bulk_reads_at_once_stay_below_a_bound_and_who_has_no_place_is_told_to_come_again(
    desk: Desk, server: Keeper, members_of: Any, client: Any, stored: Any
) -> None:
    amina = members_of.enrol("amina")
    items = items_of(server, stored, 4, 1_950_000)
    before, size = desk.memory, entries(server)
    with ExitStack() as slow:
        connections = [slow.enter_context(desk.connect()) for _ in range(24)]
        for connection in connections:
            connection.sendall(asked(amina, items, client))
        answers = [connection.recv(13, socket.MSG_WAITALL) for connection in connections]
    # 250 MB were asked for.
    assert desk.most_memory - before < 200_000_000
    # Those that take nothing hold what there is. What was not given isn't in the log either.
    assert Counter(answers) == {b"HTTP/1.1 200 ": 4, b"HTTP/1.1 503 ": 20}
    assert entries(server) - size == 4
    with desk.connect() as connection:
        connection.sendall(asked(amina, items, client))
        assert connection.recv(17, socket.MSG_WAITALL) == ANSWERED


def entries(server: Keeper) -> int:
    with server.store.reading() as session:
        return server.log.size(session)


def test_a_store_that_fails_in_the_middle_of_an_answer_ends_that_answer_and_nothing_else(
    desk: Desk, server: Keeper, members_of: Any, client: Any, stored: Any
) -> None:
    amina, worker = members_of.enrol("amina"), desk.worker
    items = items_of(server, stored, 2, 1_000)
    with server.store.writing() as session:
        session.execute(text("UPDATE item SET sealed = 'not bytes'"))
    with desk.connect() as connection:
        connection.sendall(asked(amina, items, client))
        assert connection.recv(17, socket.MSG_WAITALL) == ANSWERED
        while connection.recv(1 << 16):
            pass
    assert "unexpected TypeError" in desk.printed.read_text()
    assert desk.answers()
    with desk.connect() as connection:
        connection.sendall(b"GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(13, socket.MSG_WAITALL).startswith(b"HTTP/1.1 4")
    assert desk.worker == worker
