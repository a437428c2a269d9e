"""Words as they are compared: whatever hides a word from a reader's eye or keyboard hides it from no search."""

import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from intake.triage.book.search.letters import EXACT, FOLDED, SOUNDING
from intake.triage.book.search.words import Reading, Writing, number, words

ANY = st.text(st.characters())
WRITINGS = st.sampled_from(list(Writing))


def folded(text: str) -> list[str]:
    return list(words(text, Writing.FOLDED))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Détenue", "detenue"),
        ("detenue", "de\u0301tenue"),
        ("İstanbul ışık", "istanbul isik"),
        ("Straße Łódź Ægir Đukić", "strasse lodz aegir dukic"),
        ("ёлка", "елка"),
        ("علي", "علی"),
        ("كتاب", "کتاب"),
        ("مُحَمَّد", "محمد"),
        ("كـــتاب", "کتاب"),
        ("می\u200cخواهم", "میخواهم"),
        ("خانهٔ", "خانه"),
        ("ﻻ", "لا"),
        ("ＡＢＣ１２３", "abc123"),
        ("۱۲۳", "123"),
        ("١٢٣", "123"),
        ("ﬁnal", "final"),
        ("po\u200blice", "police"),
        ("\u202epolice\u202c", "police"),
        ("po\u00adlice", "police"),
    ],
)
def test_letters_that_are_variants_of_one_another_are_the_same(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [("بود", "بوب"), ("བོད", "བད"), ("国", "国家"), ("کار", "کا ر"), ("ە", "ه")])
def test_letters_that_are_others_are_not(one: str, other: str) -> None:
    assert folded(one) != folded(other)


def test_a_script_without_spaces_is_read_two_letters_at_a_time() -> None:
    assert folded("去了北京，又回来") == ["去了", "了北", "北京", "京", "又回", "回来", "来"]
    assert folded("北京BTV台") == ["北京", "京", "btv", "台"]


def test_tibetan_is_read_by_its_syllables() -> None:
    assert folded("བོད་ལྗོངས།") == ["བོད", "ལྗོངས"]


def test_exactly_nothing_counts_but_capitals_and_how_accents_are_put_together() -> None:
    assert words("Détenue", Writing.EXACT) == words("de\u0301tenue", Writing.EXACT)
    for one, other in (("détenue", "detenue"), ("علي", "علی"), ("ё", "е"), ("Ａ", "A"), ("۱", "1"), ("ß", "ss")):
        assert words(one, Writing.EXACT) != words(other, Writing.EXACT)


def test_one_name_sounds_alike_in_every_script() -> None:
    sounds = {words(name, Writing.SOUNDING)[0][1:] for name in ("Gulnar", "Gülnar", "Гульнар", "گۈلنار")}
    assert len(sounds) == 1
    assert words("习近平", Writing.SOUNDING) == words("習近平", Writing.SOUNDING) == ["°xi", "°jin", "°ping"]


@pytest.mark.parametrize(
    "typed", ["+90 (555) 123-45-67", "0555 123 45 67", "05551234567", "+90.555.1234567", "۰۵۵۵۱۲۳۴۵۶۷"]
)
def test_a_number_is_the_same_however_it_is_grouped(typed: str) -> None:
    assert number(typed) == number("905551234567")
    assert number(typed) in words(f"Call {typed}, or 12.", Writing.NUMBERS)


def test_what_is_no_number_is_none() -> None:
    assert [number(typed) for typed in ("", "12", "555 12 3", "a1234567", "12, 34567890")] == [""] * 5


@given(ANY, WRITINGS)
@example("\u0e33", Writing.FOLDED)  # one letter that is read as two
def test_each_word_stands_where_it_was_written(text: str, writing: Writing) -> None:
    reading = Reading(text, writing)
    spans = [reading.span(place, place) for place in range(len(reading.words))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    if writing in (Writing.FOLDED, Writing.EXACT):
        for word, (start, end) in zip(reading.words, spans, strict=True):
            assert word in words(text[start:end], writing) or len(word) >= 64


@given(ANY)
def test_no_word_holds_what_the_index_cuts_at_or_reads_as_a_command(text: str) -> None:
    for writing in Writing:
        for word in words(text, writing):
            assert word.removeprefix(writing.value)
            word.encode()
            assert not any(letter.isascii() and not letter.isalnum() for letter in word)


@given(st.text(st.characters(categories=["L", "N", "M"])))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = text.translate(FOLDED)
    assert once.translate(FOLDED) == once


@given(ANY)
def test_exact_words_are_whole_words_of_the_text(text: str) -> None:
    written = unicodedata.normalize("NFC", text.translate(EXACT))
    for word in words(text, Writing.EXACT):
        assert len(word) > 60 or word.removeprefix("«") in written or not unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize(
    "flood", ["a\u0301\u0323" * 20_000, "\u0301\u0323" * 20_000, "a" * 50_000, "北" * 50_000, "1 " * 25_000]
)
def test_text_that_is_made_to_be_slow_is_read_quickly(flood: str) -> None:
    began = time.process_time()
    for writing in Writing:
        words(flood, writing)
    assert time.process_time() - began < 2
    assert max(map(len, words(flood, Writing.FOLDED)), default=0) <= 64


@pytest.mark.slow
def test_all_letters_that_there_are_fill_no_memory() -> None:
    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000:
            words(chr(code), Writing.FOLDED)
    assert len(FOLDED) <= 0x10000
    assert len(SOUNDING) <= 0x10000
