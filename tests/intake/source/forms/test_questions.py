"""What is made once a language and shown to everybody: the questions of the form, before anybody has answered them."""

import pytest

from intake.report.definition import load_form
from intake.source.forms import questions as module
from intake.source.forms.pages import by_question
from intake.source.forms.questions import group_form, questions
from intake.source.text.catalogues import languages
from source_site import Site

pytestmark = pytest.mark.slow

GROUPS = [group.key for group in load_form().groups if group.place != "file"]
SECRET = "Only her brother knows of the blue door."


PAGES = [*((key, "") for key in GROUPS), *((page.group.key, page.question) for page in by_question())]


@pytest.mark.parametrize(("key", "question"), PAGES)
def test_blank_questions_are_in_each_language_those_of_a_form_that_is_rendered_by_itself(
    site: Site, key: str, question: str
) -> None:
    shown = {}
    for tag in languages(""):
        with site.app.test_request_context(f"/{tag}/report"):
            shown[tag] = questions(group_form(key, question)())
            assert shown[tag] == module._html(group_form(key, question)())
    assert len(set(shown.values())) == len(shown)


def test_what_one_source_wrote_stands_on_no_page_of_another(unlimited: Site) -> None:
    writing, other = unlimited.visit(), unlimited.visit()
    for visit in (writing, other):
        visit.get_codename()
        visit.open("/en/report")
    before = other.page.filled
    assert writing.send("/report", narrative=SECRET + "\0").status_code == 400
    assert SECRET in writing.page.filled["narrative"][0]
    other.open("/en/report")
    assert other.page.filled == before
    assert SECRET not in other.text


def test_what_is_refused_is_shown_again_with_every_answer_chosen(unlimited: Site) -> None:
    visit = unlimited.visit()
    visit.get_codename()
    visit.open("/en/report")
    answers = {}
    for question in load_form().first_group.fields:
        if question.kind in ("one", "country"):
            answers[question.key] = list(question.choices)[-1]
        if question.kind == "several":
            answers[question.key] = next(iter(question.choices))
    assert visit.send("/report", narrative="", **answers).status_code == 400
    filled = visit.page.filled
    assert {key: filled[key] for key in answers} == {key: [value] for key, value in answers.items()}
