"""Acts are coded, verified and read a second time; nothing is handed on without somebody else's look at the harm."""

import re
from html import unescape

import pytest

from bad_connection import unreachable
from intake.report.definition import Answer, Entry, load_form
from intake.report.payloads import Addition
from open_desk import Desk, Stored
from program import Program
from told import page, shown, sync

pytestmark = pytest.mark.slow

ACT = {
    "method": "threatened", "against": "relative", "actor": "police", "place": "Ürümqi", "day": "2026-05",
    "precision": "about", "written": "1405/2", "basis": "told_by_affected",
}  # fmt: skip
REFERRAL = {"to_kind": "lawyer", "to_name": "R. Example", "consent": "consent_lawyer", "handed": "The whole report."}
SUMMONS = {"verified": "documented", "reasons": "There is a summons."}
CHECK = {"who": "The mother.", "noticed": "The police.", "leak": "They would know.", "expects": "Help."}


@pytest.fixture
def tip(desk: Desk, amina: Program, boris: Program) -> Stored:
    """A report that both have."""
    tip = desk.store_tip("They went to my mother.", {})
    for program in (amina, boris):
        sync(program)
    return tip


def section(program: Program, tip: Stored, name: str) -> str:
    return shown(program, tip).partition(f'<section id="{name}">')[2].partition("</section>")[0]


def the_id(program: Program, tip: Stored, name: str) -> str:
    """The id that a form of a page names so."""
    found = re.search(rf'name="{name}" value="([^"]+)"', shown(program, tip))
    assert found
    return found[1]


def the_act(program: Program, tip: Stored) -> str:
    """The id of the only act of a report."""
    found = re.search(r'<li id="act-([^"]+)"', shown(program, tip))
    assert found
    return found[1]


def the_act_as_coded(program: Program, tip: Stored) -> dict[str, str]:
    """What the forms say that judge the only act of a report: which it is, and as coded by which change."""
    act = the_act(program, tip)
    found = re.search(r'name="of" value="([^"]+)"', program.get(f"{page(tip)}?act={act}").text)
    assert found
    return {"act": act, "of": found[1]}


def judge(program: Program, tip: Stored, kind: str, **said: str) -> None:
    """Say something of the only act of a report, as it is coded by now."""
    program.post(f"{page(tip)}/{kind}", page(tip), **the_act_as_coded(program, tip), **said)


def check_of(program: Program, tip: Stored) -> dict[str, str]:
    """What a harm check of the only referral of a report says that it is about."""
    opened = program.workspace.tip(tip.id.hex())
    assert opened
    registered = program.workspace.book.standing(opened).history("referral")[-1]
    return {"referral": the_id(program, tip, "referral"), "of": registered.item}


def test_an_act_is_coded_in_the_forms_words_and_keeps_what_was_written(
    amina: Program, boris: Program, tip: Stored
) -> None:
    assert amina.post(f"{page(tip)}/act", page(tip), **ACT).status_code == 303
    sync(boris)
    text = section(boris, tip, "act")
    for words in ("Threatened", "A relative", "Police", "Ürümqi", "2026-05", "1405/2", "Told by the affected person"):
        assert words in text
    assert "<bdi>amina</bdi>" in text
    assert "1 report</h1>" in boris.get("/reports?acts_coded=yes").text


def test_what_verifies_an_act_and_what_a_second_reader_objects_stand_beside_it(
    amina: Program, boris: Program, tip: Stored
) -> None:
    amina.post(f"{page(tip)}/act", page(tip), **ACT)
    act = the_act(amina, tip)
    judge(amina, tip, "verification", **SUMMONS)
    sync(boris)
    judge(boris, tip, "second_reading", reading="objects", why="It names somebody else.")
    sync(amina)
    for program in (amina, boris):
        text = section(program, tip, "act")
        assert re.search(r"Documented; There is a summons\..*amina", text, re.DOTALL)
        assert re.search(r"Objects; It names somebody else\..*boris", text, re.DOTALL)
    amina.post(f"{page(tip)}/act", page(tip), **ACT, act=act, dropped="yes")
    assert "Threatened" not in section(amina, tip, "act").partition("<summary>Code an act")[0]


@pytest.mark.parametrize("wrong", [{"day": "last May"}, {"day": "2026-13"}, {"method": ""}, {"against": "nobody"}])
def test_an_act_that_lacks_something_is_not_saved_and_stays_in_the_form(
    wrong: dict[str, str], amina: Program, tip: Stored
) -> None:
    answer = amina.post(f"{page(tip)}/act", page(tip), **ACT | wrong)
    assert answer.status_code == 400
    assert 'value="Ürümqi"' in unescape(answer.text)


