"""Where there are leads, nothing of a report leaves by anybody else until one of them has approved that."""

import hashlib
import re
from datetime import datetime, tzinfo
from typing import Self

import pytest
from sqlalchemy import select

import samples
from bad_connection import unreachable
from intake.protocol.actions import Action
from intake.protocol.approvals import LASTS
from intake.protocol.card import Role
from intake.protocol.entry import Entry, parse_entry
from intake.storage.tables import Item
from intake.triage.workspace import approvals
from open_desk import Desk, Stored
from program import Enrol, Program, Reviewer
from told import page, shown, sync

pytestmark = pytest.mark.slow

REFERRAL = {"to_kind": "lawyer", "to_name": "R. Example", "consent": "consent_lawyer", "handed": "The whole report."}
WORDS = {"whom": "R. Example, the lawyer", "what": "The photograph, for the complaint of May."}
ASKS = "A colleague asks you to let something leave"


@pytest.fixture
def lena(enrol: Enrol, reviewer: Reviewer, amina: Program) -> Program:
    """A lead's program."""
    enrol("lena", Role.LEAD)
    lena = reviewer("lena")
    lena.unlock()
    return lena


@pytest.fixture
def tip(desk: Desk, amina: Program, lena: Program) -> Stored:
    """A report that both have."""
    tip = desk.store_tip("They went to my mother.", {})
    for program in (amina, lena):
        sync(program)
    return tip


@pytest.fixture
def photo(desk: Desk, amina: Program, lena: Program, tip: Stored) -> str:
    """Where a file of the report is shown, which both have."""
    photo = f"{page(tip)}/files/{desk.store_file(tip, 'photo.jpg', samples.photo())}"
    for program in (amina, lena):
        sync(program)
    return photo


def logged(desk: Desk, *actions: Action) -> list[Entry]:
    with desk.server.store.reading() as session:
        lines = desk.server.log.lines(session, 0, desk.server.log.size(session))
    return [entry for entry in map(parse_entry, lines) if entry.action in actions]


