"""What is typed into a program that has locked is there afterwards, whole, also where something in it lacks."""

import re
from html import unescape
from urllib.parse import urlsplit

import pytest

from forms import tokens
from intake.report.events import Act
from open_desk import Desk, Stored
from opened import opened_tip
from program import PASSPHRASE, Program
from told import page, sync

pytestmark = pytest.mark.slow

LACKING = {
    "act": {"method": "", "place": "Gaziantep"},
    "referral": {"to_kind": "lawyer", "to_name": "", "handed": "All of Gaziantep."},
    "consent_request": {"words": "", "language": "en", "meaning": "Gaziantep?", "check": ""},
    "due": {"reason": "Call Gaziantep", "day": ""},
    "status": {"status": "closed", "reason": "", "note": "Gaziantep"},
    "note": {"text": "Gaziantep " * 6_000, "handover": "yes"},
    "reply": {"text": "Gaziantep " * 6_000},
    "translation": {"part": "narrative/1", "language": "en", "text": "Gaziantep " * 6_000},
}


@pytest.fixture
def tip(desk: Desk, amina: Program) -> Stored:
    stored = desk.store_tip("They went to my mother.", {})
    sync(amina)
    amina.get(page(stored))
    return stored


def to_go_on(program: Program, path: str) -> list[str]:
    return re.findall(r'href="[^"]*?(/(?:tips/[0-9a-f]{32}|team|bulk)/unsent/[0-9a-f]{32})"', program.get(path).text)


def lock_while_sending(program: Program, path: str, values: dict[str, str | list[str]]) -> str:
    program.guard.lock()
    location = program.send(path, values).location
    program.unlock()
    return location


@pytest.mark.parametrize("kind", LACKING)
def test_a_form_that_lacks_something_is_there_after_the_lock_with_all_that_was_filled_in(
    amina: Program, tip: Stored, kind: str
) -> None:
    location = lock_while_sending(amina, f"{page(tip)}/{kind}", {**amina.hidden(page(tip)), **LACKING[kind]})
    assert "kept=yes" in location
    for path in ("/", "/reports", page(tip)):
        (go_on,) = to_go_on(amina, path)
    html = unescape(amina.get(go_on).text)
    assert "This was filled in when the program locked, and is not saved: " in html
    for name, value in LACKING[kind].items():
        # A choice of the form, or a box of it, is chosen.
        if name not in ("status", "to_kind", "language", "method", "handover", "note"):
            assert value in html
    assert to_go_on(amina, go_on) == []
    assert opened_tip(amina.workspace.book, tip.id.hex()).changes == []


def test_what_was_lacking_is_filled_in_and_then_nothing_of_it_waits_any_more(amina: Program, tip: Stored) -> None:
    lock_while_sending(amina, f"{page(tip)}/act", {**amina.hidden(page(tip)), **LACKING["act"]})
    (go_on,) = to_go_on(amina, page(tip))
    form = amina.get(go_on).text.partition("Gaziantep")[0].rpartition("<form")[2]
    hidden = dict(re.findall(r'name="(form|draft)" value="([^"]*)"', form))
    # Refused once more, it stays what it was.
    refused = amina.send(f"{page(tip)}/act", {**tokens(amina.get(go_on).text), **hidden, **LACKING["act"]})
    assert refused.status_code == 400
    assert hidden["draft"] in refused.text
    values = {**tokens(refused.text), **hidden, **LACKING["act"], "method": "threatened"}
    assert amina.send(f"{page(tip)}/act", values).status_code == 303
    (act,) = [change.event for change in opened_tip(amina.workspace.book, tip.id.hex()).changes]
    assert isinstance(act, Act)
    assert (act.method, act.place) == ("threatened", "Gaziantep")
    assert to_go_on(amina, page(tip)) == []
    assert amina.workspace.sending.drafts == []
    assert amina.get(go_on).status_code == 404


def test_another_form_of_the_same_kind_does_not_use_up_what_waits(amina: Program, tip: Stored) -> None:
    lock_while_sending(amina, f"{page(tip)}/due", {**amina.hidden(page(tip)), **LACKING["due"]})
    amina.post(f"{page(tip)}/due", page(tip), reason="Call Ankara", day="2027-01-01")
    (go_on,) = to_go_on(amina, page(tip))
    assert "Call Gaziantep" in amina.get(go_on).text


@pytest.mark.parametrize(
    ("kind", "place"),
    [("note", "#note"), ("status", "#status"), ("verification", "#act"), ("translation", "/translation")],
)
def test_unlocking_leads_to_where_what_was_written_waits(amina: Program, tip: Stored, kind: str, place: str) -> None:
    written = {
        "text": "They came again.", "part": "narrative/1", "language": "en", "status": "referred",
        "act": "a", "of": "a", "verified": "documented", "reasons": "There is a summons.",
    }  # fmt: skip
    hidden = amina.hidden(page(tip))
    amina.guard.lock()
    to_unlock = amina.send(f"{page(tip)}/{kind}", {**hidden, **written}).location
    location = amina.post(f"/unlock?{urlsplit(to_unlock).query}", "/unlock", passphrase=PASSPHRASE).location
    assert location.endswith(f"{page(tip)}{place}")
    assert "Send it now" in amina.get(f"{page(tip)}{place.partition('#')[0]}").text


def test_it_can_be_discarded(amina: Program, tip: Stored) -> None:
    lock_while_sending(amina, f"{page(tip)}/due", {**amina.hidden(page(tip)), **LACKING["due"]})
    (go_on,) = to_go_on(amina, "/")
    amina.post(f"{go_on}/discard", "/")
    assert to_go_on(amina, "/") == []
    assert amina.workspace.sending.drafts == []


