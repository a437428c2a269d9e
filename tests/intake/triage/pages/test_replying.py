"""A reply before it leaves: as its source will see it, warned of, begun from a template; nothing leaves unseen."""

import re
from html import unescape
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from forms import tokens
from intake.languages.shown import shown as as_shown
from intake.protocol.kinds import Kind
from intake.report.events import Template
from intake.report.payloads import ENDED, Leaving, Message
from intake.storage.tables import Item
from open_desk import Desk, Stored
from program import Program
from told import page, shown, sync

pytestmark = pytest.mark.slow

LINK = "Look at http://example.com"


@pytest.fixture
def tip(desk: Desk, amina: Program) -> Stored:
    stored = desk.store_tip("They went to my mother.", {"region": "Lyon"})
    desk.store_tip("Call me: 0170 123 45 67.", {})
    sync(amina)
    amina.get(page(stored))
    return stored


def replies(desk: Desk) -> int:
    """How many there are, beside the word that the report was opened."""
    with desk.server.store.reading() as session:
        return (session.scalar(select(func.count()).where(Item.kind == Kind.REPLY)) or 0) - 1


def path_of(program: Program, location: str) -> str:
    return urlsplit(location).path.removeprefix(program.place.path)


def look(program: Program, tip: Stored, text: str, **values: str) -> str:
    """Write a reply, and return where it is looked at."""
    answer = program.post(f"{page(tip)}/reply", page(tip), text=text, **values)
    assert answer.status_code == 303
    return path_of(program, answer.location)


def send(program: Program, seen: str, *ticked: str) -> int:
    return program.send(f"{seen}/send", {**tokens(program.get(seen).text), "known": list(ticked)}).status_code


def to_tick(html: str) -> list[str]:
    return re.findall(r'name="known" value="([0-9a-f]+)"', html)


def template(program: Program, name: str, language: str, text: str) -> str:
    program.post("/team/template", "/team", name=name, language=language, text=text)
    found = re.search(
        rf'<input type="hidden" name="template" value="([^"]+)">(?:(?!</form>).)*{name}',
        program.get("/team").text,
        re.DOTALL,
    )
    assert found
    return found[1]


def test_a_reply_is_seen_before_it_is_sent(desk: Desk, amina: Program, tip: Stored) -> None:
    seen = look(amina, tip, "Are you safe?")
    html = amina.get(seen).text
    assert '<section class="as-source" lang="en" dir="ltr"' in html
    assert '<p class="text" dir="auto">Are you safe?</p>' in html
    assert replies(desk) == 0
    assert send(amina, seen) == 303
    assert replies(desk) == 1
    assert "Are you safe?" in shown(amina, tip)


def test_what_was_changed_is_seen_again_before_it_is_sent(desk: Desk, amina: Program, tip: Stored) -> None:
    first = look(amina, tip, "Are you safe?")
    html = amina.get(first).text
    draft = re.search(r'name="draft" value="([^"]+)"', html)
    assert draft
    changed = amina.send(f"{page(tip)}/reply", {**tokens(html), "draft": draft[1], "text": "Who are you?"})
    second = path_of(amina, changed.location)
    assert second != first
    # The button of the page that shows the earlier text, in another window.
    amina.send(f"{first}/send", tokens(html))
    assert replies(desk) == 0
    assert "Who are you?" in amina.get(second).text
    assert send(amina, second) == 303
    assert replies(desk) == 1


