"""What a reviewer says to a finding is one line that shows as it is."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.protocol.actions import ActionError
from intake.protocol.sentence import LARGEST_SENTENCE, LONGEST_SENTENCE, parse_sentence


@pytest.mark.parametrize(
    "says", ["Holiday cover.", "من جای نرگس بودم، می‌دانید.", "我替她值班。", "x" * LONGEST_SENTENCE]
)
def test_a_sentence_of_any_script_is_taken_as_it_is(says: str) -> None:
    assert parse_sentence(says.encode()) == says


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "there is no sentence"),
        (b" Cover.", "spaces around it"),
        (b"Two\nlines.", "one line"),
        ("turned \u202e round".encode(), "characters that don't show"),
        (b"\xff", "UTF-8"),
        (b"x" * (LONGEST_SENTENCE + 1), "at most 300"),
    ],
)
def test_anything_else_is_refused_and_said_why(body: bytes, says: str) -> None:
    with pytest.raises(ActionError, match=says):
        parse_sentence(body)


LATER = "\u0cf3\u2ffc\u1c89\U0001fae9\U0001fac8\U00016d43"
"""Characters that came with Unicode 15, 15.1, 16 and 17."""


def test_whether_one_is_taken_is_the_same_for_every_python_that_verifies_the_log() -> None:
    """Otherwise one sentence, which a server with a newer Python took, makes the log false for whoever has an older."""
    for character in LATER:
        assert parse_sentence(character.encode()) == character


def test_nothing_that_does_not_show_is_taken_but_what_joins_letters() -> None:
    unshown = [
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(character) in ("Cc", "Cf", "Co", "Zl", "Zp", "Zs") and character not in " \u200c\u200d"
    ]
    assert len(unshown) > 100_000
    for character in unshown:
        with pytest.raises(ActionError, match="don't show"):
            parse_sentence(f"a{character}b".encode())


@given(st.text(min_size=1, max_size=LONGEST_SENTENCE) | st.text("\U00020000", min_size=LONGEST_SENTENCE))
def test_what_is_taken_fits_into_the_body_and_comes_back_unchanged(text: str) -> None:
    try:
        assert parse_sentence(text.encode()) == text
    except ActionError:
        return
    assert len(text.encode()) <= LARGEST_SENTENCE