def test_a_referral_is_red_until_somebody_else_has_agreed_and_red_again_when_one_refuses(
    amina: Program, boris: Program, tip: Stored
) -> None:
    warning = "No second reviewer has agreed to this yet"
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL)
    assert warning in section(amina, tip, "referral")
    amina.post(f"{page(tip)}/harm_check", page(tip), **CHECK, **check_of(amina, tip), decision="agrees")
    assert warning in section(amina, tip, "referral"), "nobody checks their own"
    assert "1 report</h1>" in amina.get("/reports?referral=unchecked").text
    sync(boris)
    boris.post(f"{page(tip)}/harm_check", page(tip), **CHECK, **check_of(amina, tip), decision="agrees")
    sync(amina)
    assert warning not in section(amina, tip, "referral")
    assert "1 report</h1>" in amina.get("/reports?referral=checked").text
    answer = boris.post(f"{page(tip)}/harm_check", page(tip), **CHECK, **check_of(amina, tip), decision="refuses")
    assert "what you chose needs a reason" in answer.text
    boris.post(
        f"{page(tip)}/harm_check", page(tip), **CHECK, **check_of(amina, tip), decision="refuses", why="Too soon."
    )
    sync(amina)
    assert warning in section(amina, tip, "referral")
    assert "Too soon." in section(amina, tip, "referral")


def test_whoever_changes_a_referral_does_not_count_as_the_second_who_checks_it(
    amina: Program, boris: Program, tip: Stored
) -> None:
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL)
    referral = the_id(amina, tip, "referral")
    sync(boris)
    boris.post(f"{page(tip)}/referral", page(tip), **REFERRAL | {"to_name": "Another"}, referral=referral)
    boris.post(f"{page(tip)}/harm_check", page(tip), **CHECK, **check_of(amina, tip), decision="agrees")
    assert "No second reviewer has agreed" in section(boris, tip, "referral")


def test_a_check_of_what_was_to_be_handed_over_before_is_none_of_what_is_now(
    amina: Program, boris: Program, tip: Stored
) -> None:
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL)
    sync(boris)
    boris.post(f"{page(tip)}/harm_check", page(tip), **CHECK, **check_of(boris, tip), decision="agrees")
    sync(amina)
    referral = the_id(amina, tip, "referral")
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL, referral=referral, outcome="They take it.")
    assert "No second reviewer has agreed" not in section(amina, tip, "referral"), "what came of it changes nothing"
    more = REFERRAL | {"handed": "Also the photographs."}
    amina.post(f"{page(tip)}/referral", page(tip), **more, referral=referral)
    assert "No second reviewer has agreed" in section(amina, tip, "referral")


def test_acts_stand_in_the_order_of_time_as_a_picture_and_as_a_list(amina: Program, tip: Stored) -> None:
    for day, place in (("2026-05-17", "Later"), ("2025", "Earlier"), ("", "Unknown")):
        amina.post(f"{page(tip)}/act", page(tip), **ACT | {"day": day, "place": place})
    text = section(amina, tip, "act")
    places = text.partition("<ol")[2]
    assert places.index("Earlier") < places.index("Later") < places.index("Unknown")
    svg = text[text.index("<svg") : text.index("</svg>")]
    assert svg.count("<rect") == 2
    assert "2 acts, from 2024-01-01 to 2027-01-01." in svg
    assert "Of 1 the day is not known." in text
    assert "style=" not in svg
    assert "<script" not in svg


def test_hostile_words_of_an_act_are_words_in_the_picture_too(amina: Program, tip: Stored) -> None:
    amina.post(f"{page(tip)}/act", page(tip), **ACT | {"place": "</svg><script>\u202e"})
    text = amina.get(page(tip)).text
    assert "</svg><script>" not in text
    assert "&lt;/svg&gt;&lt;script&gt;⟦RLO⟧" in text


def test_the_forms_of_an_act_are_those_of_the_one_that_was_chosen(amina: Program, tip: Stored) -> None:
    amina.post(f"{page(tip)}/act", page(tip), **ACT)
    act = the_act(amina, tip)
    verify = f'action="{amina.place.path}{page(tip)}/verification"'
    assert verify not in amina.get(page(tip)).text
    assert verify in amina.get(f"{page(tip)}?act={act}").text
    assert verify not in amina.get(f"{page(tip)}?act=another").text


