"""Headers are exchanged where they are what the request says, for as many people as it says, and in the log."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from crypto.age import HybridIdentity, admit, exchange_stanza, seal, split, unseal
from enrolled import Enrolled, Members
from intake.keeper import Keeper
from intake.protocol.actions import Action
from intake.protocol.card import Role
from intake.protocol.entry import parse_entry
from intake.protocol.index import parse_day, sha256_hex
from intake.protocol.manifest import END, Exchange, Manifest, body_of
from intake.protocol.queries import manifest_query
from intake.storage.tables import LogEntry, Tip
from signed_client import ClientOf


@dataclass
class Tips:
    """Tips that amina can open, by id."""

    server: Keeper
    amina: HybridIdentity

    def store(self, name: str) -> str:
        parts = split(seal(b"summary", [self.amina.recipient]))
        with self.server.store.writing() as session:
            session.add(
                Tip(
                    id=bytes.fromhex(name * 32),
                    day=datetime.now(UTC).date(),
                    header=parts.header,
                    payload=parts.payload,
                    recipient=name,
                    lookup=bytes.fromhex(name * 64),
                )
            )
        return name * 32

    def header(self, tip: str) -> bytes:
        with self.server.store.reading() as session:
            return session.scalars(select(Tip.header).where(Tip.id == bytes.fromhex(tip))).one()

    def opens(self, tip: str, identity: HybridIdentity) -> bytes:
        with self.server.store.reading() as session:
            header, payload = session.execute(select(Tip.header, Tip.payload).where(Tip.id == bytes.fromhex(tip))).one()
        return unseal(header + payload, [identity])

    def change(self, new: dict[str, bytes], whom: str = "") -> tuple[str, bytes]:
        """The path and body of a request that puts these headers in the place of those that there are."""
        names = sorted(new)
        exchanges = tuple(Exchange(tip, sha256_hex(self.header(tip)), sha256_hex(new[tip])) for tip in names)
        manifest = Manifest(exchanges, whom)
        return f"/v1/headers{manifest_query(manifest.digest)}", body_of(manifest, [new[tip] for tip in names])


@pytest.fixture
def amina(members_of: Members) -> Enrolled:
    return members_of.enrol("amina")


@pytest.fixture
def carla(members_of: Members, amina: Enrolled) -> Enrolled:
    return members_of.enrol("carla")


def identity_of(member: Enrolled) -> HybridIdentity:
    assert member.identity is not None
    return member.identity


@pytest.fixture
def tips(server: Keeper, amina: Enrolled) -> Tips:
    return Tips(server, identity_of(amina))


def entries(server: Keeper) -> list[bytes]:
    with server.store.reading() as session:
        return list(session.scalars(select(LogEntry.body).order_by(LogEntry.index)))


def test_somebody_is_let_in_and_the_log_says_by_whom_and_to_what(
    tips: Tips, client: ClientOf, amina: Enrolled, carla: Enrolled, server: Keeper
) -> None:
    names = [tips.store("a"), tips.store("b")]
    new = {tip: admit(tips.header(tip), [tips.amina], [identity_of(carla).recipient]) for tip in names}
    path, body = tips.change(new, carla.card.key_id)
    for _ in range(2):
        answer = client(amina)("PUT", path, body)
        assert (answer.status_code, answer.json()) == (200, {"others": []})
        assert [tips.opens(tip, identity_of(carla)) for tip in names] == [b"summary"] * 2
    entry = parse_entry(entries(server)[-1])
    assert (entry.who, entry.action) == (amina.card.key_id, Action.REWRAP)
    assert entry.objects == (f"member/{carla.card.key_id}", *(f"tip/{tip}" for tip in names))
    assert entry.request is not None
    assert entry.request.body == body.partition(END)[0].decode()


def test_the_index_shows_the_new_header_and_the_same_payload(
    tips: Tips, client: ClientOf, amina: Enrolled, carla: Enrolled
) -> None:
    tip, day = tips.store("a"), datetime.now(UTC).date().isoformat()
    (before,) = parse_day(day, client(amina)("GET", f"/v1/index/{day}").content).tips
    new = admit(tips.header(tip), [tips.amina], [identity_of(carla).recipient])
    client(amina)("PUT", *tips.change({tip: new}, carla.card.key_id))
    (after,) = parse_day(day, client(amina)("GET", f"/v1/index/{day}").content).tips
    assert (after.payload, after.header) == (before.payload, sha256_hex(new))


def test_what_has_another_header_by_now_is_named_and_all_else_is_done(
    tips: Tips, client: ClientOf, amina: Enrolled, server: Keeper
) -> None:
    moved, stays = tips.store("a"), tips.store("b")
    fresh = [HybridIdentity.generate() for _ in range(2)]
    late = tips.change(
        {tip: exchange_stanza(tips.header(tip), tips.amina, fresh[0].recipient) for tip in (moved, stays)}
    )
    soon = tips.change({moved: exchange_stanza(tips.header(moved), tips.amina, fresh[1].recipient)})
    client(amina)("PUT", *soon)
    answer = client(amina)("PUT", *late)
    assert (answer.status_code, answer.json()) == (200, {"others": [moved]})
    assert tips.opens(moved, fresh[1]) == tips.opens(stays, fresh[0]) == b"summary"


def test_a_tip_that_is_gone_is_named(tips: Tips, client: ClientOf, amina: Enrolled, server: Keeper) -> None:
    tip = tips.store("a")
    change = tips.change({tip: exchange_stanza(tips.header(tip), tips.amina, HybridIdentity.generate().recipient)})
    with server.store.writing() as session:
        session.delete(session.get(Tip, bytes.fromhex(tip)))
    assert client(amina)("PUT", *change).json() == {"others": [tip]}


@pytest.mark.parametrize("lets_in", [True, False])
def test_a_header_for_more_or_fewer_people_than_it_may_be_changes_nothing_at_all(
    lets_in: bool, tips: Tips, client: ClientOf, amina: Enrolled, carla: Enrolled, server: Keeper
) -> None:
    tip, other = tips.store("a"), tips.store("b")
    one_more = admit(tips.header(tip), [tips.amina], [identity_of(carla).recipient])
    as_many = exchange_stanza(tips.header(tip), tips.amina, identity_of(carla).recipient)
    two_more = admit(one_more, [tips.amina], [HybridIdentity.generate().recipient])
    good = admit(tips.header(other), [tips.amina], [identity_of(carla).recipient])
    good = good if lets_in else exchange_stanza(tips.header(other), tips.amina, HybridIdentity.generate().recipient)
    before, logged = [tips.header(tip), tips.header(other)], len(entries(server))
    for wrong in (as_many, two_more) if lets_in else (one_more, two_more):
        path, body = tips.change({tip: wrong, other: good}, carla.card.key_id if lets_in else "")
        assert client(amina)("PUT", path, body).status_code == 400
    assert [tips.header(tip), tips.header(other)] == before
    assert len(entries(server)) == logged


def test_nobody_is_let_in_who_is_no_active_reviewer(
    tips: Tips, client: ClientOf, amina: Enrolled, members_of: Members
) -> None:
    tip, auditor, revoked = tips.store("a"), members_of.enrol("dina", Role.AUDITOR), members_of.enrol("eva")
    members_of.revoke("eva")
    new = admit(tips.header(tip), [tips.amina], [HybridIdentity.generate().recipient])
    for whom in (auditor.card.key_id, revoked.card.key_id, "0" * 32):
        assert client(amina)("PUT", *tips.change({tip: new}, whom)).status_code == 412


def test_only_what_the_signed_query_names_is_taken(
    tips: Tips, client: ClientOf, amina: Enrolled, carla: Enrolled, server: Keeper
) -> None:
    tip = tips.store("a")
    new = admit(tips.header(tip), [tips.amina], [identity_of(carla).recipient])
    path, body = tips.change({tip: new}, carla.card.key_id)
    other, _ = tips.change({tip: new}, amina.card.key_id)
    before, logged = tips.header(tip), len(entries(server))
    assert client(amina)("PUT", other, body).status_code == 401
    assert client(amina)("PUT", path, body + b"more").status_code == 400
    assert client(amina)("PUT", path, body[:-1]).status_code == 400
    assert tips.header(tip) == before
    assert len(entries(server)) == logged


def test_an_auditor_exchanges_nothing(tips: Tips, client: ClientOf, members_of: Members) -> None:
    tip = tips.store("a")
    new = exchange_stanza(tips.header(tip), tips.amina, HybridIdentity.generate().recipient)
    assert client(members_of.enrol("dina", Role.AUDITOR))("PUT", *tips.change({tip: new})).status_code == 401


def test_a_member_who_adds_too_much_exchanges_no_more(
    tips: Tips, client: ClientOf, amina: Enrolled, carla: Enrolled, server: Keeper
) -> None:
    tip = tips.store("a")
    new = admit(tips.header(tip), [tips.amina], [identity_of(carla).recipient])
    small = replace(server, settings=replace(server.settings, member_quota=2000))
    before = tips.header(tip)
    assert client(amina, small)("PUT", *tips.change({tip: new}, carla.card.key_id)).status_code == 429
    assert tips.header(tip) == before
