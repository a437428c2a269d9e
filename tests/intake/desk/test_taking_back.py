"""A reply is taken back: it is gone from the store for good, the log says who did it, and it never comes again."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from enrolled import Enrolled, Members
from intake.keeper import Keeper
from intake.protocol.actions import Action
from intake.protocol.card import Role
from intake.protocol.entry import Entry, parse_entry
from intake.protocol.index import parse_day, parse_days
from intake.storage.tables import Item, LogEntry, TakenBack
from signed_client import ClientOf, StoreTip

REPLY = "ab" * 16
SEALED = b"sealed to the source: take the train at nine"


@pytest.fixture
def amina(members_of: Members) -> Enrolled:
    return members_of.enrol("amina")


@pytest.fixture
def boris(members_of: Members) -> Enrolled:
    return members_of.enrol("boris")


@pytest.fixture
def tip(client: ClientOf, amina: Enrolled, stored: StoreTip) -> str:
    """A tip with a reply of Amina's."""
    name, _ = stored(1)
    assert client(amina)("PUT", f"/v1/tips/{name}/items/{REPLY}?kind=reply", SEALED).status_code == 201
    return name


def entries(server: Keeper) -> list[Entry]:
    with server.store.reading() as session:
        return [parse_entry(body) for body in session.scalars(select(LogEntry.body).order_by(LogEntry.index))]


def items(server: Keeper) -> list[str]:
    with server.store.reading() as session:
        return [name.hex() for name in session.scalars(select(Item.id))]


def test_any_reviewer_takes_a_reply_back_and_the_log_says_who(
    client: ClientOf, boris: Enrolled, server: Keeper, tip: str
) -> None:
    assert client(boris)("DELETE", f"/v1/tips/{tip}/items/{REPLY}").status_code == 204
    assert REPLY not in items(server)
    last = entries(server)[-1]
    assert (last.action, last.objects, last.who) == (
        Action.TAKE_BACK,
        (f"tip/{tip}", f"item/{REPLY}"),
        boris.card.key_id,
    )
    (day,) = parse_days(client(boris)("GET", "/v1/index").content).days
    rows = parse_day(day.day, client(boris)("GET", f"/v1/index/{day.day}").content).items
    assert REPLY not in {row.id for row in rows}


def test_nothing_of_it_can_be_read_from_any_file_of_the_store(
    client: ClientOf, amina: Enrolled, server: Keeper, tip: str
) -> None:
    client(amina)("DELETE", f"/v1/tips/{tip}/items/{REPLY}")
    files = [path for path in server.settings.data.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if SEALED in path.read_bytes()]


def test_it_never_comes_again_also_if_it_was_on_its_way(
    client: ClientOf, amina: Enrolled, boris: Enrolled, server: Keeper, tip: str
) -> None:
    late = "cd" * 16
    for name in (REPLY, late):
        assert client(boris)("DELETE", f"/v1/tips/{tip}/items/{name}").status_code == 204
        size = len(entries(server))
        assert client(amina)("PUT", f"/v1/tips/{tip}/items/{name}?kind=reply", SEALED).status_code == 409
        assert name not in items(server)
        assert len(entries(server)) == size
    with server.store.reading() as session:
        kept = {row.id: row.day for row in session.execute(select(TakenBack.id, TakenBack.day))}
    assert kept[bytes.fromhex(REPLY)] is not None
    assert kept[bytes.fromhex(late)] is None


def test_to_ask_twice_changes_nothing_and_is_fine(client: ClientOf, amina: Enrolled, tip: str) -> None:
    answers = [client(amina)("DELETE", f"/v1/tips/{tip}/items/{REPLY}").status_code for _ in range(2)]
    assert answers == [204, 204]


def test_nothing_but_a_reply_of_that_tip_is_taken_back(
    client: ClientOf, amina: Enrolled, server: Keeper, stored: StoreTip, tip: str
) -> None:
    other, (message,) = stored(1)
    note = "ef" * 16
    client(amina)("PUT", f"/v1/tips/{tip}/items/{note}?kind=work", b"a note")
    before, size = items(server), len(entries(server))
    for where, name, status in ((other, message, 409), (tip, note, 409), (other, REPLY, 409), ("00" * 16, REPLY, 404)):
        assert client(amina)("DELETE", f"/v1/tips/{where}/items/{name}").status_code == status
    assert items(server) == before
    assert len(entries(server)) == size


def test_neither_an_auditor_nor_somebody_revoked_takes_anything_back(
    client: ClientOf, members_of: Members, boris: Enrolled, server: Keeper, tip: str
) -> None:
    auditor = members_of.enrol("carla", Role.AUDITOR)
    members_of.revoke("boris")
    for who in (auditor, boris):
        assert client(who)("DELETE", f"/v1/tips/{tip}/items/{REPLY}").status_code == 401
    assert REPLY in items(server)


def test_who_has_added_too_much_can_still_take_back_what_is_there_and_makes_the_log_no_longer_otherwise(
    client: ClientOf, amina: Enrolled, server: Keeper, tip: str
) -> None:
    small = replace(server, settings=replace(server.settings, member_quota=1))
    assert client(amina, small)("DELETE", f"/v1/tips/{tip}/items/{REPLY}").status_code == 204
    assert client(amina, small)("DELETE", f"/v1/tips/{tip}/items/{REPLY}").status_code == 429
    assert client(amina, small)("DELETE", f"/v1/tips/{tip}/items/{'cd' * 16}").status_code == 429
