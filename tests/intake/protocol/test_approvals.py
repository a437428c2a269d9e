"""What a lead lets leave, by the log: who can say it, for whom it counts, and for how long."""

from datetime import timedelta

import pytest

from crypto.note import SigningKey
from intake.protocol.actions import Action
from intake.protocol.approvals import LASTS, Approval, is_approved, needs_approval
from intake.protocol.audit import AuditError, verify_log
from intake.protocol.card import Role, key_id
from intake.protocol.entry import Entry
from intake.protocol.roster import Roster
from ledger import Ledger

TIP, SEALED = "0" * 32, "a" * 64
APPROVE = f"/v1/tips/{TIP}/approve/{SEALED}"


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def verified(ledger: Ledger) -> list[Entry]:
    return list(verify_log(ledger.lines, ledger.head, ledger.key.verifier, None).entries)


def roster(ledger: Ledger) -> Roster:
    return verify_log(ledger.lines, ledger.head, ledger.key.verifier, None).roster


def who(key: SigningKey) -> str:
    return key_id(key.verifier)


def test_a_leads_approval_is_an_entry_that_names_the_tip_and_the_sealed_word(ledger: Ledger) -> None:
    lena = ledger.enrol("lena", Role.LEAD)
    ledger.ask(lena, "POST", APPROVE)
    approved = verified(ledger)[-1]
    assert (approved.action, approved.who) == (Action.APPROVE, who(lena))
    assert approved.objects == (f"tip/{TIP}", f"sha256/{SEALED}")


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUDITOR])
def test_a_log_that_holds_anybody_elses_is_false(ledger: Ledger, role: Role) -> None:
    ledger.ask(ledger.enrol("boris", role), "POST", APPROVE)
    with pytest.raises(AuditError, match="may not do this"):
        verified(ledger)


def test_where_there_is_no_lead_everybody_may(ledger: Ledger) -> None:
    boris = who(ledger.enrol("boris"))
    assert is_approved((), boris, ledger.now, roster(ledger))
    lena = ledger.enrol("lena", Role.LEAD)
    assert not is_approved((), boris, ledger.now, roster(ledger))
    ledger.revoke(who(lena))
    assert is_approved((), boris, ledger.now, roster(ledger))


def test_a_lead_approves_their_own_by_doing_it(ledger: Ledger) -> None:
    lena = ledger.enrol("lena", Role.LEAD)
    assert not needs_approval(who(lena), roster(ledger))
    assert is_approved((), who(lena), ledger.now, roster(ledger))


def test_it_holds_for_thirty_days_and_not_a_second_more(ledger: Ledger) -> None:
    boris, lena = who(ledger.enrol("boris")), who(ledger.enrol("lena", Role.LEAD))
    given = (Approval(lena, ledger.now),)
    assert timedelta(days=30) == LASTS
    assert is_approved(given, boris, ledger.now + LASTS, roster(ledger))
    assert not is_approved(given, boris, ledger.now + LASTS + timedelta(seconds=1), roster(ledger))


def test_it_ends_with_the_lead_who_gave_it(ledger: Ledger) -> None:
    boris, lena = who(ledger.enrol("boris")), who(ledger.enrol("lena", Role.LEAD))
    ledger.enrol("mira", Role.LEAD)
    given = (Approval(lena, ledger.now),)
    assert is_approved(given, boris, ledger.now, roster(ledger))
    ledger.revoke(lena)
    assert not is_approved(given, boris, ledger.now, roster(ledger))
