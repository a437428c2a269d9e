"""The lists of our own making, in Persian and Arabic: no word is taken for another, however it is typed."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

import pytest

from crypto.codename import encode, generate, parse
from crypto.codename.lists import places, word_list
from crypto.codename.typed import fold, tokens

LETTERS = {
    "fa": "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی",
    "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئةى",
}
BOTH = pytest.mark.parametrize("language", LETTERS)

# The letters that only dots (or the second stroke of a gaf) tell apart, within a word; at its end nun and ya have
# shapes of their own.
SHAPES = ("بپتثنی", "جچحخ", "دذ", "رزژ", "سش", "صض", "طظ", "عغ", "فق", "کگ")
# Those that sound alike in Persian.
SOUNDS = ("سثص", "زذضظ", "تط", "قغ", "هح")


def folded(language: str) -> list[str]:
    return [fold(word) for word in word_list(language)]


def as_one(groups: Iterable[str]) -> Mapping[str, str]:
    return {letter: group[0] for group in groups for letter in group}


def without_dots(word: str) -> str:
    shape = as_one(SHAPES)
    return "".join(shape.get(letter, letter) for letter in word[:-1]) + (
        word[-1] if word[-1] in "نی" else shape.get(word[-1], word[-1])
    )


def as_heard(word: str) -> str:
    sound = as_one(SOUNDS)
    return "".join(sound.get(letter, letter) for letter in word)


def one_step_away(word: str) -> set[str]:
    """What is left of a word when any one letter is missing, or stands as a blank."""
    places_in_word = range(len(word))
    return {word[:at] + blank + word[at + 1 :] for at in places_in_word for blank in ("", "_")}


@BOTH
def test_a_list_has_2048_words_of_three_to_seven_letters_of_its_language(language: str) -> None:
    words = word_list(language)
    assert len(words) == len(set(words)) == 2048
    assert all(re.fullmatch(f"[{LETTERS[language]}]{{3,7}}", word) and len(fold(word)) >= 3 for word in words)
    assert all(word == unicodedata.normalize("NFC", word) for word in words)


@BOTH
def test_the_words_stand_in_the_order_in_which_they_are_compared(language: str) -> None:
    assert folded(language) == sorted(folded(language))


@BOTH
def test_no_word_begins_with_another(language: str) -> None:
    words = set(folded(language))
    assert not [word for word in words for end in range(1, len(word)) if word[:end] in words]


@BOTH
def test_it_takes_two_wrong_letters_to_make_one_word_another(language: str) -> None:
    near = defaultdict(set)
    for word in folded(language):
        near[word].add(word)
        for form in one_step_away(word):
            near[form].add(word)
    assert [found for found in near.values() if len(found) > 1 and not apart(found)] == []


def apart(words: set[str]) -> bool:
    """Whether words that lose one letter each to the same rest differ in two places, as `abc` and `bcd` do."""
    return all(distance(one, other) > 1 for one in words for other in words if one != other)


def distance(one: str, other: str) -> int:
    """The edits (a letter more, less or another) from one word to another."""
    row = list(range(len(other) + 1))
    for count, letter in enumerate(one, 1):
        before, row[0] = row[0], count
        for at, its in enumerate(other, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (letter != its))
    return row[-1]


@BOTH
@pytest.mark.parametrize("seen", [without_dots, as_heard])
def test_no_two_words_differ_by_dots_alone_or_in_persian_by_letters_that_sound_alike(
    language: str, seen: Callable[[str], str]
) -> None:
    if language == "ar" and seen is as_heard:
        seen = without_dots
    assert len({seen(word) for word in folded(language)}) == 2048


@pytest.mark.parametrize("word", ["جاسوس", "سلاح", "زندان", "مرگ", "خدا", "شراب", "انقلاب", "پلیس", "رمز", "خوک"])
def test_what_would_ruin_somebody_is_in_no_persian_list(word: str) -> None:
    assert fold(word) not in places("fa")


@pytest.mark.parametrize("word", ["جاسوس", "سلاح", "سجن", "موت", "الله", "خمر", "ثورة", "شرطة", "رمز", "خنزير", "جهاد"])
def test_what_would_ruin_somebody_is_in_no_arabic_list(word: str) -> None:
    assert fold(word) not in places("ar")


OTHER_KEYBOARDS = [
    str.maketrans("یک", "يك"),
    str.maketrans("يك", "یک"),
    str.maketrans("ىئ", "يی"),
    str.maketrans("أإآؤ", "اااو"),
    str.maketrans("ة", "ه"),
    str.maketrans("ه", "ھ"),
    str.maketrans("ه", "ہ"),
    str.maketrans("", "", "ء"),
]


@BOTH
@pytest.mark.parametrize("keyboard", OTHER_KEYBOARDS)
def test_words_are_read_from_whatever_keyboard_they_were_typed_on(language: str, keyboard: Mapping[int, int]) -> None:
    for word in word_list(language):
        assert tokens(word.translate(keyboard)) == [fold(word)]


@BOTH
def test_words_are_read_with_vowel_signs_stretched_and_in_the_letters_of_old_programs(language: str) -> None:
    for word in word_list(language):
        assert tokens("\u064e".join(word)) == [fold(word)]
        assert tokens("\u0640\u0651".join(word)) == [fold(word)]
    assert tokens("\ufedb\ufe98\ufe8e\ufe8f") == tokens("كتاب") == tokens("کتاب")


@BOTH
def test_a_codename_is_read_with_the_marks_that_turn_its_direction(language: str) -> None:
    for _ in range(20):
        codename = generate(language)
        assert parse("\u200f" + "\u200f \u200e".join(codename.words) + "\u202c").words == codename.words


def test_the_same_80_bits_are_other_words_and_another_seed_in_each_language() -> None:
    codenames = [encode(language, bytes(range(10))) for language in LETTERS]
    assert codenames[0].words != codenames[1].words
    assert codenames[0].derive().to_bytes() != codenames[1].derive().to_bytes()