def test_of_many_acts_and_of_many_things_told_the_first_are_shown_until_all_are_asked_for(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    told: tuple[Entry, ...] = tuple({"when": f"Day {number}", "place": f"Place {number}"} for number in range(20))
    for _ in range(5):
        desk.send(tip, Addition(load_form().version, "acts", {"acts": told}))
    sync(amina)
    some, every = section(amina, tip, "act"), unescape(amina.get(f"{page(tip)}?all=yes").text)
    assert some.count("When was it?") == 50
    assert "And 50 more of them." in some
    assert every.count("When was it?") == 100
    assert "more of them" not in every


def test_what_was_told_is_read_in_its_order_before_the_files_and_the_conversation(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    person: Entry = {"relation": "parent"}
    place: Entry = {"name": "Office 7"}
    actor: Entry = {"name": "Major X"}
    answers: dict[str, Answer] = {
        "people": (person,), "places": (place,), "actor_details": (actor,), "demand": ("return",), "region": "Toronto",
    }  # fmt: skip
    desk.send(tip, Addition(load_form().version, "acts", load_form().complete({}) | answers))
    sync(amina)
    text = shown(amina, tip).partition("<article>")[2].partition("</article>")[0]
    places = [text.index(f'<section id="{name}">') for name in (
        "act", "told-people", "told-places", "told-actors", "told-demands", "told-target_place", "files", "reply",
    )]  # fmt: skip
    assert places == sorted(places)


def test_a_date_of_another_calendar_is_worked_out_and_saved_only_by_whoever_looked_at_it(
    amina: Program, boris: Program, tip: Stored
) -> None:
    written = ACT | {"day": "", "precision": "", "written": "۱۴۰۵/۲/۲۷", "calendar": "persian"}
    answer = amina.post(f"{page(tip)}/act", page(tip), **written, propose="yes")
    assert answer.status_code == 200
    assert 'name="day" maxlength="2000" dir="auto" value="2026-05-17"' in answer.text
    assert "It is not saved yet." in answer.text
    assert "None coded yet." in section(amina, tip, "act")
    amina.post(f"{page(tip)}/act", page(tip), **written | {"day": "2026-05-17", "precision": "day"})
    sync(boris)
    text = section(boris, tip, "act")
    for words in ("2026-05-17", "۱۴۰۵/۲/۲۷", "Solar Hijri (Iran, Afghanistan)"):
        assert words in text


def test_a_date_that_can_not_be_worked_out_says_why_and_stays_in_the_form(amina: Program, tip: Stored) -> None:
    written = ACT | {"written": "2153/1/1", "calendar": "tibetan"}
    answer = amina.post(f"{page(tip)}/act", page(tip), **written, propose="yes")
    assert answer.status_code == 400
    assert "no library that is kept well converts this calendar" in answer.text
    assert 'value="2153/1/1"' in answer.text


def test_what_was_said_of_an_act_counts_no_more_once_it_is_coded_otherwise(
    amina: Program, boris: Program, tip: Stored
) -> None:
    amina.post(f"{page(tip)}/act", page(tip), **ACT)
    act = the_act(amina, tip)
    sync(boris)
    judge(boris, tip, "verification", **SUMMONS)
    judge(boris, tip, "second_reading", reading="confirms")
    sync(amina)
    assert "coded it otherwise" not in section(amina, tip, "act")
    amina.post(f"{page(tip)}/act", page(tip), **ACT | {"against": "target"}, act=act)
    for program in (amina, boris):
        sync(program)
        before, _, after = section(program, tip, "act").partition("Said before somebody coded it otherwise")
        assert "Not verified yet." in before
        assert "Confirms it" not in before.partition('class="doing"')[0]
        assert "There is a summons." in after
        assert "Confirms it" in after


def test_what_was_said_of_an_act_before_its_change_was_known_does_not_count_for_what_it_is_now(
    amina: Program, boris: Program, tip: Stored
) -> None:
    amina.post(f"{page(tip)}/act", page(tip), **ACT)
    sync(boris)
    sync(amina)
    judge(amina, tip, "verification", verified="corroborated", reasons="One says so.")
    old = the_act_as_coded(boris, tip)
    amina.post(f"{page(tip)}/act", page(tip), **ACT | {"against": "target"}, act=old["act"])
    judge(amina, tip, "verification", verified="corroborated", reasons="Two say so.")
    # Boris has not fetched the change, and his word comes after it.
    boris.post(f"{page(tip)}/verification", page(tip), **old, **SUMMONS)
    boris.post(f"{page(tip)}/second_reading", page(tip), **old, reading="confirms")
    for program in (amina, boris):
        sync(program)
        now, _, passed = section(program, tip, "act").partition("Said before somebody coded it otherwise")
        assert "Two say so." in now
        assert ("There is a summons." in now, "Confirms it <" in now) == (False, False)
        assert ("There is a summons." in passed, "Confirms it" in passed) == (True, True)


def test_an_act_that_is_still_to_come_is_said_to_be(amina: Program, tip: Stored) -> None:
    amina.post(f"{page(tip)}/act", page(tip), **ACT | {"day": "9998-05-17", "precision": "day"})
    assert "9998-05-17 (still to come)" in section(amina, tip, "act")
    amina.post(f"{page(tip)}/act", page(tip), **ACT, act=the_act(amina, tip))
    assert "still to come" not in section(amina, tip, "act")


def test_nobody_is_the_second_reader_of_what_they_coded(amina: Program, boris: Program, tip: Stored) -> None:
    amina.post(f"{page(tip)}/act", page(tip), **ACT)
    judge(amina, tip, "second_reading", reading="confirms")
    for program in (amina, boris):
        sync(program)
        assert "Confirms it <span" not in section(program, tip, "act")


def test_a_second_readers_form_is_offered_to_nobody_whose_word_would_not_count(
    amina: Program, boris: Program, tip: Stored
) -> None:
    amina.post(f"{page(tip)}/act", page(tip), **ACT)
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL)
    act = f"{page(tip)}?act={the_act(amina, tip)}"
    for program, is_offered in ((amina, False), (boris, True)):
        sync(program)
        text = program.get(act).text
        assert (f"{page(tip)}/second_reading" in text, f"{page(tip)}/harm_check" in text) == (is_offered, is_offered)
        assert ("a colleague reads it a second time" in text) != is_offered
        assert ("a colleague signs the harm check" in text) != is_offered


@pytest.mark.parametrize("kind", ["media", "police_host", "ngo", "other", "un"])
def test_a_consent_to_something_else_allows_no_referral(desk: Desk, amina: Program, tip: Stored, kind: str) -> None:
    desk.send(tip, Addition(load_form().version, "consents", {"consent_lawyer": "yes", "consent_statistics": "yes"}))
    sync(amina)
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL | {"to_kind": kind})
    assert "That consent is about something else" in section(amina, tip, "referral")
    assert "Not agreed to: hand over nothing" in amina.get("/referrals").text


