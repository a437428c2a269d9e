"""What can be typed into the search: whatever it is, it is searched for as far as it can be, and the rest is said."""

from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.triage.book.search import How, parse, query
from intake.triage.book.search.query import MOST_LETTERS, MOST_TERMS, Query

HOWS = st.sampled_from(list(How))
PARTS = st.sampled_from(
    ['"', "*", ":", "phone:", "from:", "before:", "after:", "actor:", "CN", "2026-05", "AND", "OR", "NOT", "NEAR(", "(",
     ")", "-", "^", "+", "{", "}", "«", "¶", "±x", "°xi", "¬", "¤", "\0", "\u202e", "\ud800", "北京", "متن", "a", "ab*",
     "0555", " "]
)  # fmt: skip
TYPED = st.text() | st.lists(PARTS | st.text(max_size=5), max_size=30).map("".join)


def looked_for(asked: Query) -> list[tuple[str, ...]]:
    """The words of each term, as it is looked for first."""
    return [term.patterns[0].words for term in asked.terms]


@given(TYPED, HOWS)
def test_nothing_that_is_typed_is_an_error(typed: str, how: How) -> None:
    asked = parse(typed, how)
    assert len(asked.terms) <= MOST_TERMS
    assert all(term.patterns or term.choices for term in asked.terms)
    assert asked.is_empty or typed.strip()
    assert len(set(asked.left_out)) == len(asked.left_out)


def test_words_and_phrases_and_beginnings_all_have_to_be_there() -> None:
    asked = parse('mother "service station" deten*')
    assert looked_for(asked) == [("mother",), ("service", "station"), ("deten",)]
    assert [term.patterns[0].begins for term in asked.terms] == [False, False, True]
    assert asked.left_out == ()


@pytest.mark.parametrize(
    "typed", ["“service station”", "«service station»", "「service station」", "＂service station＂"]
)
def test_quotation_marks_of_every_country_make_a_phrase(typed: str) -> None:
    assert looked_for(parse(typed)) == [("service", "station")]


@pytest.mark.parametrize(
    ("typed", "found", "says"),
    [
        ('mother "service station', [("mother",), ("service", "station")], query.UNCLOSED),
        ("mother !!! ?", [("mother",)], query.NOTHING),
        ('""', [], query.NOTHING),
        ("mother OR father", [("mother",), ("father",)], query.OPERATORS),
        ("m*", [("m",)], query.SHORT),
        ("from:Atlantis mother", [("mother",)], query.NO_CHOICE.format(field="from")),
        ("before:yesterday mother", [("mother",)], query.NO_DAY),
        ("after:2026-13 mother", [("mother",)], query.NO_DAY),
        ("after:2026-05-32 mother", [("mother",)], query.NO_DAY),
        ("a" * 10_000, None, query.LONG),
        (" ".join(ascii_lowercase), [(each,) for each in ascii_lowercase[:MOST_TERMS]], query.LONG),
        ("stauts:closed mother", [("stauts", "closed"), ("mother",)], query.NO_FIELD),
        ('colour:"red"', [("colour", "red")], query.NO_FIELD),
    ],
)
def test_what_cannot_be_searched_for_is_left_out_and_said(
    typed: str, found: list[tuple[str, ...]] | None, says: str
) -> None:
    asked = parse(typed)
    assert found in (None, looked_for(asked))
    assert asked.left_out == (says,)
    assert not set(typed.split()) & set(says.split()) - {"OR"}, "what was typed is not repeated"


def test_ten_thousand_characters_are_cut_to_what_can_be_searched_for() -> None:
    (term,) = parse("a" * 10_000).terms
    assert sum(map(len, term.patterns[0].words)) == MOST_LETTERS


def test_a_colon_after_no_field_of_ours_is_only_punctuation() -> None:
    assert looked_for(parse("http://a.example 10:30 hello: there")) == [
        ("http", "a", "example"), ("10", "30"), ("hello",), ("there",)
    ]  # fmt: skip
    assert parse("http://a.example 10:30 hello: there").left_out == ()


def test_a_field_takes_what_comes_after_it_in_any_case_with_or_without_a_space() -> None:
    for typed in ("note:mother", "Note: mother", 'NOTE:"mother"', "note：mother"):
        (term,) = parse(typed).terms
        assert term.parts == ("note",)
        assert term.patterns[0].words == ("mother",)


@pytest.mark.parametrize("typed", ["from:CN", "from:cn", "from:China", 'from:"china"', "origin_state:CN"])
def test_answers_are_named_by_the_forms_words_or_keys(typed: str) -> None:
    (term,) = parse(typed).terms
    assert term.choices == ("origin·state→cn",)
    assert term.patterns == ()


def test_where_words_are_part_of_several_answers_each_of_them_will_do() -> None:
    (term,) = parse("in:islands").terms
    assert len(term.choices) > 5
    (term,) = parse("actor:police").terms
    assert term.choices == ("actor·kind→police", "actor·details·kind→police")
    assert term.parts == ("actor",), "somebody described in words counts as well"


NAMES = {"status": {"closed": "Closed", "in_review": "In review"}, "by": {"k1": "amina", "k2": "amina (2)", "k3": "b"}}


@pytest.mark.parametrize(
    ("typed", "settled"),
    [
        ("status:closed", (("status", ("closed",)),)),
        ('status:"In review" by:b', (("status", ("in_review",)), ("by", ("k3",)))),
        ("BY:AMINA", (("by", ("k1",)),)),
        ("status:review", (("status", ("in_review",)),)),
    ],
)
def test_what_reviewers_settled_is_named_by_their_words(
    typed: str, settled: tuple[tuple[str, tuple[str, ...]], ...]
) -> None:
    asked = parse(typed, names=NAMES)
    assert (asked.settled, asked.terms, asked.left_out, asked.is_empty) == (settled, (), (), False)


@pytest.mark.parametrize("typed", ["status:open", "by:?", 'by:"nobody"'])
def test_a_choice_that_there_is_not_is_said_to_be_none(typed: str) -> None:
    asked = parse(typed, names=NAMES)
    assert (asked.left_out, asked.is_empty) == ((query.NO_CHOICE.format(field=typed.partition(":")[0]),), True)


def test_days_bound_what_is_found_and_the_narrowest_count() -> None:
    asked = parse("after:2026-03 before:2026-05-17 before:2027 after:2025")
    assert (asked.after, asked.before) == ("2026-03~", "2026-05-17")
    assert "2026-03-31" < asked.after < "2026-04-01"
    assert parse("before:۲۰۲۶-۰۵").before == "2026-05"


def test_groups_of_digits_are_one_number_if_they_are_long_enough_together() -> None:
    (term,) = parse("phone: +90 555 123 45 67").terms
    assert (term.patterns[0].words, term.parts) == (("90", "555", "123", "45", "67"), ("phone",))
    assert len(parse("17 5 2026").terms) == 1
    assert len(parse("17 5").terms) == 2
    assert len(parse("mother 17 5 uncle").terms) == 4


def test_a_query_shows_nothing_of_what_it_asks() -> None:
    asked = parse("mother from:CN")
    assert not any("mother" in repr(each) for each in (asked, *asked.terms, asked.terms[0].patterns[0]))


def test_what_is_asked_for_several_times_is_looked_for_once() -> None:
    assert parse("mother* mother* MOTHER*").terms == parse("mother*").terms
