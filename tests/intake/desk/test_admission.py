"""Who is let in, and in which words the others are told why not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from intake.protocol import requests
from intake.protocol.card import Role
from intake.server import Server
from intake.storage.tables import LogEntry


def entries(server: Server) -> int:
    with server.store.reading() as session:
        return session.scalar(select(func.count()).select_from(LogEntry)) or 0


def test_a_request_without_a_signature_is_refused(client: Any, members_of: Any) -> None:
    desk = client(members_of.enrol("amina"))
    answer = desk.send(desk.unsigned("GET", "/v1/index"))
    assert (answer.status_code, answer.json()["error"]) == (401, "the request is not signed")


def test_a_signature_by_a_key_that_is_not_enrolled_is_refused(client: Any, members_of: Any) -> None:
    members_of.enrol("amina")
    answer = client(members_of.make("mallory"))("GET", "/v1/index")
    assert (answer.status_code, answer.json()["error"]) == (401, "the signing key is not enrolled, or was revoked")


def test_a_revoked_reviewer_is_refused_from_the_next_request_on(client: Any, members_of: Any) -> None:
    members_of.enrol("amina")
    desk = client(members_of.enrol("boris"))
    assert desk("GET", "/v1/index").status_code == 200
    members_of.revoke("boris")
    answer = desk("GET", "/v1/index")
    assert (answer.status_code, answer.json()["error"]) == (401, "the signing key is not enrolled, or was revoked")


def test_the_same_request_twice_is_refused_the_second_time(client: Any, members_of: Any) -> None:
    desk = client(members_of.enrol("amina"))
    request = desk.request("GET", "/v1/index")
    assert desk.send(request).status_code == 200
    answer = desk.send(request)
    assert (answer.status_code, answer.json()["error"]) == (401, "this request was used before")


@pytest.mark.parametrize("off", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_a_signature_older_or_newer_than_five_minutes_is_refused(
    off: timedelta, client: Any, members_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz or UTC) + off

    desk = client(members_of.enrol("amina"))
    with monkeypatch.context() as patch:
        patch.setattr(requests, "datetime", Clock)
        request = desk.request("GET", "/v1/index")
    answer = desk.send(request)
    assert answer.status_code == 401
    assert answer.json()["error"] == "the signature has expired; check the clock of this machine"


def test_another_path_than_was_signed_is_refused(client: Any, members_of: Any, stored: Callable[..., Any]) -> None:
    desk = client(members_of.enrol("amina"))
    _, (one, other) = stored(2)
    request = desk.request("GET", f"/v1/items/{one}")
    request.url = request.url.copy_with(path=f"/v1/items/{other}")
    answer = desk.send(request)
    assert (answer.status_code, answer.json()["error"]) == (401, "the signature is not valid")


def test_another_body_than_was_signed_is_refused(client: Any, members_of: Any) -> None:
    desk = client(members_of.enrol("amina"))
    request = desk.request("POST", "/v1/read", b'{"summaries":[],"items":[]}')
    other = desk.unsigned("POST", "/v1/read")
    changed = type(request)("POST", other.url, headers=request.headers, content=b'{"summaries":[],"items":[ ]}')
    assert desk.send(changed).status_code == 401


def test_a_request_that_was_signed_for_another_desk_is_refused(client: Any, members_of: Any) -> None:
    desk = client(members_of.enrol("amina"))
    answer = desk.send(desk.request("GET", "/v1/index", log="intake-another"))
    assert (answer.status_code, answer.json()["error"]) == (401, "the request was signed for another desk")


def test_an_auditor_reads_the_log_and_nothing_else(client: Any, members_of: Any, stored: Callable[..., Any]) -> None:
    desk = client(members_of.enrol("carla", Role.AUDITOR))
    _, (item,) = stored(1)
    assert desk("GET", "/v1/log/checkpoint").status_code == 200
    assert desk("GET", "/v1/index").status_code == 401
    assert desk("GET", f"/v1/items/{item}").status_code == 401


def test_a_refused_request_is_not_logged_as_an_access(client: Any, members_of: Any, server: Server) -> None:
    members_of.enrol("amina")
    before = entries(server)
    client(members_of.make("mallory"))("GET", "/v1/index")
    assert entries(server) == before
