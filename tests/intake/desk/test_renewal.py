"""Tips get another identity where they still have the summary that is named, for just the readers that there are."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from crypto.age import HybridIdentity, admit, seal, split, unseal
from enrolled import Enrolled, Members
from intake.keeper import Keeper
from intake.protocol.actions import Action
from intake.protocol.card import Role
from intake.protocol.entry import Entry, parse_entry
from intake.protocol.index import parse_day, sha256_hex
from intake.protocol.manifest import END, Exchange, Manifest
from intake.protocol.manifest import body_of as headers_body
from intake.protocol.queries import add_query, manifest_query
from intake.protocol.renewal import Renewals, Renewed, body_of
from intake.storage.tables import Item, LogEntry, Tip
from signed_client import ClientOf


def identity_of(member: Enrolled) -> HybridIdentity:
    assert member.identity is not None
    return member.identity


@pytest.fixture
def amina(members_of: Members) -> Enrolled:
    return members_of.enrol("amina")


@pytest.fixture
def boris(members_of: Members, amina: Enrolled) -> Enrolled:
    return members_of.enrol("boris")


@pytest.fixture
def tip(server: Keeper, amina: Enrolled, boris: Enrolled) -> str:
    """A tip that both can open."""
    return store(server, amina, boris)


def store(server: Keeper, *readers: Enrolled) -> str:
    name = secrets.token_bytes(16)
    parts = split(seal(b"summary", [identity_of(reader).recipient for reader in readers]))
    with server.store.writing() as session:
        session.add(
            Tip(
                id=name,
                day=datetime.now(UTC).date(),
                header=parts.header,
                payload=parts.payload,
                recipient=str(HybridIdentity.generate().recipient),
                lookup=secrets.token_bytes(32),
            )
        )
    return name.hex()


def row(server: Keeper, tip: str) -> Tip:
    with server.store.reading() as session:
        found = session.execute(select(Tip.__table__).where(Tip.id == bytes.fromhex(tip))).one()
    return Tip(**found._mapping)


def renewed(*readers: Enrolled, size: int = 7) -> Renewed:
    parts = split(seal(bytes(size), [identity_of(reader).recipient for reader in readers]))
    return Renewed(str(HybridIdentity.generate().recipient), parts.header, parts.payload)


def change(server: Keeper, new: dict[str, Renewed], *only: Enrolled, opens: bool = False) -> tuple[str, bytes]:
    """The path and body of a request that renews these tips, as they are now."""
    names = sorted(new)
    lines = tuple(
        new[tip].of(tip, sha256_hex(row(server, tip).header), sha256_hex(row(server, tip).payload)) for tip in names
    )
    renewals = Renewals(lines, tuple(sorted(member.card.key_id for member in only)), opens)
    return f"/v1/summaries{manifest_query(renewals.digest)}", body_of(renewals, [new[tip] for tip in names])


def entries(server: Keeper) -> list[Entry]:
    with server.store.reading() as session:
        return [parse_entry(line) for line in session.scalars(select(LogEntry.body).order_by(LogEntry.index))]


def test_a_tip_has_another_identity_and_summary_and_the_log_says_who_did_it(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str
) -> None:
    new = renewed(amina, boris)
    path, body = change(server, {tip: new})
    answer = client(amina)("PUT", path, body)
    assert (answer.status_code, answer.json()) == (200, {"others": []})
    now = row(server, tip)
    assert (now.recipient, now.summary, now.readers) == (new.recipient, new.header + new.payload, None)
    entry = entries(server)[-1]
    assert (entry.who, entry.action, entry.objects) == (amina.card.key_id, Action.RENEW, (f"tip/{tip}",))
    assert entry.request is not None
    assert entry.request.body == body.partition(END)[0].decode()
    day = datetime.now(UTC).date().isoformat()
    (shown,) = parse_day(day, client(amina)("GET", f"/v1/index/{day}").content).tips
    assert (shown.header, shown.payload) == (sha256_hex(new.header), sha256_hex(new.payload))
    assert shown.recipient == sha256_hex(new.recipient.encode())


def test_who_was_slower_changes_nothing_and_is_told(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str
) -> None:
    other = store(server, amina, boris)
    late = change(server, {tip: renewed(amina, boris), other: renewed(amina, boris)})
    client(boris)("PUT", *change(server, {tip: renewed(amina, boris)}))
    before = row(server, tip).summary
    assert client(amina)("PUT", *late).json() == {"others": [tip]}
    assert row(server, tip).summary == before
    assert row(server, other).header != before


def test_one_that_is_gone_is_named(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str
) -> None:
    asked = change(server, {tip: renewed(amina, boris)})
    with server.store.writing() as session:
        session.delete(session.get(Tip, bytes.fromhex(tip)))
    assert client(amina)("PUT", *asked).json() == {"others": [tip]}


def test_for_all_means_all_reviewers_of_now(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str, members_of: Members
) -> None:
    members_of.enrol("carla")
    before, logged = row(server, tip).summary, len(entries(server))
    assert client(amina)("PUT", *change(server, {tip: renewed(amina, boris)})).status_code == 412
    assert (row(server, tip).summary, len(entries(server))) == (before, logged)


def test_restricted_it_is_for_those_who_are_named_and_the_log_names_them(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str
) -> None:
    client(amina)("PUT", *change(server, {tip: renewed(amina)}, amina))
    assert row(server, tip).readers == amina.card.key_id
    assert entries(server)[-1].objects == (f"member/{amina.card.key_id}", f"tip/{tip}")
    more = renewed(amina, boris)
    assert client(amina)("PUT", *change(server, {tip: more}, amina)).status_code == 412, "it is sealed to one more"


def test_to_others_than_reviewers_of_now_or_without_oneself_nothing_is_restricted(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str, members_of: Members
) -> None:
    carla, dina = members_of.enrol("carla"), members_of.enrol("dina", Role.AUDITOR)
    members_of.revoke("carla")
    for only in ([boris], [amina, carla], [amina, dina]):
        sealed = renewed(*(amina for _ in only))
        assert client(amina)("PUT", *change(server, {tip: sealed}, *only)).status_code == 412
    assert row(server, tip).readers is None


def test_only_its_readers_renew_what_is_restricted(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str
) -> None:
    client(amina)("PUT", *change(server, {tip: renewed(amina)}, amina))
    before = row(server, tip).summary
    assert client(boris)("PUT", *change(server, {tip: renewed(amina, boris)})).json() == {"others": [tip]}
    logged = len(entries(server))
    for asked in (
        change(server, {tip: renewed(boris)}, boris),
        change(server, {tip: renewed(amina, boris)}, opens=True),
    ):
        assert client(boris)("PUT", *asked).status_code == 412
    assert (row(server, tip).summary, len(entries(server))) == (before, logged)
    opened = change(server, {tip: renewed(amina, boris)}, opens=True)
    assert client(amina)("PUT", *opened).json() == {"others": []}
    assert row(server, tip).readers is None


def test_nobody_renews_a_tip_so_often_that_there_is_no_room_when_somebody_is_revoked(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str, members_of: Members
) -> None:
    client(boris)("PUT", *change(server, {tip: renewed(amina, boris)}))
    assert row(server, tip).renewals == 1
    with server.store.writing() as session:
        session.execute(update(Tip).values(renewals=99))
    for others in ([], [tip]):
        assert client(boris)("PUT", *change(server, {tip: renewed(amina, boris)})).json() == {"others": others}
    members_of.revoke("boris")
    for others in ([], [], [tip]):
        assert client(amina)("PUT", *change(server, {tip: renewed(amina)})).json() == {"others": others}


def test_that_a_tip_is_restricted_or_is_so_no_more_is_done_as_the_log_says_it_or_not_at_all(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str
) -> None:
    """Whoever verifies the log sees that it was asked for, and can't see that it was not done."""
    other, before = store(server, amina, boris), row(server, tip).summary
    late = change(server, {tip: renewed(amina), other: renewed(amina)}, amina)
    client(boris)("PUT", *change(server, {other: renewed(amina, boris)}))
    logged = len(entries(server))
    assert client(amina)("PUT", *late).status_code == 412
    assert client(amina)("PUT", *change(server, {tip: renewed(amina, boris)}, opens=True)).status_code == 412
    assert (row(server, tip).summary, len(entries(server))) == (before, logged)
    client(amina)("PUT", *change(server, {tip: renewed(amina)}, amina))
    assert client(amina)("PUT", *change(server, {tip: renewed(amina, boris)})).json() == {"others": [tip]}
    assert row(server, tip).readers == amina.card.key_id


