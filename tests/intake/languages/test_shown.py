"""Texts of others: what they can't pretend on a page."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.languages.shown import shown

TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(st.text())
def test_a_text_for_a_page_turns_nothing_around_and_loses_nothing(text: str) -> None:
    clean = shown(text)
    assert not set(clean) & set(TURNING)
    assert shown(clean) == clean
    plain = "".join(character for character in text if shown(character) == character)
    assert "".join(re.split(r"⟦(?:[A-Z]{3}|U\+[0-9A-F]{4})⟧", clean)).count("a") == plain.count("a")


@pytest.mark.parametrize("sign", ["\u0301", "\u0301\u0323", "\u034f\u0301", "\u0301\u200d", "\u20dd", "\ufe0f"])
def test_no_stack_of_accents_grows_over_what_stands_around_it(sign: str) -> None:
    stack = f"e{sign * 10_000}f"
    interrupted = shown(stack)
    assert shown(interrupted) == interrupted
    runs = re.findall(r"[\u0301\u0323\u034f\u200d\u20dd\ufe0f]+", interrupted)
    assert max(map(len, runs)) <= 30
    assert interrupted.replace("⟦◌⟧", "") == stack


@pytest.mark.parametrize("text", ["བསྒྲུབས་ཀྱི་རྒྱུད", "क्षत्रिय", "Việt Nam", "אֱלֹהִ֑ים", "👩‍👩‍👧‍👦" * 40, "!" * 200, "“…”—" * 50])
def test_what_any_language_writes_stays_as_it_is(text: str) -> None:
    assert shown(text) == text
