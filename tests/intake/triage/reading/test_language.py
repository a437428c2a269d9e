"""Which language a report looks like, guessed on this machine: known ones, ours by their letters, and no neighbours."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import run
from intake.demo.reports import demo_reports
from intake.triage.reading.language import MOST_READ, Guess, guess

UYGHUR = "ساقچىلار ئانامنىڭ ئۆيىگە كېلىپ، مېنىڭ قەيەردە ئىكەنلىكىمنى سورىدى. ئۇلار تېلېفون نومۇرۇمنى بۈگۈن سورىدى."
TIBETAN = "ཉེན་རྟོག་པས་ངའི་ཨ་མའི་ཁྱིམ་དུ་སླེབས་ནས་ང་གང་དུ་ཡོད་དྲིས་སོང་།"
KURDISH = "پۆلیس هاتنە ماڵی دایکم و پرسیاریان کرد کە من لە کوێم. ئەوان ژمارەی تەلەفۆنەکەمیان ویست."
PASHTO = "پولیس زما د مور کور ته راغلل او پوښتنه یې وکړه چې زه چېرته یم."


@pytest.mark.parametrize("text", [UYGHUR, TIBETAN])
def test_uyghur_and_tibetan_are_told_by_their_letters_alone(text: str) -> None:
    found = guess(text)
    assert found == Guess("ug" if text == UYGHUR else "bo", by_letters=True)


@pytest.mark.parametrize("text", [KURDISH, PASHTO])
def test_what_is_not_known_is_not_taken_for_its_neighbour(text: str) -> None:
    assert guess(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("ذهبت الشرطة إلى بيت أمي وسألت أين أنا.", "ar"),
        ("Polis annemin evine geldi ve nerede olduğumu sordu.", "tr"),
        ("Полиция анамның үйіне келіп, менің қайда екенімді сұрады.", "kk"),
        ("Công an đến nhà mẹ tôi.", "vi"),
        ("警察去了我母亲的家。", "zh"),
        ("They went to my mother. ماما", "en"),
    ],
)
def test_a_language_that_is_known_is_guessed(text: str, language: str) -> None:
    assert guess(text) == Guess(language, by_letters=False)


def test_the_invented_reports_look_like_what_they_are() -> None:
    for report in demo_reports():
        found = guess(str(report.answers["narrative"]))
        assert found is not None
        assert found.language == report.language.partition("-")[0]


@pytest.mark.parametrize("text", ["", "12345 !!!", "\0", "Hi", "\u202e", "👍👍", "\N{COMBINING GRAVE ACCENT}" * 50_000])
def test_of_what_says_nothing_nothing_is_said(text: str) -> None:
    assert guess(text) is None


@given(st.text(st.characters(codec="utf-8")))
def test_no_text_is_an_error(text: str) -> None:
    guess(text)


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert guess(("They went to my mother. " * MOST_READ)[:MOST_READ] + TIBETAN * 50_000) == Guess(
        "en", by_letters=False
    )


MEASURED = """
import resource, sys
import intake.triage.pages.app
from intake.demo.reports import demo_reports
from intake.triage.reading.language import guess

assert "lingua" not in sys.modules, "it is loaded before anything is looked at"
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for report in demo_reports():
    guess(str(report.answers["narrative"]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
"""How many kibibytes more memory guessing takes, in all the scripts of the invented reports."""


@pytest.mark.slow
def test_it_takes_no_memory_before_it_is_needed_and_less_than_150_mb_then() -> None:
    ended = run([sys.executable, "-c", MEASURED])
    assert ended.stderr == ""
    assert int(ended.stdout) < 150_000
