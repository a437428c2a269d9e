"""Reviewers compare the words of a card, vouch for it, and shut somebody out; what the others are told of it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from chromium import choose, click
from intake.accesslog import members
from intake.protocol.card import Card, Role, issue_card
from intake.protocol.rules import VOUCHES, Rule
from intake.triage.keys.keyfile import load_keys, make_keys
from intake.triage.mirror.tables import FACT, MEMBERS_SEEN
from look import Look
from membership import changed, confirm
from open_desk import Desk
from program import PASSPHRASE, Enrol, Program, Reviewer
from told import sync
from window import show

pytestmark = pytest.mark.slow


@pytest.fixture
def team(desk: Desk, reviewer: Reviewer, enrol: Enrol) -> tuple[Program, Program]:
    """The programs of Amina and Boris, who have looked at the members; there is Dora too, and two must vouch."""
    for name in ("amina", "boris", "dora"):
        enrol(name)
    members.rule(desk.server.store, desk.server.log, Rule(VOUCHES, 2))
    programs = reviewer("amina"), reviewer("boris")
    for program in programs:
        program.unlock()
        confirm(program)
    return programs


def look(program: Program, card: str) -> Any:
    return program.post("/members/card", "/members", card=card)


def vouch(program: Program, card: Card) -> Any:
    return program.post("/members/vouch", "/members", card=card.text, compared="on")


def words(page: str) -> str:
    return " ".join(re.findall(r"<li>([a-z]+)</li>", page))


def active(desk: Desk) -> list[str]:
    with desk.server.store.reading() as session:
        return [member.card.name for member in desk.server.log.roster(session).reviewers]


def test_two_compare_the_words_and_let_somebody_in(desk: Desk, team: tuple[Program, Program]) -> None:
    amina, boris = team
    card = make_keys(Role.REVIEWER, "gulnar").card
    page = look(amina, card.text.replace("\n", "\r\n") + "\r\n").text
    assert words(page) == card.words
    assert card.fingerprint in page
    assert "every report that arrives from then on can be read by them" in page
    assert vouch(amina, card).status_code == 303
    assert active(desk) == ["amina", "boris", "dora"]
    sync(boris)
    said = f"amina vouched for gulnar (key {card.fingerprint}) as a reviewer on"
    assert said in changed(boris)
    assert "1 of 2" in changed(boris)
    listed = boris.get("/members").text
    assert "2 of you must vouch" in listed
    assert "amina</bdi> vouched, 1 of 2" in listed
    assert "Has vouched so far: <bdi>amina</bdi>, 1 of 2" in look(boris, card.text).text
    assert vouch(boris, card).status_code == 303
    assert active(desk) == ["amina", "boris", "dora", "gulnar"]
    sync(amina)
    assert "gulnar was enrolled as a reviewer on" in changed(amina)
    assert "amina and boris vouched." in changed(amina)
    assert "amina and boris vouched" in amina.get("/members").text
    assert "of 2 <button>" not in amina.get("/members").text


def test_a_word_is_taken_back_on_the_page_and_the_others_are_told(desk: Desk, team: tuple[Program, Program]) -> None:
    amina, boris = team
    card = make_keys(Role.REVIEWER, "gulnar").card
    vouch(amina, card)
    assert "Take my word back" in amina.get("/members").text
    sync(boris)
    confirm(boris)
    assert "Take my word back" not in boris.get("/members").text
    assert amina.post(f"/members/{card.key_id}/unsay", "/members").status_code == 303
    sync(boris)
    assert "amina took back on" in changed(boris)
    assert f"what they had said of gulnar (key {card.fingerprint})." in changed(boris)
    again = amina.post(f"/members/{card.key_id}/unsay", "/members")
    assert (again.status_code, "Nothing was taken back: the desk refused: there is no word" in again.text) == (
        502,
        True,
    )
    vouch(boris, card)
    assert active(desk) == ["amina", "boris", "dora"]


def test_nobody_vouches_without_saying_that_the_words_were_compared(desk: Desk, team: tuple[Program, Program]) -> None:
    card = make_keys(Role.REVIEWER, "gulnar").card
    answer = team[0].post("/members/vouch", "/members", card=card.text)
    assert "all twelve words were the same" in answer.text
    sync(team[1])
    assert "vouched for" not in changed(team[1])


@pytest.mark.parametrize("card", ["", "hello", "intake card v1\nrole: reviewer\n"])
def test_what_is_no_card_is_said_to_be_none(card: str, team: tuple[Program, Program]) -> None:
    answer = look(team[0], card)
    assert (answer.status_code, "this is not a card" in answer.text) == (400, True)


def test_a_card_that_can_not_be_is_shown_with_the_reason_and_no_button(
    desk: Desk, team: tuple[Program, Program], enrol: Enrol
) -> None:
    amina = team[0]
    members.revoke(desk.server.store, desk.server.log, "dora", Role.REVIEWER)
    sync(amina)
    again = make_keys(Role.REVIEWER, "dora").card
    page = look(amina, again.text).text
    assert "Another key has had this name before" in page
    assert "Vouch for them" in page
    for name, says in (("boris", "somebody of this name is enrolled already"), ("bоris", "looks like that of boris")):
        page = look(amina, make_keys(Role.REVIEWER, name).card.text).text
        assert says in page
        assert "Vouch for them" not in page


def test_a_desk_that_can_not_be_reached_is_said_and_nothing_is_taken_for_done(
    desk: Desk, team: tuple[Program, Program]
) -> None:
    def gone(_environ: Any, start: Any) -> Any:
        start("500 NO", [])
        return [b""]

    card, honest = make_keys(Role.REVIEWER, "gulnar").card, desk.wsgi
    desk.wsgi = gone
    answer = vouch(team[0], card)
    assert (answer.status_code, "Nothing was said yet: the desk refused: status 500" in answer.text) == (502, True)
    assert words(answer.text) == card.words
    desk.wsgi = honest
    assert vouch(team[0], card).status_code == 303


def test_a_reviewer_becomes_a_lead(desk: Desk, team: tuple[Program, Program], enrol: Enrol, tmp_path: Any) -> None:
    keys = load_keys(tmp_path / "dora.key", PASSPHRASE)
    card = issue_card(Role.LEAD, keys.signing, keys.identity)
    assert "is a reviewer, and would be a lead" in look(team[0], card.text).text
    for program in team:
        assert vouch(program, card).status_code == 303
    sync(team[0])
    assert "dora is a lead since" in changed(team[0])
    assert '<td data-head="Role">lead</td>' in team[0].get("/members").text
    assert active(desk) == ["amina", "boris", "dora"]


def test_two_shut_a_third_out_and_everybody_is_told(
    desk: Desk, team: tuple[Program, Program], reviewer: Callable[..., Any]
) -> None:
    dora = reviewer("dora")
    dora.unlock()
    confirm(dora)
    (path,) = re.findall(r'href="[^"]*(/members/[0-9a-f]{32}/shut-out)">Shut out …', _row(team[0], "dora"))
    assert "It takes 2 of you" in team[0].get(path).text
    assert team[0].post(path, path).status_code == 303
    sync(dora)
    assert "amina wants dora shut out, since" in changed(dora)
    sync(team[1])
    assert "<bdi>amina</bdi> would have <bdi>dora</bdi> shut out, 1 of 2" in team[1].get("/members").text
    assert team[1].post(path, path).status_code == 303
    sync(team[0])
    assert "dora is no longer a reviewer, since" in changed(team[0])
    assert "shut out by amina and boris." in changed(team[0])
    assert active(desk) == ["amina", "boris"]
    sync(dora)
    assert "not enrolled, or was revoked" in dora.get("/").text
    assert "only an active reviewer can be shut out" in team[0].get(path).text


def test_nobody_is_asked_to_shut_themself_out(team: tuple[Program, Program]) -> None:
    assert "Shut out …" not in _row(team[0], "amina")


def test_an_enrolment_by_the_operator_alone_is_told_as_that(
    desk: Desk, reviewer: Reviewer, enrol: Enrol, tmp_path: Any
) -> None:
    store, log = desk.server.store, desk.server.log
    enrol("dora")
    members.rule(store, log, Rule(VOUCHES, 2))
    members.revoke(store, log, "dora", Role.REVIEWER)
    amina = reviewer("amina")
    amina.unlock()
    amina.guard._home.mirror.remove(FACT, MEMBERS_SEEN)
    again = reviewer("amina")
    again.unlock()
    assert "The operator set a rule on" in changed(again)
    assert "BY THE OPERATOR ALONE: nobody was there to vouch" in changed(again)


def test_as_long_as_nobody_has_to_vouch_the_page_says_so(reviewer: Reviewer) -> None:
    amina = reviewer("amina")
    amina.unlock()
    page = amina.get("/members").text
    assert "The operator enrols alone: nobody has to vouch." in page
    assert "Shut out …" not in page


def _row(program: Program, name: str) -> str:
    rows = program.get("/members").text.split("<tr>")
    return str(next(row for row in rows if f'<td data-head="Name"><bdi class="member">{name}</bdi>' in row))


def test_it_is_done_in_a_browser_and_nothing_is_cut_off(
    desk: Desk, team: tuple[Program, Program], window: Page, look: Look
) -> None:
    amina, boris = team
    card = make_keys(Role.LEAD, "g" * 64).card
    vouch(boris, card)
    sync(amina)
    show(window, amina, "/members")
    look("vouching-members")
    window.get_by_label("A card: the whole of the file").fill(card.text)
    click(window, window.get_by_role("button", name="Look at it"))
    look("vouching-card")
    choose(window, window.get_by_role("button", name="Vouch for them"))
    assert window.get_by_role("button", name="Vouch for them").is_visible(), "the box is not ticked yet"
    window.get_by_label("all twelve words were the same").check()
    click(window, window.get_by_role("button", name="Vouch for them"))
    click(window, window.get_by_role("link", name="Shut out …").first)
    look("vouching-shut-out")
    click(window, window.get_by_role("button", name="Say that they should be shut out"))
    look("vouching-shutting-out")
    assert active(desk) == ["amina", "boris", "dora", "g" * 64]
    assert look.faults == {}
