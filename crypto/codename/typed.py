"""How what somebody typed is read: without case, accents, punctuation, or the numbers of a list."""

import hmac
import re
import unicodedata
from collections.abc import Sequence

_LONGEST_WORD = 100
_MOST_FOLDED = 20_000

_HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
# Chinese is typed without spaces: every character is a word. Anything that is no letter or digit parts words, and so
# does a number right in front of one.
_TOKEN = re.compile(rf"[{_HAN}]|\d+(?=[^\W\d_])|[^\W_{_HAN}]+")
_LONGEST_PLACE = 2
_NUMBER_LENGTH = 4
# What is one letter to whoever types it: Arabic and Persian keyboards have their own ya, kaf and ha; ta marbuta and
# alif maqsura are typed as they look; a hamza is left out, and so is what only stretches a line.
_ARABIC_LETTERS = str.maketrans("يىئےكةھہەٱ", "یییےکهههها", "ءـ")
# Dotless i has no decomposition; Katakana is Hiragana from an input method that was set to it.
# The South of Korea alone writes a ㅅ between the parts of a word (고춧가루).
_ALIKE = {ord("ı"): "i", 0x11BA: ""} | {code: chr(code - 0x60) for code in range(0x30A1, 0x30F7)} | _ARABIC_LETTERS
# The North and the Koreans of China write ㄹ and ㄴ where the South writes ㅇ, or ㄴ for ㄹ: 력사 and 역사, 녀성 and
# 여성, 로동 and 노동. Letters are decomposed here; these vowels begin with a y, or are an i.
_Y_VOWELS = "[\u1163\u1164\u1167\u1168\u116d\u1172\u1175]"
_NO_LETTER_BEFORE = r"(?<![^\W\d_])"
_UNSAID_IN_THE_SOUTH = re.compile(rf"(?:{_NO_LETTER_BEFORE}\u1102|\u1105)(?={_Y_VOWELS})")
_SAID_OTHERWISE_IN_THE_SOUTH = re.compile(rf"{_NO_LETTER_BEFORE}\u1105")


def is_word(word: str, typed: str) -> bool:
    """Whether somebody typed this word, as forgivingly as `parse` reads it, and in constant time."""
    return hmac.compare_digest(fold(word).encode(), "".join(tokens(typed[:_LONGEST_WORD])).encode())


def tokens(text: str) -> list[str]:
    """The words of a text, as they are compared."""
    found = _TOKEN.findall(fold(text))
    return [word for token in found for word in (_numbers(token) if token.isdecimal() else (token,))]


def _numbers(digits: str) -> Sequence[str]:
    """What a row of digits says: several numbers if they were typed without spaces; none if it is a place in a list."""
    if len(digits) <= _LONGEST_PLACE:
        return ()
    if len(digits) % _NUMBER_LENGTH:
        return (digits,)
    return [digits[start : start + _NUMBER_LENGTH] for start in range(0, len(digits), _NUMBER_LENGTH)]


def fold(text: str) -> str:
    """A text as it is compared: in the plainest way that somebody types it."""
    return _as_in_the_south(text.translate(_FOLDS))


def _as_in_the_south(folded: str) -> str:
    return _SAID_OTHERWISE_IN_THE_SOUTH.sub("\u1102", _UNSAID_IN_THE_SOUTH.sub("\u110b", folded))


def _fold_character(char: str) -> str:
    # Decomposed before and after: lower case can be decomposed where upper case is not, and the reverse.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    return "".join(_fold_digit(part) for part in folded if not unicodedata.combining(part)).translate(_ALIKE)


def _fold_digit(char: str) -> str:
    """A digit of any script as one of ours; anything else as it is."""
    return str(unicodedata.decimal(char, char))


class _Folds(dict[int, str]):
    """Every character folded by itself, which comes to the same as the text as a whole, for marks are left out.

    To put n of them in order, which is done to a whole text, takes n² steps.
    """

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        if len(self) < _MOST_FOLDED:
            self[code] = folded
        return folded


_FOLDS = _Folds()