def test_where_the_source_has_ended_its_codename_nothing_is_offered_that_nobody_could_read(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    seen = look(amina, tip, "Are you safe?")
    desk.send(tip, Leaving(ENDED))
    sync(amina)
    text = shown(amina, tip)
    assert "nobody can read a reply any more" in text
    assert "Reply to the source <kbd" not in text
    assert "Ask for one particular use" not in text
    assert send(amina, seen) == 409
    assert replies(desk) == 0
    assert "Are you safe?" in shown(amina, tip), "what was written is still there, and can be discarded"


def test_two_clicks_send_it_once(desk: Desk, amina: Program, tip: Stored) -> None:
    seen = look(amina, tip, "Are you safe?")
    values = tokens(amina.get(seen).text)
    assert [amina.send(f"{seen}/send", values).status_code for _ in range(2)] == [303, 303]
    assert replies(desk) == 1
    assert amina.get(seen).status_code == 303


def test_each_warning_is_ticked_before_it_leaves_and_none_forbids(desk: Desk, amina: Program, tip: Stored) -> None:
    seen = look(amina, tip, f"{LINK}. I am Amina, in Lyon. Call your mother, or 0170-1234567.")
    html = unescape(amina.get(seen).text)
    for says in (
        "the name of one of your team",
        "stands in another report",
        "the source wrote this itself",
        "a link",
        "a relative",
    ):
        assert says in html
    ticks = to_tick(html)
    assert len(ticks) == 5
    assert send(amina, seen) == 400
    assert send(amina, seen, *ticks[1:]) == 400
    assert replies(desk) == 0
    assert send(amina, seen, *ticks) == 303
    assert replies(desk) == 1


def test_a_warning_that_came_up_meanwhile_is_seen_first(desk: Desk, amina: Program, tip: Stored) -> None:
    seen = look(amina, tip, "Do you know Gaziantep?")
    html = amina.get(seen).text
    assert to_tick(html) == []
    desk.store_tip("Another.", {"region": "Gaziantep"})
    sync(amina)
    assert amina.send(f"{seen}/send", tokens(html)).status_code == 400
    assert replies(desk) == 0


def test_a_draft_that_was_looked_at_is_there_after_a_lock_and_is_not_sent_by_it(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    seen = look(amina, tip, LINK)
    values: dict[str, str | list[str]] = {**tokens(amina.get(seen).text), "known": to_tick(amina.get(seen).text)}
    amina.guard.lock()
    answer = amina.send(f"{seen}/send", values)
    assert "/unlock" in answer.location
    amina.unlock()
    assert replies(desk) == 0
    assert LINK in amina.get(page(tip)).text
    assert LINK in amina.get(seen).text
    assert send(amina, seen, *to_tick(amina.get(seen).text)) == 303
    assert replies(desk) == 1


def test_what_is_typed_into_a_locked_program_is_kept(desk: Desk, amina: Program, tip: Stored) -> None:
    values = amina.hidden(page(tip))
    amina.guard.lock()
    assert "kept=yes" in amina.send(f"{page(tip)}/reply", {**values, "text": "Are you safe?"}).location
    amina.unlock()
    assert "Are you safe?" in amina.get(page(tip)).text
    assert replies(desk) == 0


def test_a_draft_can_be_discarded_at_the_last_step(desk: Desk, amina: Program, tip: Stored) -> None:
    seen = look(amina, tip, "Are you safe?")
    item = seen.rpartition("/")[2]
    assert amina.send(f"{page(tip)}/unsent/{item}/discard", tokens(amina.get(seen).text)).status_code == 303
    assert "Are you safe?" not in amina.get(page(tip)).text
    assert send_gone(amina, seen, tip) == 303
    assert replies(desk) == 0


def send_gone(program: Program, seen: str, tip: Stored) -> int:
    return program.send(f"{seen}/send", program.hidden(page(tip))).status_code


def test_the_page_is_in_the_language_and_direction_of_the_report(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("به خانه رفتند", {}, language="fa")
    sync(amina)
    amina.get(page(tip))
    html = amina.get(look(amina, tip, "سلام")).text
    assert '<section class="as-source" lang="fa" dir="rtl"' in html
    assert "<h2>پاسخ‌ها</h2>" in html
    other = desk.store_tip("Sie waren da", {}, language="de")
    sync(amina)
    assert "the site has no words in the language of the report" in amina.get(look(amina, other, "Hallo")).text


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "\u202egpj.exe", "x" * 50_000, "a\u0301" * 9_000, "\u0301" * 9_000, "(% 7 %)"]
)
def test_hostile_text_is_shown_as_text(amina: Program, tip: Stored, text: str) -> None:
    html = amina.get(look(amina, tip, text)).text
    found = re.search('<p class="text" dir="auto">(.*?)</p>', html, re.DOTALL)
    assert found
    assert unescape(found[1]) == as_shown(text)
    assert "<script" not in html


def test_no_template_begins_a_reply_for_which_none_was_chosen(amina: Program, boris: Program, tip: Stored) -> None:
    unnamed = Template(template="", name="Unnamed", language="en", text="Call this number.", retired=False)
    amina.workspace.write_for_team("a form", unnamed)
    amina.let_leave()
    sync(boris)
    assert boris.workspace.team.standing().outcomes(Template) == []
    for chosen in ({}, {"template": ""}):
        assert "Call this number." not in boris.get(look(boris, tip, "Are you safe?", **chosen)).text


def test_nothing_of_a_colleagues_covers_or_turns_around_what_is_looked_at(
    amina: Program, boris: Program, tip: Stored
) -> None:
    covering = "\u202eA" + "\u0301" * 20_000
    amina.write(page(tip), "reply", text=covering)
    asked = {"language": "en", "words": covering, "check": covering[:4_000], "meaning": ""}
    amina.write(page(tip), "consent_request", **asked)
    sync(boris)
    html = boris.get(look(boris, tip, "Are you safe?")).text
    assert "Are you safe?" in html
    assert "\u202e" not in html
    assert "\u0301" * 100 not in html


def test_a_template_of_the_teams_begins_a_reply_and_its_places_are_filled_first(
    desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    chosen = template(amina, "Referral", "en", "Please go to {name of the lawyer} on {day}.\n\nYours")
    template(amina, "Renvoi", "fr", "Merci.")
    sync(boris)
    listed = boris.get(page(tip)).text.partition('id="reply-template"')[2].partition("</select>")[0]
    offered = re.findall(r'<option value="[^"]+">([^<]*) \(', listed)
    assert offered == ["Referral", "Renvoi"]
    seen = look(boris, tip, "Dear friend,", template=chosen)
    html = boris.get(seen).text
    assert "Dear friend,\n\nPlease go to {name of the lawyer} on {day}.\n\nYours" in unescape(html)
    assert "Send it as it stands here" not in html
    assert send_gone(boris, seen, tip) == 400
    for given in (
        {"place": ["name of the lawyer", "day"], "filling": ["Ms. Duval", ""]},
        {"place": ["day"], "filling": ["Monday"]},
    ):
        draft = seen.rpartition("/")[2]
        text = re.search(r"<textarea[^>]*>([^<]*)", html)
        assert text
        answer = boris.send(f"{page(tip)}/reply", {**tokens(html), "draft": draft, "text": unescape(text[1]), **given})
        seen = path_of(boris, answer.location)
        html = boris.get(seen).text
    assert "Please go to Ms. Duval on Monday." in html
    assert send(boris, seen, *to_tick(html)) == 303
    assert replies(desk) == 1
    assert boris.workspace.sending.drafts == []


@pytest.mark.parametrize("text", ["Go to {lawyer}", "Go to ｛律师｝", "Go to {lawyer", "{}", "a } b"])
def test_nothing_leaves_with_a_brace_in_it(desk: Desk, amina: Program, tip: Stored, text: str) -> None:
    seen = look(amina, tip, text)
    assert send_gone(amina, seen, tip) == 400
    assert replies(desk) == 0


def test_a_template_is_changed_and_offered_no_more(amina: Program, tip: Stored) -> None:
    chosen = template(amina, "Thanks", "en", "Thank you.")
    values = {"template": chosen, "name": "Thanks", "language": "en"}
    amina.post("/team/template", "/team", text="Many thanks.", **values)
    assert "Many thanks." in amina.get(look(amina, tip, "", template=chosen)).text
    amina.post("/team/template", "/team", text="Many thanks.", retired="yes", **values)
    assert "reply-template" not in amina.get(page(tip)).text


@pytest.mark.parametrize("values", [{"name": ""}, {"language": "xx"}, {"text": ""}])
def test_a_template_that_lacks_something_is_not_saved(amina: Program, values: dict[str, str]) -> None:
    whole = {"name": "Thanks", "language": "en", "text": "Thank you."}
    assert amina.post("/team/template", "/team", **{**whole, **values}).status_code == 400


def test_what_was_answered_before_stands_on_the_page_too(
    desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    amina.write(page(tip), "reply", text="First answer.")
    desk.send(tip, Message("Thank you."))
    sync(boris)
    html = boris.get(look(boris, tip, "Second answer.")).text
    assert re.findall('<p class="text" dir="auto">(.*?)</p>', html) == ["First answer.", "Second answer."]
    assert "A reviewer has opened your report, on " in html


def test_a_template_that_met_a_lock_is_there_with_its_text(amina: Program) -> None:
    values = {**amina.hidden("/team"), "name": "Thanks", "language": "en", "text": "Thank you for writing."}
    amina.guard.lock()
    assert "kept=yes" in amina.send("/team/template", values).location
    amina.unlock()
    html = amina.get("/team").text
    draft = html.partition('<div class="unsent">')[2].partition("</div>")[0]
    assert "Thank you for writing." in draft
    kept = dict(re.findall(r'name="(form|draft|name|language)" value="([^"]*)"', draft))
    token = amina.hidden("/team")["csrf_token"]
    assert (
        amina.send("/team/template", {**kept, "csrf_token": token, "text": "Thank you for writing."}).status_code == 303
    )
    assert '<div class="unsent">' not in amina.get("/team").text
    assert [event.text for event in amina.workspace.team.standing().outcomes(Template)] == ["Thank you for writing."]
