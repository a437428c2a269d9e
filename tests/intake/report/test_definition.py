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


REVEALING = ["deadline_date", "region", "contact_channel", "acts.when", "acts.place", "acts.relayed_by", "acts.phones",
             "acts.accounts", "acts.emails", "acts.documents", "places.address", "people.pseudonym"]  # fmt: skip
"""What asks for a day, a place, a number or a name."""


@pytest.mark.parametrize("path", REVEALING)
def test_what_could_lead_to_one_person_says_beside_the_field_how_little_is_enough(path: str) -> None:
    of, _, key = path.rpartition(".")
    (fields,) = [kind.fields for kind in FORM.entries if kind.key == of] if of else [tuple(FORM.fields)]
    (field,) = (field for field in fields if field.key == key)
    assert field.hint


def test_nobody_is_asked_twice_how_old_somebody_is() -> None:
    (people,) = (kind.fields for kind in FORM.entries if kind.key == "people")
    assert {"age", "child"} & {field.key for field in people} == {"age"}


@pytest.mark.parametrize("key", ["family_methods", "target_methods"])
def test_what_is_hard_to_read_stands_apart_and_says_that_it_can_be_skipped(key: str) -> None:
    field = FIELDS[key]
    assert field.apart is not None
    assert field.apart.choices < field.choices.keys() - {"unknown", "withheld"}
    assert "skip" in field.apart.title
    field.check((*sorted(field.apart.choices), "threatened" if key == "family_methods" else "followed"))


def test_who_the_person_is_is_said_before_it_is_asked_about() -> None:
    keys = [field.key for field in FORM.first_group.fields]
    saying = next(key for key in keys if "“the person” means" in FIELDS[key].hint)
    asking = [
        key for key in keys if "the person" in FIELDS[key].question or "The person" in FIELDS[key].choices.values()
    ]
    assert asking
    assert all(keys.index(saying) <= keys.index(key) for key in asking)
