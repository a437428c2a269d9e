"""Working on reports: what comes first and why, narrowing down, deciding together, translating, several at once."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlencode

import pytest

from intake.accesslog import members
from intake.protocol.card import Role
from intake.report.definition import Entry, load_form
from intake.report.payloads import Addition, Message
from intake.triage.book import PAGE
from open_desk import Desk, Stored
from opened import opened_tip
from program import Program
from told import page, shown, sync

pytestmark = pytest.mark.slow

ANSWERS = {"urgency": "ongoing", "host_country": "CA", "origin_state": "CN"}


def day(days: int) -> str:
    """A day from today on."""
    return (datetime.now(UTC).date() + timedelta(days)).isoformat()


def section(program: Program, heading: str) -> str:
    """What stands under a heading of the first page."""
    text = unescape(program.get("/").text)
    return text.partition(heading)[2].partition("</section>")[0]


def key_of(program: Program) -> str:
    return program.workspace.people.me


def test_the_first_page_says_what_presses_and_why_each_report_once_with_every_reason(
    desk: Desk, amina: Program
) -> None:
    held = desk.store_tip("They hold my brother.", {**ANSWERS, "detained_now": "relative"})
    desk.store_tip("It was long ago.", {**ANSWERS, "urgency": "past"})
    sync(amina)
    first = section(amina, "Somebody is detained now")
    assert first.count("They hold my brother.") == 1
    assert "New since your last look" in first
    assert "It was long ago." not in first
    new = section(amina, "<h2>New since your last look")
    assert "It was long ago." in new
    assert "They hold my brother." not in new
    amina.post(f"{page(held)}/status", page(held), status="closed", reason="He is free.")
    assert "They hold my brother." not in amina.get("/").text


def test_of_many_that_press_alike_the_first_page_shows_some_and_each_once(desk: Desk, amina: Program) -> None:
    for number in range(25):
        desk.store_tip(f"Report {number:02}.", {**ANSWERS, "detained_now": "relative"})
    sync(amina)
    rows = [set(re.findall(r"Report \d\d\.", section(amina, of))) for of in ("Somebody is det", "<h2>New since")]
    assert [len(each) for each in rows] == [10, 10]
    assert not rows[0] & rows[1]
    assert "all 25 reports" in section(amina, "Somebody is detained now")


def test_whoever_writes_again_after_their_report_was_closed_is_on_the_first_page(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("They went to my mother.", ANSWERS)
    sync(amina)
    amina.post(f"{page(tip)}/status", page(tip), status="closed", reason="Nothing more came.")
    assert "They went to my mother." not in amina.get("/").text
    desk.send(tip, Message("They are at the door."))
    sync(amina)
    assert "They went to my mother." in section(amina, "A message of the source has no answer")


def test_what_happens_now_comes_before_what_goes_on(desk: Desk, amina: Program) -> None:
    desk.store_tip("It goes on.", ANSWERS)
    desk.store_tip("They are here.", {**ANSWERS, "urgency": "now"})
    sync(amina)
    assert "They are here." in section(amina, "It is happening now")
    assert "It goes on." not in section(amina, "It is happening now")


def test_a_date_that_the_source_names_presses_until_somebody_has_set_when_it_is_due(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("They summoned me.", {**ANSWERS, "urgency": "past"})
    other = desk.store_tip("They came.", ANSWERS)
    desk.send(tip, Addition(load_form().version, "deadline", {"deadline_date": "in three weeks, a Friday"}))
    desk.send(other, Addition(load_form().version, "deadline", {"deadline_kind": "hearing"}))
    sync(amina)
    names = section(amina, "The source names a date that matters")
    assert ("They summoned me." in names, "They came." in names) == (True, True)
    assert "in three weeks, a Friday" in shown(amina, tip).partition('<section id="due">')[2].partition("</section>")[0]
    amina.post(f"{page(tip)}/due", page(tip), reason="The summons.", day=day(30))
    names = section(amina, "The source names a date that matters")
    assert ("They summoned me." in names, "They came." in names) == (False, True)


def test_who_did_not_say_how_urgent_it_is_can_be_found_and_comes_before_what_is_over(
    desk: Desk, amina: Program
) -> None:
    desk.store_tip("It was long ago.", {**ANSWERS, "urgency": "past"})
    desk.store_tip("Nobody knows.", {"host_country": "CA"})
    desk.store_tip("It goes on.", ANSWERS)
    listing = sync(amina)
    places = [listing.index(text) for text in ("It goes on.", "Nobody knows.", "It was long ago.")]
    assert places == sorted(places)
    assert '<input type="checkbox" name="urgency" value="-"> Not answered (1)</label>' in listing
    count, found = listed(amina, urgency="-")
    assert (count, "Nobody knows." in found) == (1, True)
    assert "<summary>What help is needed?</summary>" not in listing, "nobody answered that"


def test_what_was_chosen_stays_chosen_where_nothing_fits_it(desk: Desk, amina: Program) -> None:
    desk.store_tip("It goes on.", ANSWERS)
    sync(amina)
    count, found = listed(amina, urgency="now", demand="silence")
    assert count == 0
    assert re.search(r'name="urgency" value="now" checked> It is happening now \(0\)', found)
    assert '<details class="questions" open>' in found


def test_a_message_waits_for_an_answer_until_somebody_answers(desk: Desk, amina: Program, boris: Program) -> None:
    tip = desk.store_tip("They went to my mother.", ANSWERS)
    desk.send(tip, Message("They came again."))
    sync(amina)
    assert "They went to my mother." in section(amina, "A message of the source has no answer")
    amina.write(page(tip), "reply", text="Are you safe?")
    assert "has no answer" not in amina.get("/").text
    sync(boris)
    assert "has no answer" not in boris.get("/").text


def test_what_is_due_stands_first_by_its_day_and_is_gone_when_it_is_done(desk: Desk, amina: Program) -> None:
    tips = [desk.store_tip(f"Report {number}.", ANSWERS) for number in range(3)]
    sync(amina)
    for tip, days in zip(tips, (2, -1, 30), strict=True):
        amina.post(f"{page(tip)}/due", page(tip), day=day(days), reason="Call the lawyer.")
    soon = section(amina, "Due within three days, or late")
    assert soon.index("Report 1.") < soon.index("Report 0.")
    assert "Report 2." not in soon
    (due,) = amina.workspace.book.standing(opened_tip(amina.workspace.book, tips[1].id.hex())).due
    values = {"task": due.task, "day": due.day, "reason": due.reason, "done": "yes"}
    amina.post(f"{page(tips[1])}/due", page(tips[1]), **values)
    assert "Report 1." not in section(amina, "Due within three days, or late")


def test_several_values_of_a_filter_widen_it_and_filters_narrow_each_other(desk: Desk, amina: Program) -> None:
    for country, state in (("CA", "CN"), ("FR", "CN"), ("DE", "BY")):
        desk.store_tip(f"From {country}.", {"host_country": country, "origin_state": state})
    sync(amina)
    both = unescape(amina.get("/reports?host_country=CA&host_country=DE").text)
    assert ("From CA." in both, "From FR." in both, "From DE." in both) == (True, False, True)
    narrowed = unescape(amina.get("/reports?host_country=CA&host_country=DE&origin_state=CN").text)
    assert "1 report</h1>" in narrowed
    # Beside each choice, how many there would be with it: of the same field as if nothing else were chosen there.
    assert re.search(r'value="FR"> France \(1\)', narrowed)
    assert re.search(r'value="BY"> Belarus \(1\)', narrowed)


def test_a_filter_that_makes_no_sense_shows_nothing_and_breaks_nothing(desk: Desk, amina: Program) -> None:
    desk.store_tip("They went to my mother.", ANSWERS)
    sync(amina)
    for address in ("order=nonsense", "due=nonsense", "page=99", "page=-1", "page=x", "nonsense=1"):
        assert "1 report</h1>" in amina.get(f"/reports?{address}").text
    assert "0 reports</h1>" in amina.get("/reports?urgency=nonsense").text


def test_the_filter_goes_along_to_a_report_and_to_the_ones_around_it(desk: Desk, amina: Program) -> None:
    tips = [desk.store_tip(f"Report {number}.", {**ANSWERS, "urgency": "now"}) for number in range(3)]
    desk.store_tip("Another.", ANSWERS)
    sync(amina)
    listed = re.findall(r"/tips/([0-9a-f]{32})\?urgency=now", amina.get("/reports?urgency=now").text)
    assert sorted(listed) == sorted(tip.id.hex() for tip in tips)
    middle = amina.get(f"/tips/{listed[1]}?urgency=now").text
    assert f'/tips/{listed[0]}?urgency=now" rel="prev"' in middle
    assert f'/tips/{listed[2]}?urgency=now" rel="next"' in middle
    assert f"/tips/{listed[1]}?urgency=now" not in amina.get(f"/tips/{listed[2]}").text


def test_a_report_is_new_until_it_is_looked_at_and_changed_when_something_came(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("They went to my mother.", ANSWERS)
    assert ">New</strong>" in sync(amina)
    amina.get(page(tip))
    assert '<strong class="unread">' not in amina.get("/reports").text
    desk.send(tip, Message("They came again."))
    assert ">Changed</strong>" in sync(amina)
    assert re.search(r'<strong class="unread">New</strong> <bdi>The source</bdi>', shown(amina, tip))
    assert '<strong class="unread">' not in shown(amina, tip)
    amina.guard.lock()
    amina.unlock()
    assert '<strong class="unread">' not in amina.get("/reports").text


def test_what_was_answered_later_is_marked_as_new_with_what_had_been_answered_before(
    desk: Desk, amina: Program
) -> None:
    tip, form = desk.store_tip("They went to my mother.", ANSWERS), load_form().version
    first: Entry = {"place": "Kashgar"}
    second: Entry = {"place": "Urumqi"}
    desk.send(tip, Addition(form, "acts", {"acts": (first,)}))
    sync(amina)
    assert ">New</strong>" not in shown(amina, tip)
    desk.send(tip, Addition(form, "acts", {"acts": (second,)}))
    desk.send(tip, Addition(form, "urgency", {"urgency": "now", "host_country": "CA"}))
    desk.send(tip, Addition(form, "consents", {"consent_lawyer": "no"}))
    sync(amina)
    marked = re.findall(r">New</strong> (?:<span[^>]*>)?([^<]*)<", shown(amina, tip))
    urgency, event, *others = marked
    assert urgency == "How urgent is it?", "below the heading"
    assert event.endswith(" 2"), "the second event, and not the first"
    assert others == ["How urgent is it?", "May we share it with a lawyer?"]
    text = shown(amina, tip)
    assert ">New</strong>" not in text
    assert re.search(r"It is happening now <span[^>]*>before that “It goes on, without a date”", text)


def test_ones_own_work_is_not_new_to_oneself(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("They went to my mother.", ANSWERS)
    sync(amina)
    amina.get(page(tip))
    amina.post(f"{page(tip)}/note", page(tip), text="Seen before.")
    assert '<strong class="unread">' not in shown(amina, tip)
    assert '<strong class="unread">' not in sync(amina)


def test_who_works_on_it_is_seen_by_all_and_is_found_by_an_address_that_serves_everybody(
    desk: Desk, amina: Program, boris: Program
) -> None:
    tip = desk.store_tip("They went to my mother.", ANSWERS)
    sync(amina)
    amina.post(f"{page(tip)}/assignment", page(tip), member=key_of(boris), on="yes")
    sync(boris)
    assert "boris</bdi> (you)" in shown(boris, tip)
    assert "1 report</h1>" in boris.get("/reports?assigned=me").text
    assert "0 reports</h1>" in amina.get("/reports?assigned=me").text
    boris.post(f"{page(tip)}/assignment", page(tip), member=key_of(boris))
    assert "Nobody's." in shown(boris, tip)


def test_two_who_change_the_same_see_both_changes_and_what_counts_until_one_decides(
    desk: Desk, amina: Program, boris: Program
) -> None:
    tip = desk.store_tip("They went to my mother.", ANSWERS)
    for program in (amina, boris):
        sync(program)
    # Boris has not fetched what amina sets.
    amina.post(f"{page(tip)}/status", page(tip), status="closed", reason="Nothing to do.")
    boris.post(f"{page(tip)}/status", page(tip), status="referred")
    for program in (amina, boris):
        sync(program)
        text = shown(program, tip)
        assert "<strong>A status.</strong> Changed by two who had not seen each other's change." in text
        assert "They went to my mother." in section(program, "Two set the same thing")
        assert re.search(r"What counts now: <[^>]*>Referred<", text)
        assert "Closed: Nothing to do." in text
    amina.post(f"{page(tip)}/status", page(tip), status="referred", seen=seen_on(amina, tip, "status"))
    sync(boris)
    for program in (amina, boris):
        assert "Changed by two" not in shown(program, tip)
        assert "Two set the same thing" not in program.get("/").text


def seen_on(program: Program, tip: Stored, kind: str) -> str:
    """What a form of the page says that its writer has seen."""
    form = shown(program, tip).partition(f'<section id="{kind}">')[2]
    found = re.search(r'name="seen" value="([^"]*)"', form)
    assert found
    return found[1]


def test_work_ends_with_a_reason_and_what_was_filled_in_stays_without_one(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("They went to my mother.", ANSWERS)
    sync(amina)
    answer = amina.post(f"{page(tip)}/status", page(tip), status="closed")
    assert answer.status_code == 400
    assert "what you chose needs a reason" in unescape(answer.text)
    assert '<option value="closed" selected>' in answer.text
    answer = amina.post(f"{page(tip)}/due", page(tip), reason="Call the lawyer.", day="soon")
    assert answer.status_code == 400
    assert 'value="Call the lawyer."' in answer.text


def test_an_assignment_to_somebody_revoked_says_so(desk: Desk, amina: Program, revoke_boris: Callable[[], str]) -> None:
    tip = desk.store_tip("They went to my mother.", ANSWERS)
    sync(amina)
    key = revoke_boris()
    amina.post(f"{page(tip)}/assignment", page(tip), member=key, on="yes")
    sync(amina)
    assert "boris (no reviewer any more)" in shown(amina, tip)


@pytest.fixture
def revoke_boris(desk: Desk, amina: Program, boris: Program) -> Callable[[], str]:
    """Revokes boris; returns the id of his key."""

    def revoke() -> str:
        members.revoke(desk.server.store, desk.server.log, "boris", Role.REVIEWER)
        return key_of(boris)

    return revoke


def test_the_same_is_done_with_several_after_a_page_that_says_with_which(desk: Desk, amina: Program) -> None:
    tips = [desk.store_tip(f"Report {number}.", ANSWERS) for number in range(3)]
    sync(amina)
    hidden = amina.hidden("/reports")
    chosen = {**hidden, "tip": [tip.id.hex() for tip in tips[:2]], "kind": "status"}
    asked = amina.browser.post(f"{amina.place.path}/bulk/ask", base_url=amina_origin(amina), data=chosen)
    assert "Set the status of these 2 reports" in asked.text
    assert "Report 0." in asked.text
    assert "Report 2." not in asked.text
    for reason, code in (("", 400), ("Advertising.", 303)):
        done = {**chosen, "form": "a form", "status": "junk", "reason": reason}
        answer = amina.browser.post(f"{amina.place.path}/bulk/do", base_url=amina_origin(amina), data=done)
        assert answer.status_code == code
        amina.let_leave()
        assert f"{0 if code == 400 else 2} reports</h1>" in amina.get("/reports?status=junk").text


def test_several_get_a_label_at_once_and_lose_it_at_once(desk: Desk, amina: Program) -> None:
    tips = [desk.store_tip(f"Report {number}.", ANSWERS) for number in range(3)]
    sync(amina)
    chosen = {**amina.hidden("/reports"), "tip": [tip.id.hex() for tip in tips[:2]], "kind": "label", "form": "a form"}
    do = f"{amina.place.path}/bulk/do"
    answer = amina.browser.post(do, base_url=amina_origin(amina), data={**chosen, "on": "yes"})
    assert "Nothing was changed: no label was chosen." in answer.text
    amina.post("/team/label_name", "/team", name="Family", colour="violet", form="a-label")
    asked = amina.browser.post(f"{amina.place.path}/bulk/ask", base_url=amina_origin(amina), data=chosen)
    assert "Label these 2 reports" in asked.text
    assert '<option value="a-label">Family</option>' in asked.text
    for on, form, labelled in (("yes", "a form", 2), ("no", "another form", 0)):
        values = {**chosen, "form": form, "label": "a-label", "on": on}
        assert amina.browser.post(do, base_url=amina_origin(amina), data=values).status_code == 303
        amina.let_leave()
        assert f"{labelled} reports</h1>" in amina.get("/reports?label=a-label").text


def amina_origin(program: Program) -> str:
    return program.address.partition(program.place.path)[0]


def test_a_note_answers_another_and_a_handover_is_marked(desk: Desk, amina: Program, boris: Program) -> None:
    tip = desk.store_tip("They went to my mother.", ANSWERS)
    sync(amina)
    amina.post(f"{page(tip)}/note", page(tip), text="I am away from Friday.", handover="yes")
    sync(boris)
    text = shown(boris, tip)
    assert "<strong>Handover.</strong>" in text
    found = re.search(r'id="note-([0-9a-f]{32})"', text)
    assert found
    boris.post(f"{page(tip)}/note", page(tip), text="I take it.", answers=found[1])
    sync(amina)
    assert f'<a href="#note-{found[1]}">in answer to another</a>' in shown(amina, tip)


def test_a_translation_stands_beside_its_paragraph_signed_with_every_version_kept(
    desk: Desk, amina: Program, boris: Program
) -> None:
    tip = desk.store_tip("他们去找我母亲。\n\n他们又来了。", ANSWERS)
    sync(amina)
    assert "1 report</h1>" in amina.get("/reports?translation=none").text
    where = f"{page(tip)}/translation"
    (language,) = set(re.findall(r'name="language" value="([^"]*)"', amina.get(where).text))
    assert language == "en"
    for text in ("They went to mother.", "They went to my mother."):
        amina.post(where, where, part="narrative/1", language=language, text=text)
    sync(boris)
    assert re.search(r"他们去找我母亲。</p><p[^>]*>They went to my mother\. .*<bdi>amina</bdi>", shown(boris, tip))
    assert "They went to mother." in unescape(boris.get(where).text)
    assert "1 report</h1>" in boris.get("/reports?translation=some").text
    answer = boris.post(where, where, part="narrative/2", language="en", text="")
    assert answer.status_code == 400
    boris.post(where, where, part="narrative/2", language="en", text="They came again.")
    assert "1 report</h1>" in boris.get("/reports?translation=all").text


def test_two_who_translate_the_same_are_told_so_where_they_translate(
    desk: Desk, amina: Program, boris: Program
) -> None:
    tip = desk.store_tip("他们去找我母亲。", ANSWERS)
    for program in (amina, boris):
        sync(program)
    where = f"{page(tip)}/translation"
    amina.post(where, where, part="narrative/1", language="en", text="They went to my mother.")
    boris.post(where, where, part="narrative/1", language="en", text="They went to see her.")
    boris.post(f"{page(tip)}/status", page(tip), status="referred")
    amina.post(f"{page(tip)}/status", page(tip), status="waiting")
    for program in (amina, boris):
        sync(program)
        text = unescape(program.get(where).text)
        assert "<strong>A translation.</strong> Changed by two" in text
        assert text.count("Changed by two") == 1, "what else was set by two stands in the report"


def test_what_was_typed_for_a_translation_survives_a_lock(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("他们去找我母亲。", ANSWERS)
    sync(amina)
    where = f"{page(tip)}/translation"
    values = {**amina.hidden(where), "part": "narrative/1", "language": "en", "text": "They went to my mother."}
    amina.guard.lock()
    amina.send(where, values)
    amina.unlock()
    assert "A translation for the report" in amina.get("/").text
    assert ">They went to my mother.</textarea>" in amina.get(where).text


def test_the_queue_is_paged_and_says_so(desk: Desk, amina: Program) -> None:
    for number in range(PAGE + 1):
        desk.store_tip(f"Report {number}.", ANSWERS)
    sync(amina)
    assert "Page 1 of 2" in amina.get("/reports").text
    assert len(re.findall(r'name="tip"', amina.get("/reports?page=2").text)) == 1


def test_what_may_be_done_with_a_report_is_in_sight_with_what_was_before(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("They went to my mother.", ANSWERS)
    form = load_form().version
    desk.send(tip, Addition(form, "consents", {"consent_lawyer": "yes", "consent_un": "ask_me_first"}))
    desk.send(tip, Addition(form, "consents", {"consent_lawyer": "no", "consent_un": "ask_me_first"}))
    sync(amina)
    text = shown(amina, tip).partition('<section id="consents">')[2].partition("</section>")[0]
    line = text.partition("May we share it with a lawyer?")[2].partition("<dt>")[0]
    assert re.search(r">No</strong>.*before that “Yes”", line)
    assert "Ask me here first" in text.partition("May we submit it to the United Nations?")[2].partition("<dt>")[0]
    assert "not answered" in text.partition("May we count it in anonymous statistics?")[2].partition("<dt>")[0]


def listed(program: Program, **asked: str) -> tuple[int, str]:
    """How many reports a list of all has, and its page."""
    text = unescape(program.get(f"/reports?{urlencode(asked)}").text)
    found = re.search(r"<h1>(\d+) reports?</h1>", text)
    assert found
    return int(found[1]), text


def test_the_list_is_narrowed_by_what_the_search_would_find_and_the_address_keeps_it(
    desk: Desk, amina: Program, boris: Program
) -> None:
    first = desk.store_tip("Gülnar was called by the police.", ANSWERS)
    second = desk.store_tip("The police came.", {**ANSWERS, "urgency": "now"})
    sync(amina)
    amina.post(f"{page(first)}/note", page(first), text="Call back.")
    amina.post(f"{page(second)}/assignment", page(second), member=key_of(boris), on="yes")
    sync(amina)
    assert listed(amina, text="police")[0] == 2
    assert listed(amina, text="police", urgency="now")[0] == 1
    count, text = listed(amina, text='gulnar "the police"')
    assert count == 1
    assert """name="text" value="gulnar "the police"\"""" in text
    assert f"/tips/{first.id.hex()}?text=gulnar" in text
    assert [listed(amina, text=f"by:{name}")[0] for name in ("amina", "boris", "nobody")] == [2, 1, 2]
    assert "by: has no such choice" in listed(amina, text="by:nobody")[1]
    assert listed(amina, text="status:closed")[0] == 0
    assert "Found in 2 reports" in amina.get("/search?q=status:new").text


@pytest.mark.parametrize("asked", [{"colour": "red"}, {"due": "someday"}, {"order": "beauty"}])
def test_an_address_that_asks_for_what_there_is_not_is_said_to(amina: Program, asked: dict[str, str]) -> None:
    assert "This address asks for something that" in listed(amina, **asked)[1]
    assert "This address asks for something that" not in listed(amina, urgency="now", text="x", due="week", page="2")[1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Полиция пришла к моей матери и спросила, где я.", "looks like Russian: a guess of this machine's."),
        ("ساقچىلار ئانامنىڭ ئۆيىگە كېلىپ", "looks like Uyghur: a guess of this machine's, by its letters alone."),
        ("123", ""),
    ],
)
def test_a_report_says_beside_it_which_language_it_looks_like(desk: Desk, amina: Program, text: str, says: str) -> None:
    tip = desk.store_tip(text, ANSWERS)
    sync(amina)
    assert says in shown(amina, tip)
    assert ("a guess of this machine" in shown(amina, tip)) is bool(says)
