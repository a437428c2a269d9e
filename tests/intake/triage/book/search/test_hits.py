"""Hits as a page shows them: whole words of the text, with what stands around them, and nothing of the text changed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.triage.book.search import Content, Hit, How, Text, first_hits, hits, parse

TYPED = st.lists(st.sampled_from(["mother", "police", "北京", "مادر", "ete*", "xi"]), min_size=1, max_size=3).map(
    " ".join
)
TEXTS = st.lists(
    st.text(max_size=20)
    | st.sampled_from([" mother ", "police", "在北京的", "مادَر", "été", "习近平", "\u202e", "<b>", "\n"])
).map(" ".join)


def of(*texts: str) -> Content:
    return Content("2026-01-01", [Text("report", text) for text in texts], frozenset())


def first(text: str, typed: str, how: How = How.USUAL) -> Hit:
    return next(hits(parse(typed, how), of(text)))


def marked(hit: Hit) -> str:
    return "".join(f"[{piece.text}]" if piece.is_hit else piece.text for piece in hit.pieces)


@pytest.mark.parametrize(
    ("text", "typed", "how", "shown"),
    [
        ("They took my mother.", "mother", How.USUAL, "They took my [mother]."),
        ("my Mother, MOTHER", "mother", How.USUAL, "my [Mother], [MOTHER]"),
        ("a service station", '"service station"', How.USUAL, "a [service station]"),
        ("detained detention", "deten*", How.USUAL, "detained [detention]"),
        ("très détenue à", "detenue", How.USUAL, "très [détenue] à"),
        ("un e\u0301te\u0301!", "été", How.EXACT, "un [e\u0301te\u0301]!"),
        ("警察去了我母亲的家", "母亲", How.USUAL, "警察去了我[母亲]的家"),
        ("警察去了北京市。", "去了北京", How.USUAL, "警察[去了北京]市。"),
        ("این كـِتابِ من", "کتاب", How.USUAL, "این [كـِتابِ] من"),
        ("po\u200blice\u200b came", "police", How.USUAL, "[po\u200blice\u200b] came"),
        ("习近平说", "xi jinping", How.ANY, "[习近平]说"),
        ("Гульнар!", "gulnar", How.ANY, "[Гульнар]!"),
        ("call 0555-123 45 67 now", "+905551234567", How.USUAL, "call [0555-123 45 67] now"),
    ],
)
def test_a_hit_is_marked_as_it_is_written(text: str, typed: str, how: How, shown: str) -> None:
    assert marked(first(text, typed, how)) == shown


def test_of_a_long_text_so_much_is_shown_as_stands_around_the_first_hit() -> None:
    hit = first("x " * 500 + "mother" + " y" * 500 + " mother", "mother")
    assert (hit.goes_on_before, hit.goes_on_after, hit.more) == (True, True, 1)
    assert "[mother]" in marked(hit)
    assert len(marked(hit)) < 250


def test_each_text_in_which_there_is_a_hit_is_shown_in_their_order() -> None:
    found = list(hits(parse("mother father"), of("My mother.", "Nothing.", "My father and mother.")))
    assert [marked(hit) for hit in found] == ["My [mother].", "My [father] and [mother]."]


@pytest.mark.parametrize("last", ["的", "一"])
def test_many_letters_that_are_all_alike_are_found_or_not_without_comparing_each_with_all(last: str) -> None:
    """Each place of the text compared with the whole phrase would be 500 million comparisons."""
    began = time.process_time()
    found = list(hits(parse('"' + "的" * 488 + last + '"'), of("的" * 1_000_000)))
    assert time.process_time() - began < 5
    assert len(found) == (last == "的")


def test_of_hits_without_number_ten_thousand_are_counted() -> None:
    (hit,) = hits(parse('"a b"'), of("a b c " * 20_000))
    assert sum(piece.is_hit for piece in hit.pieces) + hit.more == 10_000


def test_several_queries_have_their_own_hits_and_no_more_than_are_wanted() -> None:
    content = of("My mother.", "Nothing.", "My father and mother.", "A mother.")
    found = first_hits({"x": parse("mother"), "y": parse("father"), "z": parse("nobody")}, content, 2)
    assert {name: [marked(hit) for hit in its] for name, its in found.items()} == {
        "x": ["My [mother].", "My father and [mother]."], "y": ["My [father] and mother."], "z": []
    }  # fmt: skip


def test_no_hit_is_shown_in_a_part_that_was_not_asked_for() -> None:
    content = Content("2026-01-01", [Text("report", "mother"), Text("note", "mother")], frozenset())
    assert [hit.text.part for hit in hits(parse("note:mother"), content)] == ["note"]


def test_a_text_of_one_hit_is_not_shown_whole() -> None:
    assert len(marked(first("北" * 50_000, f'"{"北" * 900}"'))) < 2000


@given(TEXTS, TYPED, st.sampled_from(How))
def test_what_is_shown_is_a_part_of_the_text_and_a_hit_in_it(text: str, typed: str, how: How) -> None:
    for hit in hits(parse(typed, how), of(text)):
        shown = "".join(piece.text for piece in hit.pieces)
        assert shown in text
        assert text.startswith(shown) is not hit.goes_on_before or text.count(shown) > 1
        assert all(piece.text for piece in hit.pieces)
        assert any(piece.is_hit for piece in hit.pieces)


@given(TEXTS)
def test_hits_show_nothing_by_themselves(text: str) -> None:
    for hit in hits(parse("mother"), of(text)):
        assert "mother" not in repr(hit)
        assert "mother" not in repr(hit.pieces)
