"""Codenames in numbers, for whoever reads a language that has no list of words."""

import re
import unicodedata

import pytest

from crypto.codename import (
    LANGUAGES,
    NUMBERS,
    UnknownWordError,
    WordCountError,
    drawn_for,
    encode,
    generate,
    is_word,
    parse,
    stands_in,
)
from crypto.codename.lists import word_list
from crypto.codename.typed import tokens

WEIGHTS = (1, 3, 7, 9)
# The fourth of June, 1989; the fifth of July, 2009.
KNOWN_FOR_SOMETHING = ("64", "89", "75")
DIGITS = ["٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "༠༡༢༣༤༥༦༧༨༩", "०१२३४५६७८९", "０１２３４５６７８９"]


def may_be_in_the_list(number: str) -> bool:
    return (
        sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number, strict=True)) % 10 < 4
        and not any(known in number for known in KNOWN_FOR_SOMETHING)
        and not re.search(r"(.)\1\1", number)
    )


def test_the_list_is_what_its_rule_says() -> None:
    assert list(word_list(NUMBERS)) == [str(n) for n in range(3200, 10_000) if may_be_in_the_list(str(n))][:2048]


def test_no_number_looks_like_a_year_or_a_day() -> None:
    assert all(3200 <= int(number) <= 9999 for number in word_list(NUMBERS))


def test_of_slips_in_a_digit_seven_in_ten_are_told_by_their_place() -> None:
    known, told, tried = set(word_list(NUMBERS)), 0, 0
    for number in known:
        for at in range(4):
            for digit in set("0123456789") - {number[at]}:
                tried += 1
                told += number[:at] + digit + number[at + 1 :] not in known
    assert told / tried > 0.7


@pytest.mark.parametrize("digits", DIGITS)
def test_numbers_are_read_in_the_digits_of_any_script(digits: str) -> None:
    codename = generate(NUMBERS)
    typed = " ".join(codename.words).translate(str.maketrans("0123456789", digits))
    assert parse(typed).words == codename.words
    assert is_word(codename.words[0], typed.split()[0])


@pytest.mark.parametrize("between", ["", " ", "-", ", ", "\n", " / ", "\u200f ", "، "])
def test_numbers_need_nothing_between_them(between: str) -> None:
    codename = generate(NUMBERS)
    read = parse(between.join(codename.words))
    assert (read.language, read.words) == (NUMBERS, codename.words)
    assert read.derive().to_bytes() == codename.derive().to_bytes()


def test_places_in_a_list_are_no_numbers_of_a_codename() -> None:
    codename = generate(NUMBERS)
    assert parse("".join(f"{place}. {word}\n" for place, word in enumerate(codename.words, 1))).words == codename.words
    assert tokens("1 22 a 3456 22b") == ["a", "3456", "b"]


def test_a_digit_too_few_or_too_many_is_told_by_its_place_and_a_number_too_few_by_how_many_there_are() -> None:
    words = list(generate(NUMBERS).words)
    for slip in (words[2][:3], words[2] + "5"):
        with pytest.raises(UnknownWordError) as caught:
            parse(" ".join([*words[:2], slip, *words[3:]]))
        assert caught.value.position == 3
    with pytest.raises(WordCountError) as missing:
        parse(" ".join(words[1:]))
    assert missing.value.count == 7


def test_a_codename_in_numbers_is_noticed_in_a_text_and_other_numbers_are_not() -> None:
    assert stands_in(f"Mine are {' '.join(generate(NUMBERS).words)}, thank you.")
    calls = "\n".join(f"+{10**11 + 7**13 * day}, 2026-11-{day:02} 14:{day:02}" for day in range(1, 28))
    assert not stands_in(calls)


def test_long_rows_of_digits_are_read_in_time_that_grows_with_their_length() -> None:
    assert len(tokens("1234" * 250_000)) == 250_000


@pytest.mark.parametrize("language", ["az", "ug", "bo", "de", "vi", ""])
def test_whoever_reads_a_language_without_a_list_gets_numbers(language: str) -> None:
    assert drawn_for(language) == NUMBERS


def test_whoever_reads_one_that_has_a_list_gets_words_of_it() -> None:
    assert [drawn_for(language) for language in LANGUAGES] == list(LANGUAGES)


def test_shown_numbers_are_digits_that_every_keyboard_has() -> None:
    words = encode(NUMBERS, bytes(10)).words
    assert all(unicodedata.name(digit).startswith("DIGIT ") for word in words for digit in word)
