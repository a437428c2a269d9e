"""What the team asks before it does one particular thing: the question on the source's page, and the answer to it."""

from dataclasses import replace
from typing import Any

import pytest

from intake.protocol.kinds import Kind
from intake.report.events import ConsentRequest
from intake.report.payloads import words_digest
from source_site import UNLIMITED, OpenSite, Site, Visit

pytestmark = pytest.mark.slow

WORDS = "May we give this to Ms Example, a lawyer in Canada,\nso that she can write to the police?"
ASKED = ConsentRequest("a" * 32, "en", WORDS, "", "A lawyer may have it.", taken_back=False, number=1)
CHECK = "What did your aunt give you in the spring?"


def action(item: str) -> str:
    return f"/tip/question/{item}"


@pytest.fixture
def question(site: Site, visit: Visit) -> str:
    """The id of a question on the page of a source, who is looking at it."""
    visit.report()
    item = site.write(ASKED)
    visit.open("/en/tip")
    return item


def answers(site: Site) -> list[Any]:
    return site.opened(Kind.ADDITION)


def test_a_question_stands_in_its_exact_words_with_three_answers_and_room_for_a_condition(
    visit: Visit, question: str
) -> None:
    assert f'dir="auto" lang="en" id="words-{question}">{WORDS}</p>' in visit.text
    assert visit.page.form(action(question)).names == {"answer", "condition"}
    offered = [control["value"] for control in visit.page.inputs if control["name"] == "answer"]
    assert offered == ["yes", "no", "later"]
    assert "answer" not in visit.page.filled, "nothing is chosen for anybody"
    assert "your last answer counts" in visit.page.words
    assert "There is no reply yet" not in visit.page.words


def test_what_colleagues_are_told_that_it_means_is_not_on_the_page(visit: Visit, question: str) -> None:
    assert question in visit.text
    assert "A lawyer may have it." not in visit.text


def test_an_answer_names_the_words_it_is_to_and_looks_to_the_server_like_any_addition(
    site: Site, visit: Visit, question: str
) -> None:
    visit.send(action(question), answer="yes", condition=" Not before\r\nJune. ")
    assert "Your answer has arrived." in visit.page.words
    (answer,) = answers(site)
    assert (answer["kind"], answer["question"], answer["words"]) == ("consent_answer", question, words_digest(WORDS))
    assert (answer["answer"], answer["condition"], answer["check"]) == ("yes", "Not before\nJune.", "")
    visit.open("/en/tip/more/reporter")
    visit.send("/more/reporter", reporter_role="relative")
    assert len({(item.kind, item.size) for item in site.items(Kind.ADDITION)}) == 1


def test_it_can_be_answered_again_and_the_same_form_twice_is_one_answer(
    site: Site, visit: Visit, question: str
) -> None:
    form = visit.page.form(action(question))
    for _ in range(2):
        visit.post(form.action, {**form.hidden, "answer": "yes", "condition": ""})
    assert [answer["answer"] for answer in answers(site)] == ["yes"]
    visit.send(action(question), answer="no")
    assert sorted(answer["answer"] for answer in answers(site)) == ["no", "yes"]


def test_without_a_choice_nothing_is_sent_and_what_was_written_stays(site: Site, visit: Visit, question: str) -> None:
    for values in ({}, {"answer": "perhaps"}):
        answer = visit.post(
            f"/en{action(question)}",
            {**visit.page.form(action(question)).hidden, **values, "condition": "Not before June."},
        )
        assert answer.status_code == 400
        assert visit.page.filled["condition"] == ["Not before June."]
    assert answers(site) == []


def test_whoever_says_yes_answers_the_check_question_first_and_whoever_says_no_need_not(
    site: Site, visit: Visit
) -> None:
    visit.report()
    item = site.write(replace(ASKED, check=CHECK))
    visit.open("/en/tip")
    assert visit.page.words.index(CHECK) < visit.page.words.index("May we do this?")
    assert visit.send(action(item), answer="yes", check=" ").status_code == 400
    assert f"#check-{item}" in visit.page.links
    assert answers(site) == []
    visit.send(action(item), answer="no")
    visit.send(action(item), answer="yes", check="A blue scarf.")
    assert {(answer["answer"], answer["check"]) for answer in answers(site)} == {("no", ""), ("yes", "A blue scarf.")}


def test_of_a_question_that_was_worded_anew_only_the_new_words_are_asked(
    site: Site, visit: Visit, question: str
) -> None:
    site.write(replace(ASKED, words="May we give it to two lawyers?", number=2, seen=(question,)))
    visit.open("/en/tip")
    assert "two lawyers" in visit.page.words
    assert question not in visit.text


