"""A desk that has no room for a bulk read: the program asks again, and says so if that goes on."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from werkzeug.wrappers import Response

from intake.protocol.actions import ReadRequest
from intake.protocol.card import Role
from intake.triage.desk.client import DeskClient, DeskRefusedError
from open_desk import Desk
from program import Enrol, HomeOf

NOTHING = ReadRequest((), ("0" * 32,))


def busy(desk: Desk, times: int) -> list[str]:
    """From now on the desk has no room for so many bulk reads; the paths that it was asked for."""
    honest, asked = desk.wsgi, list[str]()

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        if len(asked) > times:
            return honest(environ, start)
        return Response(b'{"error":"busy"}', status=503, headers={"Retry-After": "86400"})(environ, start)

    desk.wsgi = answer
    return asked


def client(enrol: Enrol, home: HomeOf) -> DeskClient:
    return DeskClient(home("amina"), enrol("amina").signing, Role.REVIEWER, pauses=(0, 0))


def test_a_bulk_read_that_finds_the_desk_busy_is_made_again(desk: Desk, enrol: Enrol, home: HomeOf) -> None:
    reader = client(enrol, home)
    asked = busy(desk, 2)
    assert reader.read(NOTHING, 0) == b'{"summaries":{},"items":{}}'
    assert asked == ["/v1/read"] * 3
    reader.close()


def test_a_desk_that_stays_busy_keeps_nobody_waiting(desk: Desk, enrol: Enrol, home: HomeOf) -> None:
    reader = client(enrol, home)
    asked = busy(desk, 9)
    with pytest.raises(DeskRefusedError, match="busy"):
        reader.read(NOTHING, 0)
    assert len(asked) == 3
    reader.close()
