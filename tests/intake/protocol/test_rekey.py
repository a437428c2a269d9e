"""A reviewer's card with another recipient: their own alone, only from the one that they have, and as was signed."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from crypto.age import HybridIdentity
from crypto.note import SigningKey
from intake.protocol.actions import MEMBERSHIP, Action, ActionError, Named
from intake.protocol.audit import AuditError, VerifiedLog, verify_log
from intake.protocol.card import Role, issue_card, key_id
from intake.protocol.endpoints import named
from intake.protocol.index import sha256_hex
from intake.protocol.logstate import parse_state
from intake.protocol.queries import manifest_query
from intake.protocol.rekey import Rekey, body_of, digest_of, handover_in, parse_rekey
from ledger import Ledger

OLD, NEW, NEWER = (HybridIdentity.generate() for _ in range(3))


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def amina(ledger: Ledger) -> SigningKey:
    return ledger.enrol("amina", identity=OLD)


def rekey(key: SigningKey, new: HybridIdentity, old: HybridIdentity, role: Role = Role.REVIEWER) -> Rekey:
    return Rekey(issue_card(role, key, new), digest_of(old.recipient))


def ask(ledger: Ledger, key: SigningKey, wanted: Rekey) -> None:
    query = manifest_query(sha256_hex(wanted.to_bytes()))
    ledger.ask(key, "PUT", "/v1/card", body_of(wanted, b"handover"), query=query)


def verify(ledger: Ledger) -> VerifiedLog:
    return verify_log(ledger.lines, ledger.head, ledger.key.verifier, None)


def test_it_is_read_back_and_the_log_names_the_member(amina: SigningKey) -> None:
    wanted = rekey(amina, NEW, OLD)
    body = body_of(wanted, b"hand\0over")
    assert parse_rekey(wanted.to_bytes()) == wanted
    assert handover_in(body) == b"hand\0over"
    does = named("PUT", "/v1/card", manifest_query("0" * 64), body)
    assert does == Named(Action.REKEY, (f"member/{key_id(amina.verifier)}",))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-2],
        lambda data: data + b"\n",
        lambda data: data.replace(b"replaces ", b"replaces  "),
        lambda data: data.partition(b"\n")[2],
        lambda data: data.replace(b"role: reviewer", b"role: auditor"),
        lambda _: b"",
        lambda data: b"\xff" + data,
    ],
)
def test_nothing_else_is_one(spoil: Callable[[bytes], bytes], amina: SigningKey) -> None:
    with pytest.raises(ActionError):
        parse_rekey(spoil(rekey(amina, NEW, OLD).to_bytes()))


def test_from_then_on_reports_are_sealed_to_the_new_one_and_the_old_card_is_known(
    ledger: Ledger, amina: SigningKey
) -> None:
    boris = ledger.enrol("boris")
    ask(ledger, amina, rekey(amina, NEW, OLD))
    ask(ledger, amina, rekey(amina, NEWER, NEW))
    verified = verify(ledger)
    member = verified.roster.member(key_id(amina.verifier))
    assert member is not None
    assert member.card.recipient == NEWER.recipient
    assert [card.recipient for card in member.earlier] == [OLD.recipient, NEW.recipient]
    assert set(verified.roster.recipients) >= {NEWER.recipient}
    assert len(verified.roster.recipients) == 2
    assert verified.roster.active("boris") is not None
    assert boris.verifier.name == "boris"


def test_whoever_goes_on_from_what_was_kept_knows_it_too(ledger: Ledger, amina: SigningKey) -> None:
    ask(ledger, amina, rekey(amina, NEW, OLD))
    state = verify(ledger).state
    assert parse_state(state.to_bytes()).roster.recipients == (NEW.recipient,)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (lambda key: rekey(key, NEWER, NEW), "another recipient by now"),
        (lambda key: rekey(key, OLD, OLD), "is or was on a card already"),
        (lambda _: rekey(SigningKey.generate("amina"), NEW, OLD), "can only have another recipient"),
        (lambda key: rekey(SigningKey.from_seed("anina", key.seed), NEW, OLD), "can only have another recipient"),
    ],
)
def test_no_other_card_takes_its_place(
    wanted: Callable[[SigningKey], Rekey], says: str, ledger: Ledger, amina: SigningKey
) -> None:
    ask(ledger, amina, wanted(amina))
    with pytest.raises(AuditError, match=says):
        verify(ledger)


def test_nobody_has_what_was_anybodys(ledger: Ledger, amina: SigningKey) -> None:
    boris = ledger.enrol("boris", identity=NEWER)
    ask(ledger, amina, rekey(amina, NEW, OLD))
    ask(ledger, boris, rekey(boris, OLD, NEWER))
    with pytest.raises(AuditError, match="is or was on a card already"):
        verify(ledger)


def test_of_two_machines_the_second_is_refused(ledger: Ledger, amina: SigningKey) -> None:
    ask(ledger, amina, rekey(amina, NEW, OLD))
    ask(ledger, amina, rekey(amina, NEWER, OLD))
    with pytest.raises(AuditError, match="entry 2 is false: the card has another recipient by now"):
        verify(ledger)


def test_a_revoked_reviewer_has_none(ledger: Ledger, amina: SigningKey) -> None:
    ledger.revoke(key_id(amina.verifier))
    ask(ledger, amina, rekey(amina, NEW, OLD))
    with pytest.raises(AuditError, match="not enrolled at the time"):
        verify(ledger)


def test_a_card_that_was_not_signed_for_is_found(ledger: Ledger, amina: SigningKey) -> None:
    ask(ledger, amina, rekey(amina, NEW, OLD))
    other = rekey(amina, NEWER, OLD).to_bytes().decode()
    entry = json.loads(ledger.lines[-1])
    entry["request"]["body"] = other
    ledger.lines[-1] = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(AuditError, match="entry 1 is false"):
        verify(ledger)


def test_whoever_gets_another_role_has_the_card_of_now_and_stays_who_they_are(
    ledger: Ledger, amina: SigningKey
) -> None:
    since = ledger.now
    ledger.now += timedelta(days=30)
    ask(ledger, amina, rekey(amina, NEW, OLD))
    ledger.now += timedelta(days=1)
    ledger.add_card(issue_card(Role.LEAD, amina, NEW))
    ask(ledger, amina, rekey(amina, NEWER, NEW, Role.LEAD))
    member = verify(ledger).roster.member(key_id(amina.verifier))
    assert member is not None
    assert (member.card.role, member.since) == (Role.LEAD, since)
    assert list(member.recipients) == [NEWER.recipient, NEW.recipient, OLD.recipient]


def test_another_role_brings_no_older_recipient_back(ledger: Ledger, amina: SigningKey) -> None:
    ask(ledger, amina, rekey(amina, NEW, OLD))
    ledger.add_card(issue_card(Role.LEAD, amina, OLD))
    with pytest.raises(AuditError, match="a card that changes the role changes nothing else"):
        verify(ledger)


def test_the_same_readers_write_into_the_same_dossier(ledger: Ledger, amina: SigningKey) -> None:
    ask(ledger, amina, rekey(amina, NEW, OLD))
    state = verify(ledger).state
    assert [ruling.entry.action in MEMBERSHIP for ruling in state.rulings] == [True, False]