@pytest.mark.parametrize("kind", ["reply", "note", "translation", "due", "status"])
def test_an_empty_form_leaves_nothing_behind(amina: Program, tip: Stored, kind: str) -> None:
    empty = {**amina.hidden(page(tip)), "text": " ", "part": "narrative/1", "language": "en", "reason": "", "day": ""}
    assert "kept" not in lock_while_sending(amina, f"{page(tip)}/{kind}", {**empty})
    assert amina.workspace.sending.drafts == []


def test_what_was_to_be_set_for_all_is_there_on_the_page_of_the_team(amina: Program) -> None:
    values = {**amina.hidden("/team"), "since": "2027-03-01", "until": "2027-02-01", "member": ""}
    assert "/team" in unescape(lock_while_sending(amina, "/team/duty", {**values}))
    (go_on,) = to_go_on(amina, "/team")
    assert to_go_on(amina, "/") == [go_on]
    html = amina.get(go_on).text
    assert 'value="2027-03-01"' in html
    form = html.partition('value="2027-03-01"')[0].rpartition("<form")[2]
    hidden = dict(re.findall(r'name="(form|draft)" value="([^"]*)"', form))
    amina.send("/team/duty", {**tokens(html), **values, **hidden, "until": "2027-04-01"})
    assert to_go_on(amina, "/") == []


@pytest.mark.parametrize("step", ["ask", "do"])
def test_what_was_to_be_done_with_several_reports_is_asked_again_and_done_once(
    desk: Desk, amina: Program, tip: Stored, step: str
) -> None:
    other = desk.store_tip("They went to my aunt.", {})
    sync(amina)
    chosen = [tip.id.hex(), other.id.hex()]
    values: dict[str, str | list[str]] = {
        **amina.hidden("/reports"),
        "kind": "due",
        "tip": chosen,
        "reason": "Call them",
        "day": "2027-01-01",
    }
    lock_while_sending(amina, f"/bulk/{step}", values)
    assert [list(amina.workspace.book.standing(opened_tip(amina.workspace.book, each)).due) for each in chosen] == [
        [],
        [],
    ]
    (go_on,) = to_go_on(amina, "/")
    html = amina.get(go_on).text
    assert "Set a due date for these 2 reports" in html
    assert 'value="Call them"' in html
    hidden = dict(re.findall(r'name="(form|draft)" value="([^"]*)"', html))
    done = amina.send("/bulk/do", {**values, **tokens(html), **hidden})
    assert urlsplit(done.location).path.endswith("/reports")
    for each in chosen:
        (due,) = amina.workspace.book.standing(opened_tip(amina.workspace.book, each)).due
        assert due.reason == "Call them"
    assert to_go_on(amina, "/") == []


@pytest.mark.parametrize(
    "path", ["/tips/{tip}/unsent/{item}", "/team/unsent/{item}", "/bulk/unsent/{item}", "/team/unsent/x"]
)
def test_what_is_kept_is_found_only_where_it_belongs(desk: Desk, amina: Program, tip: Stored, path: str) -> None:
    other = desk.store_tip("They went to my aunt.", {})
    sync(amina)
    lock_while_sending(amina, f"{page(tip)}/due", {**amina.hidden(page(tip)), **LACKING["due"]})
    (go_on,) = to_go_on(amina, "/")
    assert amina.get(path.format(tip=other.id.hex(), item=go_on.rpartition("/")[2])).status_code == 404


def test_hostile_text_in_what_is_kept_is_text(amina: Program, tip: Stored) -> None:
    hostile = "</textarea><script>x()</script>\u202e\x00\u0301"
    values = {
        **LACKING["act"],
        "place": hostile,
        "written": hostile,
        hostile: hostile,
        "draft": hostile,
        "act": hostile,
    }
    lock_while_sending(amina, f"{page(tip)}/act", {**amina.hidden(page(tip)), **values})
    for path in ("/", page(tip), *to_go_on(amina, "/")):
        answer = amina.get(path)
        assert answer.status_code == 200
        assert "<script" not in answer.text


def test_what_was_filled_in_is_in_sight_also_where_its_form_is_folded(amina: Program, tip: Stored) -> None:
    amina.write(page(tip), "consent_request", words="May we tell a lawyer?", language="en", meaning="", check="")
    html = amina.get(page(tip)).text
    found = re.search(r'name="request" value="([^"]+)"', html)
    assert found
    values = {**tokens(html), "request": found[1], "words": "", "language": "en", "meaning": "To Gaziantep?"}
    lock_while_sending(amina, f"{page(tip)}/consent_request", {**values})
    (go_on,) = to_go_on(amina, page(tip))
    before, _, after = amina.get(go_on).text.partition("To Gaziantep?</textarea>")
    assert after
    assert before.rpartition("<details")[2].startswith(' class="doing" open>')


@pytest.mark.parametrize("kind", [{}, {"kind": "referral"}])
def test_nothing_is_kept_that_could_not_be_gone_on_with(kind: dict[str, str], desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("They went to my mother.", {})
    sync(amina)
    values = {**amina.hidden("/reports"), "tip": tip.id.hex(), **kind}
    amina.guard.lock()
    assert [amina.send(f"/bulk/{step}", values).status_code for step in ("ask", "do")] == [400, 400]
    amina.unlock()
    assert amina.workspace.sending.drafts == []
