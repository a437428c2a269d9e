"""The form is one definition, and holds every closed choice that the summary is built from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.report.definition import UNANSWERED, AnswerError, Field, country_codes, load_form

FORM = load_form()
FIELDS = {field.key: field for field in FORM.fields}


def test_the_summary_fields_are_those_of_the_specification() -> None:
    assert {field.key for field in FORM.summary_fields} == {
        "reporter_role", "urgency", "detained_now", "missing_now", "reporter_location", "host_country", "origin_state",
        "return_type", "family_methods", "target_methods", "actor_kind", "demand", "trigger",
    }  # fmt: skip


def test_keys_are_unique_and_only_the_narrative_is_required() -> None:
    assert len(FIELDS) == len(list(FORM.fields))
    assert [field.key for field in FORM.fields if field.required] == ["narrative"]


def test_the_first_page_asks_little() -> None:
    assert [field.key for field in FORM.first_group.fields] == [
        "narrative", "urgency", "detained_now", "missing_now", "reporter_location", "host_country", "origin_state",
    ]  # fmt: skip


@pytest.mark.parametrize("field", FORM.summary_fields, ids=lambda field: field.key)
def test_every_closed_choice_also_takes_unknown_and_withheld(field: Field) -> None:
    for answer in ("unknown", "withheld"):
        field.check((answer,) if field.kind == "several" else answer)
    field.check(UNANSWERED)


def test_there_are_249_countries() -> None:
    assert len(set(country_codes())) == 249


@pytest.mark.parametrize("key", ["return_type", "demand"])
def test_a_choice_that_stands_alone_cannot_be_combined(key: str) -> None:
    field = FIELDS[key]
    (alone,) = field.alone - {"unknown", "withheld"}
    other = next(choice for choice in field.choices if choice not in field.alone)
    field.check((alone,))
    with pytest.raises(AnswerError):
        field.check((other, alone))


@given(st.sampled_from(list(FIELDS.values())), st.text() | st.lists(st.text()).map(tuple))
def test_nothing_but_what_the_form_offers_is_an_answer(field: Field, answer: str | tuple[str, ...]) -> None:
    try:
        field.check(answer)
    except AnswerError:
        return
    if field.kind == "several" and answer != UNANSWERED:
        assert isinstance(answer, tuple)
        assert set(answer) <= field.choices.keys()
    elif not field.is_text:
        assert answer in {*field.choices, UNANSWERED}


def test_a_narrative_has_at_most_50000_characters() -> None:
    narrative = FIELDS["narrative"]
    narrative.check("字" * 50_000)
    with pytest.raises(AnswerError, match="too long"):
        narrative.check("字" * 50_001)
