"""Whatever was answered is shown in the words of the form that asked it, for ever."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from any_document import ANSWERS
from intake.report import labels
from intake.report.definition import UNANSWERED, Answers, forms, load_form
from intake.report.labels import Line, Section
from intake.report.told import Account, Told
from next_form import next_form

NOW = load_form().version


def account(*documents: tuple[int, Mapping[str, Any]]) -> Account:
    told = Account()
    for form, told_to_it in documents:
        told.take(form, told_to_it)
    return told


def answers(told: Account) -> list[Line]:
    """What was asked once and told."""
    return [line for group in labels.groups(told) for line in group.lines]


def sections(told: Account) -> list[Section]:
    return [section for group in labels.groups(told) for section in group.sections]


@pytest.fixture
def later(tmp_path: Path) -> Iterator[int]:
    """The number of a form that has come into force since."""
    with next_form(tmp_path / "forms") as number:
        yield number


def test_an_answer_keeps_the_words_of_its_form_when_the_choice_is_renamed(later: int) -> None:
    methods = {"family_methods": ("detained", "made_to_denounce")}
    question = "What was done to relatives?"
    assert answers(account((NOW, methods))) == [Line(question, "Detained; Made to speak against someone")]
    assert answers(account((later, methods))) == [Line(question, "Detained; Made to denounce someone")]


def test_a_choice_and_a_question_that_were_removed_keep_their_words(later: int) -> None:
    old = account((NOW, {"target_methods": ("bribe",), "deadline_date": "17 May 2027", "urgency": "past"}))
    assert answers(old) == [
        Line("How urgent is it?", "It is over"),
        Line("Which date?", "17 May 2027"),
        Line("What was done to the person?", "An inducement or a bribe"),
    ]
    assert "bribe" not in forms()[later].by_key["target_methods"].choices
    assert "deadline_date" not in forms()[later].by_key


def test_of_a_report_that_was_added_to_under_another_form_each_answer_has_the_words_of_its_own(later: int) -> None:
    told = account((NOW, {"urgency": "within_72h"}), (later, {"family_methods": ("made_to_denounce",)}))
    assert [line.answer for line in answers(told)] == [
        "I am afraid that something will happen within three days",
        "Made to denounce someone",
    ]
    told.take(later, {"urgency": "within_72h"})
    assert answers(told)[0].answer == "Within three days"


def test_entries_are_numbered_through_and_each_keeps_the_title_of_its_form(later: int) -> None:
    told = account((NOW, {"acts": ({"channel": "phone"},)}), (later, {"acts": ({"channel": "letter"}, {})}))
    assert [(section.title, section.lines) for section in sections(told)] == [
        ("Event 1", [Line("How did they reach you or the person?", "By telephone")]),
        ("Thing that happened 2", [Line("How did they reach you or the person?", "By letter")]),
        ("Thing that happened 3", []),
    ]


def test_what_the_queue_can_be_narrowed_by_has_the_newest_words_and_what_was_removed_too(later: int) -> None:
    found = labels.choices("urgency", {"past", "over", "within_72h", "soon"})
    assert list(found.items()) == [
        ("within_72h", "Within three days"),
        ("over", "It is over now"),
        ("past", "It is over"),
        ("soon", "soon"),
    ]
    assert labels.question("urgency") == forms()[later].by_key["urgency"].question


def test_answers_to_the_first_form_are_shown_in_the_order_of_the_newest() -> None:
    told = account((1, {"trigger": ("journalism",), "host_country": "FR", "urgency": "unknown"}))
    assert answers(told) == [
        Line("How urgent is it?", "I don't know"),
        Line("In which country does the person they want to reach live?", "France"),
        Line("What do you think set it off?", "Journalism"),
    ]


def test_what_a_form_that_is_not_known_asked_is_shown_by_its_keys() -> None:
    told = account((99, {"tone": ("harsh", "soft"), "urgency": "now", "calls": ({"line": "a"},)}))
    assert answers(told) == [Line("urgency", "now"), Line("tone", "harsh; soft")]
    assert [(each.title, each.lines) for each in sections(told)] == [("calls 1", [Line("line", "a")])]
    assert labels.about_file(99, {"kept": "yes"}) == [Line("kept", "yes")]
    assert labels.about_file(0, {}) == []


def test_what_is_said_of_a_file_has_the_words_of_its_form() -> None:
    assert labels.about_file(NOW, {"kept": "yes", "original": "copy", "seen_by": UNANSWERED}) == [
        Line("Is it the original or a copy?", "A copy"),
        Line("Do you keep the original?", "Yes"),
    ]


def test_the_narrative_stands_by_itself_and_what_was_passed_over_nowhere() -> None:
    told = account((NOW, {"narrative": "My story.", "urgency": UNANSWERED, "demand": ()}))
    assert answers(told) == []
    assert sections(told) == []
    assert told.once == {"narrative": Told(NOW, "My story.")}
    assert labels.answer("urgency", told.once.get("urgency")) == labels.NO_ANSWER


@given(st.lists(st.tuples(st.integers(-1, 4), ANSWERS), max_size=4))
def test_whatever_was_answered_and_wherever_there_are_words_for_it(
    documents: list[tuple[int, Answers]],
) -> None:
    told = account(*documents)
    assert len(answers(told)) == len(told.once.keys() - {"narrative"})
    assert len(sections(told)) == sum(map(len, told.entries.values()))


def test_a_consent_is_told_in_the_words_that_were_agreed_to_with_since_when_and_what_was_before() -> None:
    told = Account()
    for day, answer in (("2026-01-01", "no"), ("2026-02-01", "yes"), ("2026-03-01", "yes"), ("2026-04-01", "no")):
        told.take(NOW, {"consent_lawyer": answer}, day)
    (lawyer,) = (consent for consent in labels.consents(told) if consent.key == "consent_lawyer")
    assert (lawyer.question, lawyer.value, lawyer.answer) == ("May we share it with a lawyer?", "no", "No")
    assert lawyer.since == "2026-04-01"
    assert lawyer.before == (("No", "2026-01-01"), ("Yes", "2026-02-01"))
    assert answers(told) == []


def test_a_consent_that_nobody_was_asked_for_is_none() -> None:
    assert {(consent.value, consent.since, consent.before) for consent in labels.consents(Account())} == {
        ("no", "", ())
    }
    assert [consent.key for consent in labels.consents(Account())] == [field.key for field in load_form().consents]


def test_a_consent_to_a_question_that_was_put_otherwise_is_one_to_what_it_said_then(later: int) -> None:
    told = Account()
    told.take(NOW, {"consent_lawyer": "yes"}, "2026-01-01")
    told.take(later, {"consent_lawyer": "yes"}, "2026-02-01")
    (lawyer,) = (consent for consent in labels.consents(told) if consent.key == "consent_lawyer")
    assert (lawyer.since, lawyer.before) == ("2026-02-01", (("Yes", "2026-01-01"),))
