"""Who is let in, and in which words the others are told why not."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from enrolled import Members
from intake.accesslog.append import LogAppender
from intake.keeper import Keeper, read_log_key
from intake.protocol.card import Role
from intake.storage.tables import LogEntry, Nonce
from signed_client import ClientOf, StoreTip


def entries(server: Keeper) -> int:
    with server.store.reading() as session:
        return session.scalar(select(func.count()).select_from(LogEntry)) or 0


def test_a_request_without_a_signature_is_refused(client: ClientOf, members_of: Members) -> None:
    desk = client(members_of.enrol("amina"))
    answer = desk.send(desk.unsigned("GET", "/v1/index"))
    assert (answer.status_code, answer.json()["error"]) == (401, "the request is not signed")


def test_a_signature_by_a_key_that_is_not_enrolled_is_refused(client: ClientOf, members_of: Members) -> None:
    members_of.enrol("amina")
    answer = client(members_of.make("mallory"))("GET", "/v1/index")
    assert (answer.status_code, answer.json()["error"]) == (401, "the signing key is not enrolled, or was revoked")


def test_a_revoked_reviewer_is_refused_from_the_next_request_on(client: ClientOf, members_of: Members) -> None:
    members_of.enrol("amina")
    desk = client(members_of.enrol("boris"))
    assert desk("GET", "/v1/index").status_code == 200
    members_of.revoke("boris")
    answer = desk("GET", "/v1/index")
    assert (answer.status_code, answer.json()["error"]) == (401, "the signing key is not enrolled, or was revoked")


def test_the_same_request_twice_is_refused_the_second_time(client: ClientOf, members_of: Members) -> None:
    desk = client(members_of.enrol("amina"))
    request = desk.request("GET", "/v1/index")
    assert desk.send(request).status_code == 200
    answer = desk.send(request)
    assert (answer.status_code, answer.json()["error"]) == (401, "this request was used before")


@pytest.mark.parametrize("off", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_a_signature_older_or_newer_than_five_minutes_is_refused(
    off: timedelta, client: ClientOf, members_of: Members
) -> None:
    desk = client(members_of.enrol("amina"))
    answer = desk.send(desk.request("GET", "/v1/index", created=datetime.now(UTC) + off))
    assert answer.status_code == 401
    assert answer.json()["error"] == (
        "this machine's clock and the server's differ by about 6 minutes; put right whichever of them is wrong"
    )


def test_a_request_that_waited_for_so_long_that_its_entry_would_be_false_is_refused(
    client: ClientOf, members_of: Members, server: Keeper
) -> None:
    amina = members_of.enrol("amina")
    waits = iter([timedelta(0)])
    late = LogAppender(
        read_log_key(server.settings.log_key), lambda: datetime.now(UTC) + next(waits, timedelta(minutes=6))
    )
    before = entries(server)
    answer = client(amina, replace(server, log=late))("GET", "/v1/index")
    assert (answer.status_code, entries(server)) == (401, before)
    assert "waited for too long" in answer.json()["error"]


def test_a_nonce_is_kept_for_as_long_as_its_request_could_be_logged(
    client: ClientOf, members_of: Members, server: Keeper
) -> None:
    """Whatever the clock says: it may go back once nonces were forgotten by it."""
    amina = members_of.enrol("amina")
    desk = client(amina)
    request = desk.request("GET", "/v1/index")
    assert desk.send(request).status_code == 200
    ahead = LogAppender(read_log_key(server.settings.log_key), lambda: datetime.now(UTC) + timedelta(hours=1))
    assert client(amina, replace(server, log=ahead))("GET", "/v1/log/checkpoint").status_code == 401
    assert desk("GET", "/v1/index").status_code == 200
    answer = desk.send(request)
    assert (answer.status_code, answer.json()["error"]) == (401, "this request was used before")


def test_nonces_are_forgotten_in_the_end(client: ClientOf, members_of: Members, server: Keeper) -> None:
    with server.store.writing() as session:
        session.add(Nonce(value="0" * 32, expires=int(datetime.now(UTC).timestamp()) - 10))
    assert client(members_of.enrol("amina"))("GET", "/v1/index").status_code == 200
    with server.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Nonce)) == 1


@pytest.mark.parametrize("value", ["x", "%%%", "", "intake=5", "intake=()", "intake=:AAAA:", "a=();b, intake=("])
@pytest.mark.parametrize("name", ["Signature", "Signature-Input", "Content-Digest"])
def test_a_malformed_signature_is_refused_in_plain_words(
    value: str, name: str, client: ClientOf, members_of: Members
) -> None:
    desk = client(members_of.enrol("amina"))
    request = desk.request("GET", "/v1/index")
    request.headers[name] = value
    answer = desk.send(request)
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/json")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"created=\d+", "created=999999999999999"),
        (r"created=\d+", "created=-1"),
        (r"created=\d+", 'created="x"'),
        (r"created=\d+;", ""),
        (r'keyid="\w+"', "keyid=5"),
        (r'keyid="\w+"', "keyid"),
        (r'nonce="\w+"', "nonce=1.5"),
        (r'tag="[^"]+"', "tag=5"),
        (r'"@query"', '"@query-param"'),
        (r'"@query"', '"@nothing"'),
        (r'"@query"', '"@query";req'),
        (r'"@query"', '"@path"'),
        ("^intake=", "Intake="),
        ("^intake=", "other="),
        ("$", ";expires=1"),
        ("$", ";expires=x"),
    ],
)
def test_other_parameters_of_a_signature_are_refused_in_plain_words(
    old: str, new: str, client: ClientOf, members_of: Members
) -> None:
    desk = client(members_of.enrol("amina"))
    request = desk.request("GET", "/v1/index")
    request.headers["Signature-Input"] = re.sub(old, new, request.headers["Signature-Input"])
    answer = desk.send(request)
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/json")


def test_another_path_than_was_signed_is_refused(client: ClientOf, members_of: Members, stored: StoreTip) -> None:
    desk = client(members_of.enrol("amina"))
    _, (one, other) = stored(2)
    request = desk.request("GET", f"/v1/items/{one}")
    request.url = request.url.copy_with(path=f"/v1/items/{other}")
    answer = desk.send(request)
    assert (answer.status_code, answer.json()["error"]) == (401, "the signature is not valid")


def test_another_body_than_was_signed_is_refused(client: ClientOf, members_of: Members) -> None:
    desk = client(members_of.enrol("amina"))
    request = desk.request("POST", "/v1/read", b'{"summaries":[],"items":[]}')
    other = desk.unsigned("POST", "/v1/read")
    changed = type(request)("POST", other.url, headers=request.headers, content=b'{"summaries":[],"items":[ ]}')
    assert desk.send(changed).status_code == 401


def test_a_request_that_was_signed_for_another_desk_is_refused(client: ClientOf, members_of: Members) -> None:
    desk = client(members_of.enrol("amina"))
    answer = desk.send(desk.request("GET", "/v1/index", log="intake-another"))
    assert (answer.status_code, answer.json()["error"]) == (401, "the request was signed for another desk")


def test_an_auditor_reads_the_log_and_nothing_else(client: ClientOf, members_of: Members, stored: StoreTip) -> None:
    desk = client(members_of.enrol("carla", Role.AUDITOR))
    _, (item,) = stored(1)
    assert desk("GET", "/v1/log/checkpoint").status_code == 200
    assert desk("GET", "/v1/index").status_code == 401
    assert desk("GET", f"/v1/items/{item}").status_code == 401


def test_a_refused_request_is_not_logged_as_an_access(client: ClientOf, members_of: Members, server: Keeper) -> None:
    members_of.enrol("amina")
    before = entries(server)
    client(members_of.make("mallory"))("GET", "/v1/index")
    assert entries(server) == before
