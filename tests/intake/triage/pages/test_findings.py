"""Reviewers see what the log makes an auditor ask, and answer it in a sentence that the log holds."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from beyond import BEYOND_THE_SIDES
from intake.accesslog import members
from intake.audit.told import finding_lines
from intake.audit.verified import fetch
from intake.findings.found import Kind, find
from intake.findings.thresholds import shipped
from intake.protocol.actions import Action
from intake.protocol.card import Role
from intake.protocol.sentence import LONGEST_SENTENCE
from intake.triage.desk.client import DeskClient, DeskError
from intake.triage.progress import no_progress
from open_desk import Desk
from program import Enrol, HomeOf, Program
from told import page, sync
from window import show

pytestmark = pytest.mark.slow


@pytest.fixture
def finding(desk: Desk, amina: Program, boris: Program) -> str:
    """Boris opened a report and was revoked right after it: the id of the finding that this is."""
    tip = desk.store_tip("They went to my mother's house.", {})
    sync(boris)
    boris.get(page(tip))
    members.revoke(desk.server.store, desk.server.log, "boris", Role.REVIEWER)
    sync(amina)
    log = amina.workspace.log
    assert log is not None
    (found,) = amina.workspace.asked.look(log)[1]
    assert found.kind is Kind.REVOCATION
    return found.id


def test_a_finding_is_answered_and_an_auditor_reads_the_answer_with_its_name(
    amina: Program, finding: str, enrol: Enrol, home: HomeOf
) -> None:
    shown = amina.get("/findings").text
    assert "Just before they were revoked" in shown
    assert "Auditors and everybody else who may read the log can read an answer" in shown
    says = "بوریس کارش را تحویل داد؛ we had agreed on it."
    assert amina.post("/findings", "/findings", finding=finding, says=says).status_code == 303
    assert says in amina.get("/findings").text
    carla = enrol("carla", Role.AUDITOR)
    log = fetch(home("carla"), carla, no_progress, whole=False)
    listed = list(finding_lines(log, find(log.record, log.roster, shipped())))
    assert any(line.startswith(finding) for line in listed)
    assert any(line.lstrip().startswith("amina, ") and line.endswith(says) for line in listed)
    assert [deed.who for deed in log.record.deeds if deed.action is Action.EXPLAIN] == [amina.workspace.people.me]


@pytest.mark.parametrize(
    ("says", "problem"),
    [("x" * (LONGEST_SENTENCE + 1), "at most 300 characters"), ("turned \u202e round", "show"), (" ", "no sentence")],
)
def test_what_is_no_sentence_is_not_sent_and_stays_in_its_field(
    says: str, problem: str, amina: Program, finding: str
) -> None:
    answer = amina.post("/findings", "/findings", finding=finding, says=says)
    assert answer.status_code == 422
    assert problem in answer.text
    assert f'value="{says.strip()}"' in answer.text
    assert amina.workspace.log is not None
    assert amina.workspace.asked.look(amina.workspace.log)[0].answers == {}


def test_without_the_desk_an_answer_is_not_lost(desk: Desk, amina: Program, finding: str) -> None:
    def gone(_environ: Any, start: Callable[..., Any]) -> list[bytes]:
        start("503 Service Unavailable", [])
        return [b""]

    honest, desk.wsgi = desk.wsgi, gone
    answer = amina.post("/findings", "/findings", finding=finding, says="We had agreed on it.")
    assert answer.status_code == 422
    assert "It was not sent: the desk refused" in answer.text
    assert 'value="We had agreed on it."' in answer.text
    desk.wsgi = honest
    assert amina.post("/findings", "/findings", finding=finding, says="We had agreed on it.").status_code == 303


def test_a_finding_that_only_an_auditor_sees_is_answered_by_its_digits(amina: Program) -> None:
    assert amina.post("/findings", "/findings", finding="12 34", says="I was on duty.").status_code == 422
    assert amina.post("/findings", "/findings", finding="0" * 32, says="I was on duty.").status_code == 303
    log = amina.workspace.log
    assert log is not None
    (answer,) = amina.workspace.asked.look(log)[0].answers["0" * 32]
    assert answer.says == "I was on duty."


def test_the_page_is_readable_on_any_screen(
    amina: Program, finding: str, chromium: Browser, photograph: Callable[[Page, str], None]
) -> None:
    amina.post("/findings", "/findings", finding=finding, says="W" * LONGEST_SENTENCE)
    with chromium.new_context() as context:
        window = context.new_page()
        for width in (320, 1024, 2560):
            window.set_viewport_size({"width": width, "height": 900})
            show(window, amina, "/findings")
            photograph(window, f"triage-findings-{width}")
            assert window.evaluate(BEYOND_THE_SIDES) == []


def test_an_auditor_explains_nothing(amina: Program, enrol: Enrol, home: HomeOf) -> None:
    client = DeskClient(home("carla"), enrol("carla", Role.AUDITOR).signing, Role.AUDITOR)
    with pytest.raises(DeskError, match="not one that may do this"):
        client.explain("0" * 32, "I say so.")
    client.close()