@pytest.mark.parametrize("kind", ["reply", "work"])
def test_nobody_else_writes_to_it_or_its_source_nor_takes_back_what_was_written(
    kind: str, client: ClientOf, amina: Enrolled, boris: Enrolled, server: Keeper, tip: str
) -> None:
    """From whom it is restricted may be whom it is about: to the source, whatever they wrote would be the team's."""
    client(amina)("PUT", *change(server, {tip: renewed(amina)}, amina))
    assert client(amina)("PUT", f"/v1/tips/{tip}/items/{'a' * 32}?kind={kind}", b"hers").status_code == 201
    logged = len(entries(server))
    assert client(boris)("PUT", f"/v1/tips/{tip}/items/{'b' * 32}?kind={kind}", b"his").status_code == 412
    assert client(boris)("DELETE", f"/v1/tips/{tip}/items/{'a' * 32}").status_code == 412
    assert len(entries(server)) == logged
    with server.store.reading() as session:
        assert session.scalars(select(Item.sealed)).all() == [b"hers"]


def test_once_none_of_its_readers_is_left_any_reviewer_renews_it(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str, members_of: Members
) -> None:
    client(amina)("PUT", *change(server, {tip: renewed(amina)}, amina))
    members_of.revoke("amina")
    assert client(boris)("PUT", *change(server, {tip: renewed(boris)}, opens=True)).json() == {"others": []}
    assert row(server, tip).readers is None


