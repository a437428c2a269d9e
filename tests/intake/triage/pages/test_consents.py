"""A source is asked before one particular thing is done: what it answered, to which words, and what rests on that."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from bad_connection import unreachable
from forms import tokens
from intake.protocol.kinds import Kind
from intake.report.events import ConsentRequest
from intake.report.payloads import ConsentAnswer, Deletion, Message, words_digest
from intake.storage.tables import Item
from open_desk import Desk, Stored
from opened import opened_tip
from program import Program
from told import page, shown, sync

pytestmark = pytest.mark.slow

WORDS = "May we give this to R. Example, a lawyer,\nso that she can write to the police?"
QUESTION = {"words": WORDS, "language": "en", "meaning": "", "check": ""}
CHECK = "What did your aunt give you?"
REFERRAL = {"to_kind": "lawyer", "to_name": "R. Example", "handed": "The whole report."}
NO_CONSENT = "The source has not agreed to this, or not any more"


@pytest.fixture
def tip(desk: Desk, amina: Program, boris: Program) -> Stored:
    """A report that both have."""
    tip = desk.store_tip("They went to my mother.", {})
    for program in (amina, boris):
        sync(program)
    return tip


def ask(program: Program, tip: Stored, **values: str) -> str:
    """Ask the source; returns the id of the question."""
    assert program.write(page(tip), "consent_request", **QUESTION | values).status_code == 303
    return next(item for item, request in asked(program, tip) if request.words == (QUESTION | values)["words"])


def asked(program: Program, tip: Stored) -> list[tuple[str, ConsentRequest]]:
    """Every question, in the order of the log, those on their way last."""
    standing = program.workspace.book.standing(opened_tip(program.workspace.book, tip.id.hex()))
    found = [(change.item, change.event) for change in standing.history("consent_request")]
    return [(item, event) for item, event in found if isinstance(event, ConsentRequest)]


def answered(question: str, answer: str, words: str = WORDS, condition: str = "", check: str = "") -> ConsentAnswer:
    return ConsentAnswer(question, words_digest(words), answer, condition, check)


def consents(program: Program, tip: Stored) -> str:
    return shown(program, tip).partition('<div id="consent_request">')[2].partition("</section>")[0]


def referrals(program: Program, tip: Stored) -> str:
    return shown(program, tip).partition('<section id="referral">')[2].partition("</section>")[0]


def test_a_question_goes_out_in_its_exact_words_and_no_server_tells_it_from_a_reply(
    desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    ask(amina, tip)
    amina.write(page(tip), "reply", text="We have read this.")
    sync(boris)
    for program in (amina, boris):
        text = consents(program, tip)
        assert WORDS in text
        assert "Asked, not answered" in text
        assert "<bdi>amina</bdi>" in text
    with desk.server.store.reading() as session:
        kinds = session.execute(select(Item.kind, Item.size).where(Item.tip_id == tip.id, Item.kind != Kind.REPORT))
        assert len(set(kinds.all())) == 1
    numbers = [request.number for _, request in asked(boris, tip)]
    assert numbers > [0], "it has a place among the replies"
    assert "1 report</h1>" in boris.get("/reports?asked=waiting").text


def test_a_yes_is_a_consent_with_its_day_its_condition_and_the_hash_of_the_words(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    question = ask(amina, tip)
    desk.send(tip, answered(question, "yes", condition="Not before June."))
    sync(amina)
    text = consents(amina, tip)
    assert re.search(r'class="consent yes">Yes</strong>\s*<span class="hint">since \d{4}-\d\d-\d\d<', text)
    assert re.search(r"On a condition:</strong> <span dir=\"auto\">Not before June\.", text)
    assert f"The answer bears the hash of these words: <code>{words_digest(WORDS)}</code>" in text
    assert "1 report</h1>" in amina.get("/reports?asked=yes").text
    assert "Not before June." in unescape(amina.get(f"{page(tip)}/translation").text)
    assert "1 report" in amina.get("/search?q=consent:June").text


def test_of_several_answers_the_last_counts_and_what_was_before_is_said(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    question = ask(amina, tip)
    for answer in ("yes", "yes", "later", "no"):
        desk.send(tip, answered(question, answer))
    sync(amina)
    text = consents(amina, tip)
    assert re.search(
        r'class="consent no">No<.*before that “To be asked again later”.*before that “Yes”', text, re.DOTALL
    )
    assert text.count("before that “Yes”") == 1


def test_what_allowed_a_referral_and_was_withdrawn_makes_it_red_and_stands_on_the_first_page(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    question = ask(amina, tip)
    desk.send(tip, answered(question, "yes", condition="Not before June."))
    sync(amina)
    consent = ConsentRequest.name(question)
    choice = f"Asked: “{' '.join(WORDS.split())}” (Yes, on a condition)"
    assert f'<option value="{consent}">{choice}' in referrals(amina, tip)
    assert amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL, consent=consent).status_code == 303
    text = referrals(amina, tip)
    assert NO_CONSENT not in text
    assert f'Rests on: <span dir="auto">{WORDS}</span>' in text
    assert "Not before June." in text
    assert "On a condition:</strong> <bdi>Not before June." in amina.get("/referrals").text
    assert "Without the source's consent" not in amina.get("/reports").text
    desk.send(tip, answered(question, "no"))
    sync(amina)
    assert NO_CONSENT in referrals(amina, tip)
    assert "1 report</h1>" in amina.get("/reports?referral=unfounded").text
    register = unescape(amina.get("/referrals").text)
    assert WORDS in register
    assert "Not agreed to: hand over nothing" in register
    in_sight = amina.get(f"{page(tip)}/translation").text.partition('class="in-sight"')[2].partition("</p>")[0]
    assert '<span class="consent no">Asked: “May we give this' in in_sight
    assert "A referral rests on no consent, or one that was withdrawn" in unescape(amina.get("/").text)


@pytest.mark.parametrize("consent", ["consent_lawyer", ConsentRequest.name("0" * 32)])
def test_a_referral_that_rests_on_what_nobody_agreed_to_is_red(amina: Program, tip: Stored, consent: str) -> None:
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL, consent=consent)
    assert NO_CONSENT in referrals(amina, tip)


@pytest.mark.parametrize("consent", ["", "consent_nobody", "asked:", "asked:../x", f"asked:{'0' * 33}"])
def test_a_referral_rests_on_nothing_but_a_question(amina: Program, tip: Stored, consent: str) -> None:
    assert amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL, consent=consent).status_code == 400


UNSURE = "something that the source sent is missing or in doubt, which may be a no: it counts as none"


def withhold(desk: Desk, item: str) -> None:
    with desk.server.store.writing() as session:
        session.delete(session.get(Item, bytes.fromhex(item)))


def spoil(desk: Desk, item: str) -> None:
    with desk.server.store.writing() as session:
        session.execute(update(Item).where(Item.id == bytes.fromhex(item)).values(sealed=b"x" * 2048))


def call_it_a_note(desk: Desk, item: str) -> None:
    with desk.server.store.writing() as session:
        session.execute(update(Item).where(Item.id == bytes.fromhex(item)).values(kind=Kind.WORK))


@pytest.mark.parametrize("hide", [withhold, spoil, call_it_a_note])
def test_a_yes_behind_which_something_of_the_sources_is_missing_counts_as_none_until_it_says_yes_again(
    hide: Callable[[Desk, str], None], desk: Desk, amina: Program, tip: Stored
) -> None:
    question = ask(amina, tip)
    desk.send(tip, answered(question, "yes"))
    sync(amina)
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL, consent=ConsentRequest.name(question))
    assert NO_CONSENT not in referrals(amina, tip)
    hide(desk, desk.send(tip, answered(question, "no")))
    if hide is withhold:
        desk.send(tip, Message("Did you get it?"))
    sync(amina)
    assert UNSURE in consents(amina, tip)
    assert NO_CONSENT in referrals(amina, tip)
    assert "1 report</h1>" in amina.get("/reports?asked=doubt").text
    assert "Not agreed to: hand over nothing" in unescape(amina.get("/referrals").text)
    if hide is withhold:
        desk.send(tip, answered(question, "yes"))
        sync(amina)
        assert NO_CONSENT not in referrals(amina, tip)


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_server_that_is_set_back_behind_a_no_makes_no_yes_of_it(
    goes_on: bool, desk: Desk, amina: Program, tip: Stored
) -> None:
    question = ask(amina, tip)
    desk.send(tip, answered(question, "yes"))
    sync(amina)
    del tip.sent[1:]
    no = desk.send(tip, answered(question, "no"))
    with desk.server.store.writing() as session:
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        session.execute(update(Item).where(Item.id == bytes.fromhex(no)).values(day=yesterday))
    if goes_on:
        desk.send(tip, Message("Did you get it?"))
        withhold(desk, no)
    sync(amina)
    assert 'class="consent yes"' not in consents(amina, tip)
    assert UNSURE in consents(amina, tip)


def test_an_answer_to_other_words_counts_as_none_and_says_so(desk: Desk, amina: Program, tip: Stored) -> None:
    question = ask(amina, tip)
    desk.send(tip, answered(question, "yes"))
    desk.send(tip, answered(question, "yes", words="May we tell everybody?"))
    sync(amina)
    text = consents(amina, tip)
    assert "Answered to other words than these: it counts as none" in text
    assert "another hash than that of these words" in text
    assert "1 report</h1>" in amina.get("/reports?asked=doubt").text


def test_an_answer_to_a_question_that_is_not_here_counts_as_none_and_says_so(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    desk.send(tip, answered("0" * 32, "yes"))
    sync(amina)
    assert "to a question that is not here. It counts as no consent." in consents(amina, tip)


def test_a_question_that_the_source_deleted_takes_its_yes_along(desk: Desk, amina: Program, tip: Stored) -> None:
    question = ask(amina, tip)
    desk.send(tip, answered(question, "yes"))
    sync(amina)
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL, consent=ConsentRequest.name(question))
    with desk.server.store.writing() as session:
        session.delete(session.get(Item, bytes.fromhex(question)))
    desk.send(tip, Deletion(question))
    sync(amina)
    text = consents(amina, tip)
    assert "to a question that is not here: the source has deleted it." in text
    assert WORDS not in text
    assert NO_CONSENT in referrals(amina, tip)


def test_worded_anew_it_is_another_question_and_the_old_yes_ends(
    desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    question = ask(amina, tip)
    desk.send(tip, answered(question, "yes"))
    sync(amina)
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL, consent=ConsentRequest.name(question))
    (_, request), anew = asked(amina, tip)[0], WORDS + " And to the embassy?"
    values = {**QUESTION, "words": anew, "request": request.request, "seen": question}
    amina.write(page(tip), "consent_request", **values)
    sync(boris)
    for program in (amina, boris):
        text = consents(program, tip)
        assert "Not any more" not in text
        assert "Not asked any more, or in other words: it counts as none" in text
        assert re.search(rf"{re.escape(anew)}.*Asked, not answered", text, re.DOTALL)
        assert NO_CONSENT in referrals(program, tip)
    newer = asked(amina, tip)[-1][0]
    desk.send(tip, answered(newer, "yes", words=anew))
    sync(amina)
    assert NO_CONSENT in referrals(amina, tip), "that rests on the old words"


def test_what_is_asked_no_more_is_told_to_the_source_and_allows_nothing(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    question = ask(amina, tip)
    request = asked(amina, tip)[0][1].request
    values = {**QUESTION, "request": request, "seen": question, "taken_back": "yes"}
    amina.write(page(tip), "consent_request", **values)
    assert [event.taken_back for _, event in asked(amina, tip)] == [False, True]
    assert asked(amina, tip)[1][1].seen == (question,)
    # The source had the old page open, and a server that lags behind takes its answer.
    desk.send(tip, answered(question, "yes"))
    sync(amina)
    assert "Not asked any more" in consents(amina, tip)
    assert "1 report</h1>" not in amina.get("/reports?asked=yes").text


def test_what_two_ask_at_once_both_stands_and_what_two_word_anew_too(
    desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    ask(amina, tip)
    ask(boris, tip, words="May we tell a journalist?")
    for program in (amina, boris):
        sync(program)
    question, request = asked(amina, tip)[0]
    for program, words in ((amina, "Anew by amina?"), (boris, "Anew by boris?")):
        values = {**QUESTION, "words": words, "request": request.request, "seen": question}
        program.write(page(tip), "consent_request", **values)
    for program in (amina, boris):
        sync(program)
        text = consents(program, tip)
        assert text.count("Asked, not answered") == 3
        assert "Changed by two who had not seen each other's change" in shown(program, tip)


def test_a_yes_behind_a_check_question_counts_once_somebody_says_that_its_answer_fits(
    desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    question = ask(amina, tip, check=CHECK)
    answer = desk.send(tip, answered(question, "yes", check="A blue scarf."))
    sync(amina)
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL, consent=ConsentRequest.name(question))
    text = consents(amina, tip)
    assert text.index(CHECK) < text.index("A blue scarf.")
    assert "nobody has compared the answer to the check question" in text
    assert NO_CONSENT in referrals(amina, tip)
    amina.post(f"{page(tip)}/consent_check", page(tip), answer=answer, fits="fits")
    assert NO_CONSENT not in referrals(amina, tip)
    sync(boris)
    refused = boris.post(f"{page(tip)}/consent_check", page(tip), answer=answer, fits="differs")
    assert "what you chose needs a reason" in refused.text
    boris.post(f"{page(tip)}/consent_check", page(tip), answer=answer, fits="differs", why="It was a red one.")
    sync(amina)
    for program in (amina, boris):
        assert "the answer to the check question does not fit" in consents(program, tip)
        assert "It was a red one." in consents(program, tip)
        assert NO_CONSENT in referrals(program, tip)
    # The next answer has to be compared anew.
    desk.send(tip, answered(question, "yes", check="A red scarf."))
    sync(amina)
    assert "nobody has compared the answer" in consents(amina, tip)


def test_what_was_typed_into_a_locked_program_is_there_afterwards_and_is_asked_only_then(
    amina: Program, tip: Stored
) -> None:
    values = {**amina.hidden(page(tip)), **QUESTION}
    amina.guard.lock()
    amina.send(f"{page(tip)}/consent_request", values)
    amina.unlock()
    assert asked(amina, tip) == []
    text = consents(amina, tip)
    assert "Written and not sent." in text
    draft = re.search(r'name="draft" value="([0-9a-f]{32})"', text)
    assert draft
    amina.write(page(tip), "consent_request", **QUESTION, draft=draft[1])
    assert [request.words for _, request in asked(amina, tip)] == [WORDS]
    assert "Written and not sent." not in consents(amina, tip)


def test_asked_without_the_desk_it_is_there_at_once_and_leaves_later_and_once(
    desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    away = unreachable(desk)
    amina.get(page(tip))
    values = {**amina.hidden(page(tip)), **QUESTION}
    for _ in range(2):
        amina.send_seen(amina.send(f"{page(tip)}/consent_request", values))
    text = consents(amina, tip)
    assert "Not sent yet" in text
    assert "Asked, not answered" in text
    away.clear()
    for program in (amina, boris):
        sync(program)
        assert consents(program, tip).count("Asked, not answered") == 1
    assert "Not sent yet" not in consents(amina, tip)


@pytest.mark.parametrize("wrong", [{"words": " "}, {"language": "xx"}, {"language": ""}])
def test_a_question_that_lacks_something_is_not_asked_and_stays_in_the_form(
    amina: Program, tip: Stored, wrong: dict[str, str]
) -> None:
    given = {**QUESTION, "meaning": "A lawyer.", **wrong}
    answer = amina.post(f"{page(tip)}/consent_request", page(tip), **given)
    assert answer.status_code == 400
    assert ">A lawyer.</textarea>" in answer.text
    assert asked(amina, tip) == []


def test_hostile_words_of_either_side_are_shown_harmlessly(desk: Desk, amina: Program, tip: Stored) -> None:
    hostile = "<script>alert(1)</script>\u202e" + "x" * 5_000
    question = ask(amina, tip, words=hostile, meaning=hostile, check=hostile)
    desk.send(tip, answered(question, "<b>yes</b>", words=hostile, condition=hostile, check=hostile))
    sync(amina)
    text = amina.get(page(tip)).text
    assert "<script>" not in text
    assert "\u202e" not in re.sub(r"<textarea.*?</textarea>", "", text, flags=re.DOTALL)
    assert "it counts as none" in text


def look(program: Program, tip: Stored, **values: str) -> str:
    """Write a question, and return where it is looked at before it leaves."""
    answer = program.post(f"{page(tip)}/consent_request", page(tip), **QUESTION | values)
    assert answer.status_code == 303
    return urlsplit(answer.location).path.removeprefix(program.place.path)


def as_source(html: str) -> str:
    return unescape(html.partition('<section class="as-source"')[2].partition("</section>")[0])


def ticks(html: str) -> list[str]:
    return re.findall(r'name="known" value="([0-9a-f]+)"', html)


def send(program: Program, seen: str, *ticked: str) -> int:
    return program.send(f"{seen}/send", {**tokens(program.get(seen).text), "known": list(ticked)}).status_code


def test_a_question_is_seen_on_the_page_of_its_source_before_it_leaves(amina: Program, tip: Stored) -> None:
    ask(amina, tip, words="May we tell a journalist?")
    amina.write(page(tip), "reply", text="We have read this.")
    seen = look(amina, tip, check=CHECK, meaning="A lawyer may have it.")
    text = as_source(amina.get(seen).text)
    assert text.index("May we tell a journalist?") < text.index(WORDS) < text.index(CHECK) < text.index("We have read")
    assert "A lawyer may have it." not in text, "that is for colleagues"
    assert len(asked(amina, tip)) == 1
    assert send(amina, seen, *ticks(amina.get(seen).text)) == 303
    assert [request.words for _, request in asked(amina, tip)] == ["May we tell a journalist?", WORDS]


def test_what_is_worded_anew_is_seen_in_the_place_of_what_was_asked(amina: Program, tip: Stored) -> None:
    question = ask(amina, tip)
    request = asked(amina, tip)[0][1].request
    seen = look(amina, tip, words="And the embassy?", request=request, seen=question)
    text = as_source(amina.get(seen).text)
    assert "And the embassy?" in text
    assert WORDS not in text
    assert WORDS in consents(amina, tip)
    assert len(asked(amina, tip)) == 1
    # Changed once more, it is seen once more, and is still the same question.
    html = amina.get(seen).text
    change = html.partition("<h2>Change it</h2>")[2]
    hidden = dict(re.findall(r'name="(form|draft|request|seen)" value="([^"]*)"', change))
    values = {**tokens(html), **QUESTION, **hidden, "words": "And the consulate?"}
    answer = amina.send(f"{page(tip)}/consent_request", values)
    assert "And the embassy?" not in as_source(
        amina.get(urlsplit(answer.location).path.removeprefix(amina.place.path)).text
    )
    amina.send(f"{seen}/send", tokens(html))
    assert len(asked(amina, tip)) == 1
    amina.send_seen(answer)
    assert [(event.request, event.words) for _, event in asked(amina, tip)][1:] == [(request, "And the consulate?")]


def test_what_a_question_gives_away_is_said_and_ticked_before_it_leaves_also_of_its_check_question(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    desk.store_tip("Call me: 0170 123 45 67.", {})
    sync(amina)
    seen = look(amina, tip, words="May Amina give this to http://example.com?", check="Who has 0170-1234567?")
    html = amina.get(seen).text
    for says in ("the name of one of your team", "a link", "stands in another report"):
        assert says in html
    known = ticks(html)
    assert len(known) == 3
    for ticked in ([], known[1:]):
        assert send(amina, seen, *ticked) == 400
        assert asked(amina, tip) == []
    assert send(amina, seen, *known) == 303
    assert len(asked(amina, tip)) == 1


def test_a_question_leaves_with_no_brace_and_its_places_are_filled_wherever_they_stand(
    amina: Program, tip: Stored
) -> None:
    seen = look(amina, tip, words="May {name} have it?", check="Who is {name}?")
    html = amina.get(seen).text
    assert send(amina, seen) == 400
    places = html.partition("<h2>Places to be filled</h2>")[2].partition("</form>")[0]
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', places))
    answer = amina.send(f"{page(tip)}/consent_request", {**hidden, "place": ["name"], "filling": ["Ms. Duval"]})
    amina.send_seen(answer)
    assert [(each.words, each.check) for _, each in asked(amina, tip)] == [
        ("May Ms. Duval have it?", "Who is Ms. Duval?")
    ]


def test_a_question_that_is_asked_no_more_is_seen_to_be_gone_and_bears_no_words_that_nobody_saw(
    amina: Program, tip: Stored
) -> None:
    question = ask(amina, tip, words="May we give it to http://example.com?")
    request = asked(amina, tip)[0][1].request
    seen = look(amina, tip, words="Unseen words", request=request, seen=question, taken_back="yes")
    html = amina.get(seen).text
    assert "We ask for your consent" not in as_source(html)
    assert ticks(html) == []
    assert [event.taken_back for _, event in asked(amina, tip)] == [False]
    assert send(amina, seen) == 303
    assert [(event.taken_back, event.words) for _, event in asked(amina, tip)][1:] == [
        (True, "May we give it to http://example.com?")
    ]
    unknown = {**QUESTION, "request": "0" * 32, "taken_back": "yes"}
    assert amina.post(f"{page(tip)}/consent_request", page(tip), **unknown).status_code == 400


def test_a_draft_of_a_question_that_was_looked_at_is_there_after_a_lock_and_is_not_sent_by_it(
    amina: Program, tip: Stored
) -> None:
    seen = look(amina, tip)
    values = tokens(amina.get(seen).text)
    amina.guard.lock()
    assert "/unlock" in amina.send(f"{seen}/send", values).location
    amina.unlock()
    assert asked(amina, tip) == []
    assert "Written and not sent." in consents(amina, tip)
    assert WORDS in as_source(amina.get(seen).text)
    assert send(amina, seen) == 303
    assert len(asked(amina, tip)) == 1


def test_a_question_is_not_taken_back_as_a_reply_is_and_the_page_says_what_to_do_instead(
    desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    question = ask(amina, tip)
    request = asked(amina, tip)[0][1].request
    amina.write(page(tip), "consent_request", **{**QUESTION, "words": "Anew?", "request": request, "seen": question})
    newer = asked(amina, tip)[-1][0]
    sync(boris)
    for program in (amina, boris):
        assert "/take-back" not in shown(program, tip)
        for kind in ("reply", "consent_request"):
            asks = f"{page(tip)}/{kind}/{newer}/take-back"
            for answer in (program.get(asks), program.send(asks, program.hidden(page(tip)))):
                assert answer.status_code == 409
                assert "the words that it had before would be asked again" in answer.text
        sync(program)
        assert [event.words for _, event in asked(program, tip)] == [WORDS, "Anew?"]
    with desk.server.store.reading() as session:
        assert session.scalar(select(Item.id).where(Item.id == bytes.fromhex(newer)))