def test_what_two_reviewers_ask_or_word_anew_without_having_seen_each_other_all_stands(
    site: Site, visit: Visit, question: str
) -> None:
    for number, words in enumerate(("May we tell a journalist?", "May we tell two lawyers?")):
        site.write(replace(ASKED, request=str(number) * 32, words=words, number=1))
    for words in ("Worded anew by one.", "Worded anew by another."):
        site.write(replace(ASKED, words=words, number=2, seen=(question,)))
    visit.open("/en/tip")
    shown = ("journalist", "two lawyers", "by one.", "by another.", "Ms Example")
    assert [words in visit.page.words for words in shown] == [True, True, True, True, False]


def test_nobody_asks_away_a_question_by_seeing_it_from_another(site: Site, visit: Visit, question: str) -> None:
    site.write(replace(ASKED, request="b" * 32, words="Something else?", number=2, seen=(question,)))
    visit.open("/en/tip")
    assert "Ms Example" in visit.page.words


def test_an_answer_to_what_is_not_asked_any_more_is_refused_and_what_was_written_can_be_sent_as_a_message(
    site: Site, visit: Visit, question: str
) -> None:
    form = visit.page.form(action(question))
    site.write(replace(ASKED, taken_back=True, number=2, seen=(question,)))
    typed = {"answer": "yes", "condition": "Not before June."}
    assert visit.post(form.action, {**form.hidden, **typed}).status_code == 400
    assert "Your answer was not sent." in visit.page.words
    assert "Ms Example" not in visit.page.words
    assert visit.page.filled["text"] == ["Not before June."]
    assert answers(site) == []
    visit.send("/tip/message", text="Not before June.")
    assert [message["text"] for message in site.opened(Kind.MESSAGE)] == ["Not before June."]


def test_when_the_visit_has_ended_an_answer_asks_for_the_codename_and_then_arrives(site: Site, visit: Visit) -> None:
    codename = visit.report()
    item = site.write(ASKED)
    visit.open("/en/tip")
    form = visit.page.form(action(item))
    visit.client.delete_cookie("session")
    typed = {"answer": "yes", "condition": "Not before June."}
    assert visit.post(form.action, {**form.hidden, **typed}).status_code == 400
    assert visit.page.filled["condition"] == ["Not before June."]
    assert visit.page.filled["answer"] == ["yes"]
    visit.send(action(item), codename=codename, **typed)
    assert "Your answer has arrived." in visit.page.words
    assert [answer["condition"] for answer in answers(site)] == ["Not before June."]


def test_an_answer_never_goes_to_another_report_that_was_opened_in_between(site: Site, visit: Visit) -> None:
    codename = visit.report()
    item = site.write(ASKED)
    visit.open("/en/tip")
    form = visit.page.form(action(item))
    visit.client.post("/en/leave")
    visit.report("Another report.")
    sent = {**form.hidden, "csrf_token": visit.page.form("/message").hidden["csrf_token"], "answer": "yes"}
    assert visit.post(form.action, {**sent, "condition": ""}).status_code == 400
    assert "codename" in visit.page.form(action(item)).names
    assert site.items(Kind.ADDITION) == []
    visit.send(action(item), codename=codename, answer="yes")
    (added,) = site.items(Kind.ADDITION)
    assert added.tip_id == next(row.tip_id for row in site.items(Kind.REPLY))


def test_eight_words_in_a_condition_are_asked_about_before_reviewers_could_read_them(site: Site, visit: Visit) -> None:
    codename = visit.report()
    item = site.write(ASKED)
    visit.open("/en/tip")
    assert visit.send(action(item), answer="yes", condition=codename).status_code == 400
    assert answers(site) == []
    assert "as_is" in visit.page.form(action(item)).names


def test_a_deleted_question_is_gone_with_what_it_was_before(site: Site, visit: Visit, question: str) -> None:
    newest = site.write(replace(ASKED, words="May we tell two lawyers?", number=2, seen=(question,)))
    other = site.write(replace(ASKED, request="b" * 32, words="May we tell a journalist?", number=3))
    visit.open("/en/tip")
    visit.send(f"/tip/reply/{newest}/delete")
    assert "The question has been deleted. A yes that you gave to it no longer counts." in visit.page.words
    assert "two lawyers" not in visit.page.words
    assert "Ms Example" not in visit.page.words
    assert [item.id.hex() for item in site.items(Kind.REPLY)] == [other]
    assert {deletion["reply"] for deletion in site.opened(Kind.DELETION)} == {question, newest}


@pytest.mark.parametrize("language", ["en", "az", "fa", "ar", "ko", "vi", "ug", "zh-Hant"])
def test_a_question_is_asked_in_every_language(open_site: OpenSite, language: str) -> None:
    site = open_site(draft_languages="az ko ug vi", **UNLIMITED)
    visit = site.visit()
    visit.report()
    item = site.write(replace(ASKED, check=CHECK))
    visit.open(f"/{language}/tip")
    assert WORDS in visit.page.words
    assert visit.send(action(item), answer="later", check="").status_code == 200
    assert len(answers(site)) == 1
