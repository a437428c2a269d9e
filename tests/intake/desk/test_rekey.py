"""A reviewer's new card, and what they hand over by the desk to their other machines."""

import base64

import pytest

from crypto.age import HybridIdentity, seal, unseal
from enrolled import Enrolled, Members
from intake.keeper import Keeper
from intake.protocol.card import Role, issue_card
from intake.protocol.index import sha256_hex
from intake.protocol.queries import manifest_query
from intake.protocol.rekey import Rekey, body_of, digest_of
from signed_client import ClientOf


@pytest.fixture
def amina(members_of: Members) -> Enrolled:
    return members_of.enrol("amina")


def change(member: Enrolled, old: HybridIdentity, new: HybridIdentity) -> tuple[str, bytes]:
    rekey = Rekey(issue_card(Role.REVIEWER, member.key, new), digest_of(old.recipient))
    handover = seal(str(new).encode(), [old.recipient])
    return f"/v1/card{manifest_query(sha256_hex(rekey.to_bytes()))}", body_of(rekey, handover)


def identity_of(member: Enrolled) -> HybridIdentity:
    assert member.identity is not None
    return member.identity


def recipients(server: Keeper) -> list[str]:
    with server.store.reading() as session:
        return [str(recipient) for recipient in server.log.roster(session).recipients]


def size(server: Keeper) -> int:
    with server.store.reading() as session:
        return server.log.size(session)


def test_what_comes_is_sealed_to_the_new_one_and_the_old_one_opens_what_is_handed_over(
    client: ClientOf, amina: Enrolled, server: Keeper
) -> None:
    old, new = identity_of(amina), HybridIdentity.generate()
    assert client(amina)("PUT", *change(amina, old, new)).status_code == 201
    assert recipients(server) == [str(new.recipient)]
    (handed,) = client(amina)("GET", "/v1/handovers").json()["handovers"]
    assert unseal(base64.b64decode(handed), [old]).decode() == str(new)


def test_of_two_machines_the_second_is_refused_and_the_log_has_one(
    client: ClientOf, amina: Enrolled, server: Keeper
) -> None:
    old, first, second = identity_of(amina), HybridIdentity.generate(), HybridIdentity.generate()
    client(amina)("PUT", *change(amina, old, first))
    logged = size(server)
    for again in (second, first):
        assert client(amina)("PUT", *change(amina, old, again)).status_code == 409
    assert recipients(server) == [str(first.recipient)]
    assert size(server) == logged


def test_nobody_puts_a_recipient_on_the_card_of_another(
    client: ClientOf, amina: Enrolled, members_of: Members, server: Keeper
) -> None:
    boris, new = members_of.enrol("boris"), HybridIdentity.generate()
    before = recipients(server)
    assert client(boris)("PUT", *change(amina, identity_of(amina), new)).status_code == 409
    assert recipients(server) == before


def test_nobody_gets_what_another_hands_over(client: ClientOf, amina: Enrolled, members_of: Members) -> None:
    boris = members_of.enrol("boris")
    client(amina)("PUT", *change(amina, identity_of(amina), HybridIdentity.generate()))
    assert client(boris)("GET", "/v1/handovers").json() == {"handovers": []}


def test_a_handover_is_sealed_to_one(client: ClientOf, amina: Enrolled, server: Keeper) -> None:
    old, new = identity_of(amina), HybridIdentity.generate()
    path, body = change(amina, old, new)
    manifest = body.partition(b"\0")[0]
    for handover in (b"", b"in the clear", seal(b"", [old.recipient, new.recipient])):
        assert client(amina)("PUT", path, manifest + b"\0" + handover).status_code == 400
    assert recipients(server) == [str(old.recipient)]


def test_an_auditor_has_no_recipient(client: ClientOf, members_of: Members) -> None:
    dina = members_of.enrol("dina", Role.AUDITOR)
    assert client(dina)("PUT", *change(dina, HybridIdentity.generate(), HybridIdentity.generate())).status_code == 401
    assert client(dina)("GET", "/v1/handovers").status_code == 401
