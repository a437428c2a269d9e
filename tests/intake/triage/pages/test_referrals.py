"""The register: every referral of every report, what is missing in red, and what presses first."""

import re
from html import unescape

import pytest

from intake.report.definition import load_form
from intake.report.payloads import Addition
from open_desk import Desk, Stored
from program import Program
from told import page, sync

pytestmark = pytest.mark.slow

REFERRAL = {
    "to_kind": "lawyer", "to_name": "R. Example", "consent": "consent_lawyer", "handed": "The whole report.",
    "reference": "AZ 17", "answer_due": "2020-01-31",
}  # fmt: skip
CHECK = {"who": "The mother.", "noticed": "The police.", "leak": "They would know.", "expects": "Help."}
UNCHECKED = "None: hand over nothing"


@pytest.fixture
def tips(desk: Desk, amina: Program, boris: Program) -> list[Stored]:
    """Two reports that both have; the first may be shared with a lawyer."""
    tips = [desk.store_tip(f"Report {number}.", {}) for number in range(2)]
    desk.send(tips[0], Addition(load_form().version, "consents", {"consent_lawyer": "yes"}))
    for program in (amina, boris):
        sync(program)
    return tips


def register(program: Program, asked: str = "") -> str:
    return unescape(program.get(f"/referrals{asked}").text)


def rows(text: str) -> list[str]:
    """What stands in the table, row by row."""
    return re.findall(r"<tr[^>]*>\n<td.*?</tr>", text, re.DOTALL)


def refer(program: Program, tip: Stored, **values: str) -> str:
    """Register a referral; the id of it."""
    program.post(f"{page(tip)}/referral", page(tip), **REFERRAL | values)
    found: list[str] = re.findall(r'name="referral" value="([^"]+)"', program.get(page(tip)).text)
    return found[-1]


def test_a_referral_stands_there_with_all_that_is_known_of_it(
    amina: Program, boris: Program, tips: list[Stored]
) -> None:
    referral = refer(amina, tips[0])
    (row,) = rows(register(amina))
    for words in ("R. Example", "A lawyer", "May we share it with a lawyer?", ">Yes</span>", "The whole report.",
                  "AZ 17", "2020-01-31, late", UNCHECKED, page(tips[0])):  # fmt: skip
        assert words in row
    sync(boris)
    (of,) = re.findall(r'name="of" value="([^"]+)"', boris.get(page(tips[0])).text)
    boris.post(f"{page(tips[0])}/harm_check", page(tips[0]), **CHECK, referral=referral, of=of, decision="agrees")
    sync(amina)
    (row,) = rows(register(amina))
    assert UNCHECKED not in row
    assert "<bdi>boris</bdi> agrees" in row
    answered = {**REFERRAL, "referral": referral, "outcome": "They take it.", "told": "2026-11-01"}
    amina.post(f"{page(tips[0])}/referral", page(tips[0]), **answered)
    (row,) = rows(register(amina))
    assert "They take it." in row
    assert "2026-11-01" in row
    assert "late" not in row


def test_what_was_never_consented_to_says_no(amina: Program, tips: list[Stored]) -> None:
    refer(amina, tips[1])
    assert ">No</span>" in rows(register(amina))[0]


def test_it_is_narrowed_down_by_kind_and_state_and_counts_what_there_is(amina: Program, tips: list[Stored]) -> None:
    refer(amina, tips[0])
    refer(amina, tips[1], to_kind="un", to_name="A rapporteur", answer_due="2999-01-01")
    text = register(amina)
    assert "2 referrals</h1>" in text
    assert "A lawyer (1)" in text
    assert "Answer late (1)" in text
    assert [("A rapporteur" in row) for row in rows(register(amina, "?kind=un"))] == [True]
    assert [("R. Example" in row) for row in rows(register(amina, "?state=late"))] == [True]
    assert [("A rapporteur" in row) for row in rows(register(amina, "?state=unallowed"))] == [True]
    assert "The source has not agreed, or not any more (1)" in text
    assert rows(register(amina, "?state=told")) == []
    assert len(rows(register(amina, "?state=unchecked&state=late"))) == 2
    assert len(rows(register(amina, "?kind=nonsense&state=nonsense&order=nonsense&page=x"))) == 2


def test_a_referral_goes_with_its_report(desk: Desk, amina: Program, tips: list[Stored]) -> None:
    refer(amina, tips[0])
    amina.workspace.book.remove(tips[0].id.hex())
    assert rows(register(amina)) == []


def test_hostile_words_are_shown_as_what_they_are(amina: Program, tips: list[Stored]) -> None:
    refer(amina, tips[0], to_name="<b>\u202eevil", handed="a" * 40_000, reference="'; DROP TABLE referral; --")
    text = amina.get("/referrals").text
    assert "&lt;b&gt;⟦RLO⟧evil" in text
    assert "a" * 301 not in text
    assert "DROP TABLE referral" in text
    assert len(rows(register(amina))) == 1
