"""The header of a catalogue: only a name and a day that has been make words reviewed."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.languages.header import Header, Review, parse_header, parse_review

TODAY = date(2026, 11, 27)
NAMES = ("Amina Example", "Uyghur Human Rights Project, Washington", "李明", "Ó Briain", "Nobody's Kitchen e.V.")


def catalogue(*lines: str) -> str:
    quoted = "".join(f'"{line}\\n"\n' for line in lines)
    return f'# Words.\nmsgid ""\nmsgstr ""\n{quoted}\nmsgid "X-Reviewed-By: Somebody, 2020-01-01"\nmsgstr "x"\n'


@given(st.text(), st.sampled_from(("X-Draft: yes", "x-draft: Yes", "X-Draft:", "X-DRAFT: no")))
def test_no_text_makes_a_draft_reviewed_but_a_name_and_a_day_that_has_been(text: str, mark: str) -> None:
    review = parse_review(text, TODAY)
    if review is not None:
        name, _, day = text.rpartition(", ")
        assert (review.name, review.day.isoformat()) == (name, day)
        assert any(letter.isalpha() for letter in name)
        assert date(1, 1, 1) <= review.day <= TODAY
        assert str(review) == text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    if ":" not in quoted:
        said = parse_header(catalogue(mark, f"X-Reviewed-By: {quoted}"), TODAY)
        assert said.marked_draft
        assert said.is_draft is (said.review is None)


@given(st.sampled_from(NAMES), st.dates(max_value=TODAY))
def test_a_name_and_a_day_are_a_review(name: str, day: date) -> None:
    said = parse_header(catalogue("Language: ug", f"X-Reviewed-By: {name}, {day.isoformat()}", "X-Draft: yes"), TODAY)
    assert said == Header(Review(name, day), marked_draft=True)
    assert not said.is_draft


@given(st.sampled_from(NAMES), st.dates(min_value=TODAY + timedelta(1)))
def test_a_day_to_come_is_no_review(name: str, day: date) -> None:
    assert parse_review(f"{name}, {day.isoformat()}", TODAY) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "nobody fluent yet", "nobody fluent yet, 2026-11-01", "Nobody, 2026-11-01", "Amina Example", "2026-11-01",
        ", 2026-11-01", " , 2026-11-01", "–, 2026-11-01", "?, 2026-11-01", "42, 2026-11-01",
        "Amina Example, 2026-02-30", "Amina Example, 2026-13-01", "Amina Example, 2026-11", "Amina Example, 26-11-01",
        "Amina Example, 20261101", "Amina Example, 2026-W44-1", "Amina Example, ٢٠٢٦-١١-٠١", "Amina Example 2026-11-01",
        "Amina Example, 2026-11-01.", "Amina\u202e Example, 2026-11-01", "Amina\x00, 2026-11-01",
    ],
)  # fmt: skip
def test_what_is_no_review(text: str) -> None:
    assert parse_review(text, TODAY) is None


def test_a_header_that_was_wrapped_is_read_as_one_text() -> None:
    text = 'msgid ""\nmsgstr ""\n"X-Lacks: names of "\n"countries\\n"\n"X-Draft: "\n"yes\\n"\n\nmsgid "a"\nmsgstr "b"\n'
    assert parse_header(text, TODAY) == Header(marked_draft=True, lacks="names of countries")


def test_words_of_the_catalogue_are_no_header() -> None:
    assert parse_header(catalogue("Language: ug"), TODAY) == Header()


@pytest.mark.parametrize(
    "lines",
    [
        ("X-Reviewed-By: nobody yet", "X-Reviewed-By: Amina, 2026-11-01"),
        ("X-Draft: yes", "x-draft: yes"),
        ("X-Lacks:",),
    ],
)
def test_a_header_that_says_something_twice_or_nothing_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="header of a catalogue"):
        parse_header(catalogue(*lines), TODAY)