def test_a_form_that_nobody_touched_says_nothing(amina: Program, tip: Stored) -> None:
    for kind, untouched in (("act", {**ACT, "method": ""}), ("referral", {**REFERRAL, "consent": ""})):
        assert amina.post(f"{page(tip)}/{kind}", page(tip), **untouched).status_code == 400
    assert '<select name="method"><option value="">' in amina.get(page(tip)).text
    assert '<select name="consent"><option value="">' in amina.get(page(tip)).text


@pytest.mark.parametrize(("day", "precision"), [("", "day"), ("2026-05", "day"), ("2026", "month"), ("", "year")])
def test_a_date_is_never_said_to_be_more_exact_than_it_is(
    day: str, precision: str, amina: Program, tip: Stored
) -> None:
    answer = amina.post(f"{page(tip)}/act", page(tip), **ACT | {"day": day, "precision": precision})
    assert answer.status_code == 400
    assert "the date is less exact than “How exact that is” says" in unescape(answer.text)
    assert amina.post(f"{page(tip)}/act", page(tip), **ACT | {"day": day, "precision": ""}).status_code == 303


def test_a_harm_check_is_read_with_what_was_asked(amina: Program, boris: Program, tip: Stored) -> None:
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL)
    sync(boris)
    answers = {"who": "Nobody.", "noticed": "Nobody else.", "leak": "Nothing.", "expects": "An answer."}
    boris.post(f"{page(tip)}/harm_check", page(tip), **answers, **check_of(boris, tip), decision="agrees")
    said = unescape(section(boris, tip, "referral"))
    assert "Who could be hurt: Nobody.; Who would notice, and by what: Nobody else.; What if the file leaks:" in said
    assert "What the source expects: An answer.; Agrees" in said


def test_ones_own_harm_check_counts_for_nothing_also_while_it_is_on_its_way(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL)
    amina.let_leave()
    of = check_of(amina, tip)
    away = unreachable(desk)
    amina.post(f"{page(tip)}/harm_check", page(tip), **CHECK, **of, decision="agrees")
    assert "No second reviewer has agreed" in section(amina, tip, "referral")
    assert "None: hand over nothing" in unescape(amina.get("/referrals").text)
    away.clear()


def test_what_is_coded_and_verified_without_the_desk_stands_together_at_once(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    away = unreachable(desk)
    amina.post(f"{page(tip)}/act", page(tip), **ACT)
    judge(amina, tip, "verification", **SUMMONS)
    assert "coded it otherwise" not in section(amina, tip, "act")
    assert "Not verified yet." not in section(amina, tip, "act")
    away.clear()