def test_nobody_claims_to_have_made_what_is_there(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str
) -> None:
    """Whoever says that they restricted it would shut others out of what they did not make."""
    now, logged = row(server, tip), len(entries(server))
    there = Renewed(now.recipient, now.header, now.payload)
    keys = tuple(sorted((amina.card.key_id, boris.card.key_id)))
    claim = Renewals((there.of(tip, "0" * 64, "1" * 64),), keys)
    path = f"/v1/summaries{manifest_query(claim.digest)}"
    assert client(boris)("PUT", path, body_of(claim, [there])).status_code == 412
    assert len(entries(server)) == logged


def test_nobody_is_let_into_what_is_restricted_by_a_header(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str
) -> None:
    client(amina)("PUT", *change(server, {tip: renewed(amina)}, amina))
    before = row(server, tip).header
    new = admit(before, [identity_of(amina)], [identity_of(boris).recipient])
    manifest = Manifest((Exchange(tip, sha256_hex(before), sha256_hex(new)),), boris.card.key_id)
    path = f"/v1/headers{manifest_query(manifest.digest)}"
    assert client(amina)("PUT", path, headers_body(manifest, [new])).json() == {"others": [tip]}
    assert row(server, tip).header == before


def test_what_is_sealed_to_an_earlier_recipient_is_not_taken(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str
) -> None:
    path, earlier = f"/v1/tips/{tip}/items/{secrets.token_hex(16)}", sha256_hex(row(server, tip).recipient.encode())
    assert client(amina)("PUT", path + add_query("work", earlier), b"sealed").status_code == 201
    new = renewed(amina, boris)
    client(amina)("PUT", *change(server, {tip: new}))
    assert client(amina)("PUT", path + add_query("work", earlier), b"sealed").status_code == 201, "it was there before"
    other = f"/v1/tips/{tip}/items/{secrets.token_hex(16)}"
    assert client(amina)("PUT", other + add_query("work", earlier), b"sealed").status_code == 412
    now = sha256_hex(new.recipient.encode())
    assert client(amina)("PUT", other + add_query("work", now), b"sealed").status_code == 201


def test_a_summary_that_is_too_large_changes_nothing(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str
) -> None:
    before = row(server, tip).summary
    assert client(amina)("PUT", *change(server, {tip: renewed(amina, boris, size=100_000)})).status_code == 400
    assert row(server, tip).summary == before


def test_auditors_and_the_revoked_renew_nothing(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str, members_of: Members
) -> None:
    dina = members_of.enrol("dina", Role.AUDITOR)
    asked = change(server, {tip: renewed(amina, boris)})
    assert client(dina)("PUT", *asked).status_code == 401
    gone = client(boris)
    members_of.revoke("boris")
    assert gone("PUT", *asked).status_code == 401


def test_what_it_takes_of_the_log_and_the_store_counts_for_the_quota(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str
) -> None:
    small = replace(server, settings=replace(server.settings, member_quota=1000))
    before = row(server, tip).summary
    assert client(amina, small)("PUT", *change(server, {tip: renewed(amina, boris)})).status_code == 429
    assert row(server, tip).summary == before


def test_all_of_it_opens_for_its_readers(
    client: ClientOf, server: Keeper, amina: Enrolled, boris: Enrolled, tip: str
) -> None:
    client(amina)("PUT", *change(server, {tip: renewed(amina, boris)}))
    for reader in (amina, boris):
        assert unseal(row(server, tip).summary, [identity_of(reader)]) == bytes(7)
