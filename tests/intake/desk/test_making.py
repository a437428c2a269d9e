"""A tip that a reviewer makes: stored once, whole, and in the log with the digests of what it is."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from crypto.age import HybridIdentity
from enrolled import Enrolled, Members
from intake.keeper import Keeper
from intake.protocol.actions import Action
from intake.protocol.card import Role
from intake.protocol.entry import parse_entry
from intake.protocol.index import parse_day
from intake.protocol.kinds import Kind
from intake.protocol.newtip import NewTip
from intake.storage.tables import Item, LogEntry, Tip, Withdrawal
from new_tips import new_tip, path_of
from signed_client import ClientOf

TIP, ITEM = secrets.token_hex(16), secrets.token_hex(16)


def last_entry(server: Keeper) -> Any:
    with server.store.reading() as session:
        return parse_entry(session.scalars(select(LogEntry.body).order_by(LogEntry.index.desc())).first() or b"")


def tips(server: Keeper) -> list[Tip]:
    with server.store.writing() as session:
        return list(session.scalars(select(Tip)))


@pytest.fixture
def amina(members_of: Members) -> Enrolled:
    return members_of.enrol("amina")


@pytest.fixture
def new(amina: Enrolled) -> NewTip:
    """A tip that amina can read."""
    assert amina.identity is not None
    return new_tip([amina.identity.recipient])


def test_it_lies_in_the_same_tables_as_a_sources_and_shows_at_once(
    client: ClientOf, amina: Enrolled, new: NewTip, server: Keeper
) -> None:
    assert client(amina)("PUT", path_of(new, TIP, ITEM), new.to_json()).status_code == 201
    (tip,) = tips(server)
    assert (tip.id.hex(), tip.header, tip.payload) == (TIP, new.header, new.payload)
    assert (tip.recipient, tip.lookup.hex(), tip.chain) == (new.recipient, new.lookup, new.chain)
    with server.store.writing() as session:
        first = session.scalars(select(Item)).one()
    assert (first.id.hex(), first.tip_id, first.kind, first.sealed) == (ITEM, tip.id, Kind.REPORT, new.first)
    day = datetime.now(UTC).date().isoformat()
    index = parse_day(day, client(amina)("GET", f"/v1/index/{day}").content)
    assert [row.id for row in index.tips] == [TIP]
    assert [row.id for row in index.items] == [ITEM]


def test_the_log_says_who_made_it_and_of_what(client: ClientOf, amina: Enrolled, new: NewTip, server: Keeper) -> None:
    client(amina)("PUT", path_of(new, TIP, ITEM), new.to_json())
    entry = last_entry(server)
    assert (entry.who, entry.action) == (amina.card.key_id, Action.MAKE)
    assert entry.objects == (f"tip/{TIP}", f"item/{ITEM}")
    assert new.made.payload in entry.request.base
    assert new.made.first in entry.request.base


def test_sent_again_it_is_there_once_whoever_can_read_it_by_then(
    client: ClientOf, amina: Enrolled, new: NewTip, server: Keeper, members_of: Members
) -> None:
    for _ in range(2):
        assert client(amina)("PUT", path_of(new, TIP, ITEM), new.to_json()).status_code == 201
    members_of.enrol("boris")
    assert client(amina)("PUT", path_of(new, TIP, ITEM), new.to_json()).status_code == 201
    assert len(tips(server)) == 1


@pytest.mark.parametrize("changed", ["tip", "item", "payload", "first", "lookup", "recipient"])
def test_nothing_of_it_can_be_exchanged(
    changed: str, client: ClientOf, amina: Enrolled, new: NewTip, server: Keeper
) -> None:
    client(amina)("PUT", path_of(new, TIP, ITEM), new.to_json())
    before = tips(server)[0].payload
    assert amina.identity is not None
    another = new_tip([amina.identity.recipient], b"another")
    other = replace(new, **{changed: getattr(another, changed)}) if hasattr(new, changed) else new
    tip, item = ("0" * 32 if changed == name else own for name, own in (("tip", TIP), ("item", ITEM)))
    entry = last_entry(server)
    answer = client(amina)("PUT", path_of(other, tip, item), other.to_json())
    assert (answer.status_code, answer.json()["error"]) == (409, "this id is taken")
    assert [tip.payload for tip in tips(server)] == [before]
    assert last_entry(server) == entry, "what is refused is not logged"


def test_what_its_source_withdrew_does_not_come_back(
    client: ClientOf, amina: Enrolled, new: NewTip, server: Keeper
) -> None:
    with server.store.writing() as session:
        session.add(Withdrawal(tip_id=bytes.fromhex(TIP), day=datetime.now(UTC).date(), signature=bytes(64)))
    assert client(amina)("PUT", path_of(new, TIP, ITEM), new.to_json()).status_code == 409
    assert tips(server) == []


def test_one_that_somebody_enrolled_could_not_read_is_refused_and_not_logged(
    client: ClientOf, amina: Enrolled, new: NewTip, server: Keeper, members_of: Members
) -> None:
    members_of.enrol("boris")
    entry = last_entry(server)
    answer = client(amina)("PUT", path_of(new, TIP, ITEM), new.to_json())
    assert answer.status_code == 412
    assert "fetch what is new first" in answer.json()["error"]
    assert tips(server) == []
    assert last_entry(server) == entry


@pytest.mark.parametrize("spoilt", ["nothing", "another", "recipient", "header"])
def test_a_body_that_is_not_what_the_query_says_is_refused(
    spoilt: str, client: ClientOf, amina: Enrolled, new: NewTip, server: Keeper
) -> None:
    body = {
        "nothing": b"",
        "another": new_tip([HybridIdentity.generate().recipient]).to_json(),
        "recipient": replace(new, recipient="age1nobody").to_json(),
        "header": replace(new, header=b"no header").to_json(),
    }[spoilt]
    answer = client(amina)("PUT", path_of(new, TIP, ITEM), body)
    assert answer.status_code == 400
    assert tips(server) == []


def test_an_auditor_makes_none(client: ClientOf, new: NewTip, server: Keeper, members_of: Members) -> None:
    carla = members_of.enrol("carla", Role.AUDITOR)
    assert client(carla)("PUT", path_of(new, TIP, ITEM), new.to_json()).status_code == 401
    assert tips(server) == []
