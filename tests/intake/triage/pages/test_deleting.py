"""What the pages say of a deletion: what it takes, who wants it, who stopped it; and who can stop it."""

import re
from html import unescape

import pytest

from bad_connection import unreachable
from intake.accesslog.operator import decide
from intake.protocol.actions import Action
from intake.protocol.card import Role
from open_desk import Desk, Stored
from program import Enrol, Program, Reviewer
from told import page, shown, sync

pytestmark = pytest.mark.slow

WHY = "The person is safe now, and asked us to."
PROPOSE = "Propose to delete it"


@pytest.fixture
def tip(desk: Desk, amina: Program, boris: Program) -> Stored:
    """A report that both have opened."""
    tip = desk.store_tip("They came to my mother's house.", {"urgency": "now"})
    for program in (amina, boris):
        sync(program)
        shown(program, tip)
    return tip


def propose(program: Program, tip: Stored) -> None:
    program.write(page(tip), "deletion_reason", why=WHY)
    sync(program)


def say(program: Program, tip: Stored, step: str) -> None:
    """Press a button on the report's page, after a fetch."""
    sync(program)
    (address,) = set(re.findall(rf"{page(tip)}/deletion/[0-9a-f]+/{step}", shown(program, tip)))
    assert program.post(address, page(tip)).status_code == 303
    sync(program)


def rule(desk: Desk, text: str) -> None:
    with desk.server.store.in_order() as session:
        decide(session, desk.server.log, Action.RULE, (text,), clock_is_right=True)


def test_what_it_takes_follows_the_rules(
    desk: Desk, amina: Program, boris: Program, tip: Stored, reviewer: Reviewer
) -> None:
    assert "2 of you have to want it; then it counts down for 7 days" in shown(amina, tip)
    reviewer("dora")
    rule(desk, "deleters/3")
    rule(desk, "countdown/9")
    sync(amina)
    assert "3 of you have to want it; then it counts down for 9 days" in shown(amina, tip)


def test_that_a_lead_has_to_want_it_is_said(
    desk: Desk, amina: Program, boris: Program, tip: Stored, enrol: Enrol, reviewer: Reviewer
) -> None:
    enrol("lena", Role.LEAD)
    lena = reviewer("lena")
    lena.unlock()
    sync(amina)
    assert "2 of you have to want it, one of them a lead; then" in shown(amina, tip)
    propose(amina, tip)
    assert "1 more of you has to want it, who must be a lead; after that" in shown(amina, tip)
    say(boris, tip, "second")
    assert "Proposed to be deleted:</strong> a lead has to want it, too; after that" in shown(boris, tip)
    assert "proposed, and a lead has to want it, too; so far" in unescape(boris.get("/").text)


def test_the_history_says_who_wanted_it_too_and_who_stopped_it(
    desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    propose(amina, tip)
    say(boris, tip, "second")
    say(boris, tip, "stop")
    sync(amina)
    history = shown(amina, tip).partition('id="history"')[2].partition("</section>")[0]
    assert re.search(r"Wanted it deleted, too\. .*?<bdi>boris</bdi>", history)
    assert re.search(r"Stopped the deletion\. .*?<bdi>boris</bdi>", history)
    assert history.index(WHY) < history.index("Wanted it deleted, too") < history.index("Stopped the deletion")


def test_who_stopped_it_is_said_to_those_who_wanted_it_and_it_can_be_proposed_anew(
    amina: Program, boris: Program, tip: Stored
) -> None:
    propose(amina, tip)
    assert PROPOSE not in shown(amina, tip)
    say(boris, tip, "stop")
    sync(amina)
    says = shown(amina, tip)
    assert "A deletion was stopped: <bdi>boris</bdi>" in says
    assert "It was wanted by <bdi>amina</bdi>." in says
    assert WHY in says
    assert PROPOSE in says


def test_it_is_not_offered_twice_while_the_first_is_on_its_way(desk: Desk, amina: Program, tip: Stored) -> None:
    assert PROPOSE in shown(amina, tip)
    unreachable(desk)
    amina.write(page(tip), "deletion_reason", why=WHY)
    says = shown(amina, tip)
    assert WHY in says
    assert PROPOSE not in says


def test_whom_a_report_is_kept_from_sees_that_it_is_to_be_deleted_and_can_stop_it(
    amina: Program, boris: Program, reviewer: Reviewer, tip: Stored
) -> None:
    dora = reviewer("dora")
    dora.unlock()
    sync(amina)
    amina.workspace.restrict(tip.id.hex(), {amina.workspace.people.me, boris.workspace.people.me})
    propose(amina, tip)
    say(boris, tip, "second")
    sync(dora)
    says = shown(dora, tip)
    assert "You see that it exists, and nothing else." in says
    assert "To be deleted in 6 days" in says
    assert WHY not in says
    say(dora, tip, "stop")
    assert "A deletion was stopped: <bdi>dora</bdi>" in shown(dora, tip)
    sync(amina)
    assert amina.workspace.log is not None
    assert amina.workspace.log.deletions.open == ()
