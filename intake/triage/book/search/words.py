"""Text as a row of words, in each of the ways in which it can be searched, and where each word stands in it.

A word of a script that writes no spaces is every two letters that follow on one another, and the last letter of their
row alone: so words of two letters and longer ones are found wherever they stand, and single letters as beginnings.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cached_property, lru_cache
from itertools import accumulate, chain
from types import MappingProxyType

from intake.triage.book.search.letters import EXACT, FOLDED, NUMBERS, SOUNDING, SYLLABLE, UNSPACED, Letters

_ROW_OR_WORD = re.compile(f"[{UNSPACED}]+|[^ {UNSPACED}]+")
_IS_ROW = re.compile(f"[{UNSPACED}]")
_LONGEST = 64
"""Letters of a word. What is longer is cut into several, so that a text without a space fills no dictionary."""

_GROUP = re.compile("[0-9]+")
_GROUPS = re.compile("[0-9]+(?: {1,3}[0-9]+)*")
_FEWEST, TOLD_APART, _MOST = 7, 9, 15
"""Digits of a number that is found however it is grouped, of its end, by which it is, and of any telephone number."""

_VOWELS = str.maketrans("", "", "aeiouyw")
_TWICE = re.compile(r"(.)\1+")


class Writing(Enum):
    """A way in which a text is read. In the index, the value stands before each word of this way."""

    FOLDED = ""
    EXACT = "«"
    SOUNDING = "±"
    NUMBERS = "¤"


LATIN = "¬"
"""Stands before the sound of a word in Latin letters: only words of other scripts are compared with it."""

_LETTERS: Mapping[Writing, Letters] = MappingProxyType(
    {Writing.FOLDED: FOLDED, Writing.EXACT: EXACT, Writing.SOUNDING: SOUNDING, Writing.NUMBERS: NUMBERS}
)


class Reading:
    """A text as a row of words, read in one way, and where each stands in the text as it was written."""

    def __init__(self, text: str, writing: Writing) -> None:
        self._text = text
        self._writing = writing
        self._letters = _LETTERS[writing]
        self._read = text.translate(self._letters)

    @cached_property
    def words(self) -> Sequence[str]:
        """The words, in their order."""
        return _named(self._found, self._writing)

    @cached_property
    def _found(self) -> Sequence[str]:
        """What is a word, as it is read."""
        if self._writing is not Writing.NUMBERS and not _IS_ROW.search(self._read):
            found = self._read.split()
            if max(map(len, found), default=0) <= _LONGEST:
                # Nothing else than spaces ends one here; where it stands is asked of few texts.
                return found
        return [self._read[start:end] for start, end in self._spans]

    def lacks(self, word: str) -> bool:
        """Whether it is clear at first sight that no word begins like this one."""
        is_as_read = self._writing is Writing.FOLDED or word.startswith(SYLLABLE)
        return is_as_read and word not in self._read

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Where the text from one of its words to another begins and ends."""
        end = bisect_left(self._ends, self._spans[last][1])
        # What can't be seen, or is left out, belongs to the letter before it.
        return bisect_right(self._ends, self._spans[first][0]), bisect_right(self._ends, self._ends[end])

    @cached_property
    def _spans(self) -> Sequence[tuple[int, int]]:
        return _spans(self._read, self._writing)

    @cached_property
    def _ends(self) -> Sequence[int]:
        """Up to where what stands for each letter of the text goes."""
        if self._text.isascii() and self._writing is not Writing.SOUNDING:
            return range(1, len(self._text) + 1)
        return list(accumulate(map(len, map(self._letters.__getitem__, map(ord, self._text)))))


def words(text: str, writing: Writing) -> Sequence[str]:
    """The words of a text, in their order."""
    return Reading(text, writing).words


def number(text: str) -> str:
    """The word for a number however it is grouped, as the index has it; empty if this is none or a short one."""
    letters = text.translate(NUMBERS).strip()
    return _number(letters) if _GROUPS.fullmatch(letters) and len(letters.replace(" ", "")) >= _FEWEST else ""


def _spans(letters: str, writing: Writing) -> list[tuple[int, int]]:
    """Where the words are in what stands for the letters of a text."""
    if writing is Writing.NUMBERS:
        return list(_numbers(letters))
    spans: list[tuple[int, int]] = []
    for match in _ROW_OR_WORD.finditer(letters):
        start, end = match.span()
        if _IS_ROW.match(letters, start):
            spans += zip(range(start, end), chain(range(start + 2, end + 1), (end,)), strict=True)
        elif end - start <= _LONGEST:
            spans.append((start, end))
        else:
            spans += ((place, min(place + _LONGEST, end)) for place in range(start, end, _LONGEST))
    return spans


def _numbers(letters: str) -> Iterator[tuple[int, int]]:
    """A number up to each of its groups of digits, since nothing says whether the next one belongs to it."""
    for match in _GROUPS.finditer(letters):
        groups, digits = deque[re.Match[str]](), 0
        for group in _GROUP.finditer(letters, *match.span()):
            groups.append(group)
            digits += len(group[0])
            while digits > _MOST and len(groups) > 1:
                digits -= len(groups.popleft()[0])
            if digits >= _FEWEST:
                yield groups[0].start(), group.end()


def _named(found: Sequence[str], writing: Writing) -> list[str]:
    match writing:
        case Writing.FOLDED:
            return list(found)
        case Writing.EXACT:
            return list(map(_exact, found))
        case Writing.SOUNDING:
            return list(map(_sounding, found))
        case Writing.NUMBERS:
            return list(map(_number, found))


def _number(groups: str) -> str:
    """Its end, backwards: who looks for a part of it has its last digits, with or without a country's."""
    return Writing.NUMBERS.value + groups.replace(" ", "")[: -TOLD_APART - 1 : -1]


def _exact(word: str) -> str:
    return Writing.EXACT.value + (word if word.isascii() else unicodedata.normalize("NFC", word))


@lru_cache(1 << 16)
def _sounding(word: str) -> str:
    """A word without its vowels, which some scripts don't write and others write in many ways."""
    if word.startswith(SYLLABLE):
        return word
    small = word.lower()
    short = _TWICE.sub(r"\1", small.translate(_VOWELS))
    return (LATIN if word == small else Writing.SOUNDING.value) + (short if len(short) > 1 else small)
