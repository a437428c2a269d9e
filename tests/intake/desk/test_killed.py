"""A desk that is killed at any instant has given no answer without its entry, and has no entry that its tree lacks."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from audited import audited
from commands import GUNICORN, environment
from enrolled import Enrolled, Members
from intake.keeper import Keeper
from intake.protocol.card import Role
from processes import children
from servers import Server, listening, rest, serving
from signed_client import ClientOf, StoreTip
from waiting import waited_for

pytestmark = pytest.mark.slow

KILLS = 30
ANSWERED = (b"HTTP/1.1 200", b"HTTP/1.1 204")


@pytest.fixture
def desk(server: Keeper, tmp_path: Path) -> Iterator[Server]:
    with TemporaryDirectory() as directory:
        place = Path(directory) / "desk.sock"
        variables = environment(server.settings.data, **listening("desk", place))
        with serving([*GUNICORN, "wsgi:desk"], place, tmp_path / "gunicorn.log", variables) as running:
            yield running


def asked(member: Enrolled, client: ClientOf, method: str, path: str) -> tuple[str, bytes]:
    """A signed request in bytes, and its nonce."""
    request = client(member).request(method, path)
    fields = b"".join(b"%b: %b\r\n" % field for field in request.headers.raw)
    nonce = re.search(r'nonce="([0-9a-f]+)"', request.headers["Signature-Input"])
    assert nonce
    return nonce[1], f"{method} {path} HTTP/1.1\r\n".encode() + fields + b"\r\n"


def is_gone(desk: Server, worker: int) -> bool:
    return worker not in children(desk.process.pid)


def test_what_was_answered_is_in_the_log_and_the_log_verifies(
    desk: Server, server: Keeper, members_of: Members, client: ClientOf, stored: StoreTip
) -> None:
    carla, amina = members_of.enrol("carla", Role.AUDITOR), members_of.enrol("amina")
    tip, (item,) = stored(1)
    kinds = [
        (carla, "GET", "/v1/log/checkpoint"),
        (carla, "GET", "/v1/log/entries"),
        (carla, "GET", "/v1/log/tile/entries/000.p/2"),
        (amina, "GET", f"/v1/items/{item}"),
        (amina, "POST", f"/v1/tips/{tip}/open?purpose={item}"),
        (amina, "POST", f"/v1/tips/{tip}/export/{'a' * 64}"),
    ]
    answered, killed = list[str](), 0
    for step in range(KILLS):
        nonce, request = asked(*kinds[step % len(kinds)][:1], client, *kinds[step % len(kinds)][1:])
        worker = desk.worker
        with desk.connect() as connection:
            # Later and later: before it is read, while it is logged, while it is answered.
            connection.settimeout(0.0008 * (step + 1))
            got = b""
            try:
                connection.sendall(request)
                got = connection.recv(12)
            except TimeoutError:
                os.kill(worker, signal.SIGKILL)
                killed += 1
                waited_for(partial(is_gone, desk, worker))
            connection.settimeout(60)
            with suppress(OSError):
                got += rest(connection)
            if got.startswith(ANSWERED):
                answered.append(nonce)
    assert killed
    # One more, for which the desk has to be there again.
    nonce, request = asked(amina, client, "GET", "/v1/index")
    assert desk.ask(request).startswith(ANSWERED)
    with server.store.reading() as session:
        lines = server.log.lines(session, 0, server.log.size(session) + 1)
    verified = audited(server)
    assert verified.checkpoint.size == len(lines)
    logged = [entry.request.base for entry in verified.entries if entry.request is not None]
    for each in (*answered, nonce):
        assert sum(each in base for base in logged) == 1