class Ahead(datetime):
    """A clock that is ahead by as long as an approval holds."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + LASTS


def approve(lead: Program, tip: Stored, *others: Program) -> None:
    """A lead approves without having been asked, and the others fetch that."""
    assert lead.write(page(tip), "approval", **WORDS).status_code == 303
    for program in others:
        sync(program)


def test_without_a_lead_nobody_asks_anybody(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("They went to my mother.", {})
    photo = f"{page(tip)}/files/{desk.store_file(tip, 'photo.jpg', samples.photo())}"
    sync(amina)
    assert 'id="approval"' not in shown(amina, tip)
    assert amina.save(photo).status_code == 200
    assert amina.write(page(tip), "referral", **REFERRAL).status_code == 303


@pytest.mark.parametrize("what", ["original", "copy"])
def test_no_file_leaves_before_a_lead_has_approved_it(
    desk: Desk, amina: Program, lena: Program, tip: Stored, photo: str, what: str
) -> None:
    assert "Nothing of it may leave yet." in shown(amina, tip)
    warned = amina.get(f"{photo}/outside").text
    assert "A lead has to approve first that something of this report leaves: <bdi>lena</bdi>" in warned
    assert "Save the original" not in warned
    refused = amina.send(f"{photo}/outside", {**amina.hidden(page(tip)), "what": what})
    assert refused.status_code == 403
    assert "Nothing was saved: a lead has to approve first that something of this report leaves: lena" in refused.text
    assert samples.photo() not in refused.data
    assert not logged(desk, Action.EXPORT)
    approve(lena, tip, amina)
    assert "Nothing of it may leave yet." not in shown(amina, tip)
    assert amina.save(photo, what).status_code == 200
    assert [each.action for each in logged(desk, Action.EXPORT, Action.APPROVE)] == [Action.APPROVE, Action.EXPORT]


def test_nothing_is_handed_on_before_and_what_was_filled_in_stays(
    desk: Desk, amina: Program, lena: Program, tip: Stored
) -> None:
    assert "a lead has to approve</a> that something of this report leaves" in shown(amina, tip)
    refused = amina.write(page(tip), "referral", **REFERRAL)
    assert refused.status_code == 403
    assert "Not saved: a lead has to approve first" in refused.text
    assert "The whole report." in refused.text
    assert not logged(desk, Action.REFER)
    approve(lena, tip, amina)
    assert amina.write(page(tip), "referral", **REFERRAL).status_code == 303
    assert len(logged(desk, Action.REFER)) == 1


def test_what_becomes_of_what_was_handed_on_is_told_without_a_further_approval(
    desk: Desk, amina: Program, lena: Program, tip: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(lena, tip, amina)
    amina.write(page(tip), "referral", **REFERRAL)
    sync(amina)
    referral = re.search(r'name="referral" value="([^"]+)"', shown(amina, tip))
    assert referral
    monkeypatch.setattr(approvals, "datetime", Ahead)
    outcome = {"referral": referral[1], "outcome": "They took it on."}
    assert amina.write(page(tip), "referral", **REFERRAL, **outcome).status_code == 303
    more = {"referral": referral[1], "handed": "The whole report, and the photograph."}
    assert amina.write(page(tip), "referral", **{**REFERRAL, **more}).status_code == 403
    assert len(logged(desk, Action.REFER)) == 1


def test_the_log_names_the_sealed_word_and_not_what_it_says(
    desk: Desk, amina: Program, lena: Program, tip: Stored
) -> None:
    approve(lena, tip, amina)
    (entry,) = logged(desk, Action.APPROVE)
    with desk.server.store.reading() as session:
        sealed = {f"sha256/{hashlib.sha256(data or b'').hexdigest()}" for data in session.scalars(select(Item.sealed))}
    assert entry.objects[0] == f"tip/{tip.id.hex()}"
    assert entry.objects[1] in sealed
    assert b"lawyer" not in entry.to_bytes()
    says = shown(amina, tip)
    assert "R. Example, the lawyer; The photograph, for the complaint of May." in says
    assert "Approved by <bdi>lena</bdi>" in says


def test_it_ends_after_thirty_days(
    amina: Program, lena: Program, tip: Stored, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(lena, tip, amina)
    assert amina.save(photo).status_code == 200
    monkeypatch.setattr(approvals, "datetime", Ahead)
    assert "Nothing of it may leave yet." in shown(amina, tip)
    assert amina.send(f"{photo}/outside", {**amina.hidden(page(tip)), "what": "original"}).status_code == 403


def test_an_approval_is_of_one_report(desk: Desk, amina: Program, lena: Program, tip: Stored) -> None:
    other = desk.store_tip("Another.", {})
    sync(lena)
    approve(lena, other, amina)
    assert amina.write(page(tip), "referral", **REFERRAL).status_code == 403


def test_a_lead_lets_their_own_leave_by_their_name(desk: Desk, lena: Program, tip: Stored, photo: str) -> None:
    assert "what you save outside or hand on needs no approval" in shown(lena, tip)
    assert lena.save(photo).status_code == 200
    assert lena.write(page(tip), "referral", **REFERRAL).status_code == 303
    assert not logged(desk, Action.APPROVE)


def test_nobody_else_approves(desk: Desk, amina: Program, lena: Program, tip: Stored) -> None:
    refused = amina.write(page(tip), "approval", **WORDS)
    assert refused.status_code == 403
    assert "Not saved: only a lead can approve that something leaves: lena" in refused.text
    assert not logged(desk, Action.APPROVE)


def test_what_is_asked_for_stands_on_the_leads_first_page_until_one_approves(
    desk: Desk, amina: Program, lena: Program, tip: Stored
) -> None:
    assert amina.write(page(tip), "approval_request", **WORDS).status_code == 303
    sync(lena)
    assert ASKS in lena.get("/").text
    assert ASKS not in amina.get("/").text
    section = shown(lena, tip).partition('<section id="approval">')[2].partition("</section>")[0]
    assert "Asked for:" in section
    (request,) = set(re.findall(r'name="request" value="([^"]+)"', section))
    assert lena.write(page(tip), "approval", request=request, **WORDS).status_code == 303
    sync(lena)
    assert ASKS not in lena.get("/").text
    sync(amina)
    assert "Asked for:" not in shown(amina, tip)
    assert "Approved by <bdi>lena</bdi>" in shown(amina, tip)


def test_what_is_not_needed_any_more_is_asked_of_nobody(amina: Program, lena: Program, tip: Stored) -> None:
    amina.write(page(tip), "approval_request", **WORDS)
    sync(amina)
    (request,) = set(re.findall(r'name="request" value="([^"]+)"', shown(amina, tip)))
    amina.write(page(tip), "approval_request", request=request, done="yes", **WORDS)
    sync(lena)
    assert ASKS not in lena.get("/").text
    assert "Asked for:" not in shown(lena, tip)


def test_while_the_log_cannot_be_told_nothing_is_approved_and_the_words_stay(
    desk: Desk, amina: Program, lena: Program, tip: Stored
) -> None:
    away = unreachable(desk)
    refused = lena.write(page(tip), "approval", **WORDS)
    assert refused.status_code == 502
    assert "The photograph, for the complaint of May." in refused.text
    away.clear()
    assert not logged(desk, Action.APPROVE)
    approve(lena, tip, amina)
    assert len(logged(desk, Action.APPROVE)) == 1


def test_the_same_form_sent_twice_approves_once(desk: Desk, lena: Program, tip: Stored) -> None:
    form = {**lena.hidden(page(tip)), **WORDS}
    for _ in range(2):
        assert lena.send(f"{page(tip)}/approval", form).status_code == 303
    assert len(logged(desk, Action.APPROVE)) == 1
