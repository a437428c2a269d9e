"""What the operator does, and what members say of themselves, verifies as what it is and as nothing else."""

from datetime import timedelta

import pytest

from crypto.note import SigningKey
from intake.protocol.actions import Action
from intake.protocol.audit import AuditError, verify_log
from intake.protocol.card import Role, key_id
from intake.protocol.entry import OPERATOR, Entry, LoggedRequest
from intake.protocol.logstate import parse_state
from ledger import Ledger, cut, verified_in_pieces

TIP, DIGEST = "0" * 32, "a" * 64
EXPORT = f"/v1/tips/{TIP}/export/{DIGEST}"
REFER = f"/v1/tips/{TIP}/refer/{DIGEST}"
OBJECTS = (f"tip/{TIP}", f"sha256/{DIGEST}")


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def amina(ledger: Ledger) -> SigningKey:
    return ledger.enrol("amina")


@pytest.fixture
def carla(ledger: Ledger) -> SigningKey:
    return ledger.enrol("carla", Role.AUDITOR)


def add(ledger: Ledger, action: Action, *objects: str, who: str = OPERATOR, confirmed: bool = False) -> None:
    ledger.lines.append(Entry(ledger.now, who, action, objects, confirmed=confirmed).to_bytes())


def verify(ledger: Ledger) -> list[Action]:
    """What a log of true entries says, whoever goes on from any of them."""
    whole = verify_log(ledger.lines, ledger.head, ledger.key.verifier, None)
    places = range(len(ledger.lines))
    _, state = verified_in_pieces(cut(ledger.lines, places), ledger.lines, ledger.key.verifier.name)
    assert state.to_bytes() == whole.state.to_bytes()
    assert parse_state(state.to_bytes()).clock == whole.clock
    return [entry.action for entry in whole.entries]


def test_all_of_it_verifies_from_whatever_entry_one_goes_on(
    ledger: Ledger, amina: SigningKey, carla: SigningKey
) -> None:
    add(ledger, Action.SOFTWARE, "software/0.1.0", f"sha256/{DIGEST}")
    add(ledger, Action.SETTLE)
    add(ledger, Action.EXPIRE, f"tip/{TIP}", f"tip/{'1' * 32}")
    ledger.ask(carla, path="/v1/log/checkpoint")
    ledger.ask(carla, path="/v1/log/tile/entries/000.p/5")
    ledger.ask(amina, "POST", f"/v1/tips/{TIP}/open")
    ledger.ask(amina, "POST", EXPORT)
    ledger.ask(amina, "POST", REFER)
    add(ledger, Action.BACKUP, "size/10", f"sha256/{DIGEST}")
    ledger.now += timedelta(days=3)
    add(ledger, Action.RESTORE, "size/11", f"sha256/{DIGEST}", confirmed=True)
    ledger.ask(amina)
    assert verify(ledger)[2:] == [
        Action.SOFTWARE, Action.SETTLE, Action.EXPIRE, Action.LOG, Action.LOG, Action.OPEN, Action.EXPORT, Action.REFER,
        Action.BACKUP, Action.RESTORE, Action.INDEX,
    ]  # fmt: skip


@pytest.mark.parametrize("action", [Action.SETTLE, Action.EXPIRE, Action.BACKUP, Action.RESTORE, Action.SOFTWARE])
def test_nothing_of_the_operators_is_a_members(action: Action, ledger: Ledger, amina: SigningKey) -> None:
    """Neither without a signature nor with that of any request."""
    objects = {
        Action.SETTLE: (),
        Action.EXPIRE: (f"tip/{TIP}",),
        Action.SOFTWARE: ("software/0.1.0", f"sha256/{DIGEST}"),
    }.get(action, (f"size/{len(ledger.lines)}", f"sha256/{DIGEST}"))
    add(ledger, action, *objects, who=key_id(amina.verifier))
    with pytest.raises(AuditError, match="nobody signed for it"):
        verify(ledger)
    request = ledger.request(amina, "POST", EXPORT, b"", created=ledger.now)
    for who in (key_id(amina.verifier), OPERATOR):
        ledger.lines[-1] = Entry(ledger.now, who, action, objects, request).to_bytes()
        with pytest.raises(AuditError, match=r"does not say what its request did|signer was not enrolled"):
            verify(ledger)


def asked(ledger: Ledger, key: SigningKey, method: str, path: str, action: Action, *objects: str) -> LoggedRequest:
    request = ledger.request(key, method, path, b"", created=ledger.now)
    ledger.lines.append(Entry(ledger.now, key_id(key.verifier), action, objects, request).to_bytes())
    return request


def test_no_auditor_exports_or_hands_on_and_no_reviewers_read_of_the_log_is_an_entry(
    ledger: Ledger, amina: SigningKey, carla: SigningKey
) -> None:
    for key, method, path, action, objects in (
        (carla, "POST", EXPORT, Action.EXPORT, OBJECTS),
        (carla, "POST", REFER, Action.REFER, OBJECTS),
        (amina, "GET", "/v1/log/checkpoint", Action.LOG, ()),
    ):
        asked(ledger, key, method, path, action, *objects)
        with pytest.raises(AuditError, match="may not do this"):
            verify(ledger)
        ledger.lines.pop()


def test_what_left_is_what_was_signed_for(ledger: Ledger, amina: SigningKey) -> None:
    asked(ledger, amina, "POST", EXPORT, Action.EXPORT, f"tip/{'1' * 32}", OBJECTS[1])
    with pytest.raises(AuditError, match="does not say what its request did"):
        verify(ledger)
    ledger.lines.pop()
    asked(ledger, amina, "POST", EXPORT, Action.REFER, *OBJECTS)
    with pytest.raises(AuditError, match="does not say what its request did"):
        verify(ledger)


@pytest.mark.parametrize("size", [0, 1, 3, 7])
def test_a_restore_is_declared_right_behind_the_copys_last_entry_or_not_at_all(
    size: int, ledger: Ledger, amina: SigningKey
) -> None:
    ledger.ask(amina)
    add(ledger, Action.RESTORE, f"size/{size}", f"sha256/{DIGEST}")
    with pytest.raises(AuditError, match="a copy of another length was put back"):
        verify(ledger)
    add(ledger, Action.SETTLE)
    ledger.lines[-2] = Entry(ledger.now, OPERATOR, Action.RESTORE, ("size/2", f"sha256/{DIGEST}")).to_bytes()
    assert verify(ledger)[-2:] == [Action.RESTORE, Action.SETTLE]


def test_no_request_from_before_a_restore_comes_behind_it(ledger: Ledger, amina: SigningKey) -> None:
    """What the copy lacks may hold it already."""
    add(ledger, Action.RESTORE, "size/1", f"sha256/{DIGEST}")
    ledger.ask(amina)
    verify(ledger)
    request = ledger.request(amina, "GET", "/v1/index", b"", created=ledger.now - timedelta(seconds=1))
    ledger.lines.append(Entry(ledger.now, key_id(amina.verifier), Action.INDEX, (), request).to_bytes())
    with pytest.raises(AuditError, match="a copy was put back"):
        verify(ledger)


def test_only_the_operator_is_asked_about_the_time_of_a_restore(ledger: Ledger, amina: SigningKey) -> None:
    ledger.now += timedelta(days=30)
    add(ledger, Action.RESTORE, "size/1", f"sha256/{DIGEST}")
    with pytest.raises(AuditError, match="nobody confirmed it"):
        verify(ledger)
