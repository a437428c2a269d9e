"""The desk in gunicorn, as it runs in earnest, while members wear it out and the store fails."""

import secrets
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import text

from commands import GUNICORN, environment
from enrolled import Enrolled, Members
from intake.keeper import Keeper
from intake.protocol.actions import ReadRequest
from intake.protocol.kinds import Kind
from intake.storage.tables import Item
from processes import memory
from servers import Server, listening, rest, serving
from signed_client import ClientOf, StoreTip

pytestmark = pytest.mark.slow

ANSWERED = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def desk(server: Keeper, tmp_path: Path) -> Iterator[Server]:
    """A desk at a unix socket: the system keeps some 200 kB of an answer for who takes little of it."""
    with TemporaryDirectory() as directory:
        place = Path(directory) / "desk.sock"
        variables = environment(server.settings.data, **listening("desk", place))
        with serving([*GUNICORN, "wsgi:desk"], place, tmp_path / "gunicorn.log", variables) as running:
            yield running


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def items_of(server: Keeper, stored: StoreTip, count: int, size: int) -> tuple[str, ...]:
    tip, day = bytes.fromhex(stored(0)[0]), datetime.now(UTC).date()
    names = [secrets.token_bytes(16) for _ in range(count)]
    with server.store.writing() as session:
        session.add_all(
            Item(id=name, tip_id=tip, kind=Kind.MESSAGE, day=day, size=size, sealed=bytes(size)) for name in names
        )
    return tuple(name.hex() for name in names)


def asked(member: Enrolled, items: tuple[str, ...], client: ClientOf) -> bytes:
    """A bulk read, in bytes."""
    body = ReadRequest((), items).to_json()
    request = client(member).request("POST", "/v1/read", body)
    fields = b"".join(b"%b: %b\r\n" % field for field in request.headers.raw)
    return b"POST /v1/read HTTP/1.1\r\n" + fields + b"\r\n" + body


def test_answers_that_a_member_does_not_take_are_held_only_up_to_a_bound(
    desk: Server,
    server: Keeper,
    members_of: Members,
    client: ClientOf,
    stored: StoreTip,
    opened: ExitStack,
) -> None:
    amina = members_of.enrol("amina")
    items = items_of(server, stored, 10, 550_000)
    before = memory(desk.worker)
    for _ in range(40):
        connection = opened.enter_context(desk.connect())
        connection.sendall(asked(amina, items, client))
        assert connection.recv(17, socket.MSG_WAITALL) == ANSWERED
    # 290 MB were asked for.
    assert memory(desk.worker) - before < 160_000_000


def test_many_bulk_reads_at_once_stay_below_a_bound_and_who_has_no_place_is_told_to_come_again(
    desk: Server, server: Keeper, members_of: Members, client: ClientOf, stored: StoreTip
) -> None:
    amina = members_of.enrol("amina")
    items = items_of(server, stored, 4, 1_950_000)
    before, size = memory(desk.worker), entries(server)
    with ExitStack() as slow:
        connections = [slow.enter_context(desk.connect()) for _ in range(24)]
        for connection in connections:
            connection.sendall(asked(amina, items, client))
        answers = [connection.recv(13, socket.MSG_WAITALL) for connection in connections]
    # 250 MB were asked for.
    assert memory(desk.worker, "VmHWM") - before < 200_000_000
    # Those that take nothing hold what there is. What was not given isn't in the log either.
    assert Counter(answers) == {b"HTTP/1.1 200 ": 4, b"HTTP/1.1 503 ": 20}
    assert entries(server) - size == 4
    with desk.connect() as connection:
        connection.sendall(asked(amina, items, client))
        assert connection.recv(17, socket.MSG_WAITALL) == ANSWERED


def entries(server: Keeper) -> int:
    """Bulk reads in the log: the desk itself may add which program it is, at any time."""
    with server.store.reading() as session:
        return sum(b'"action":"read"' in line for line in server.log.lines(session, 0, server.log.size(session)))


@pytest.mark.parametrize(("size", "answered"), [(300_000, ANSWERED), (1_000, b"HTTP/1.1 500 Inte")])
def test_a_store_that_fails_in_the_middle_of_an_answer_ends_that_answer_and_nothing_else(
    size: int,
    answered: bytes,
    desk: Server,
    server: Keeper,
    members_of: Members,
    client: ClientOf,
    stored: StoreTip,
) -> None:
    amina, worker = members_of.enrol("amina"), desk.worker
    # A large one is sent before the second one is read.
    items = items_of(server, stored, 2, size)
    with server.store.writing() as session:
        session.execute(text("UPDATE item SET sealed = 'not bytes' WHERE id = (SELECT max(id) FROM item)"))
    with desk.connect() as connection:
        connection.sendall(asked(amina, items, client))
        assert connection.recv(17, socket.MSG_WAITALL) == answered
        rest(connection)
    assert answered != ANSWERED or "unexpected TypeError" in desk.said()
    assert desk.answers()
    with desk.connect() as connection:
        connection.sendall(b"GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(13, socket.MSG_WAITALL).startswith(b"HTTP/1.1 4")
    assert desk.worker == worker
