"""What is looked for as rows of words: a hit is where one of them stands, in the index and on a page alike."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache

from intake.triage.book.search.letters import SOUNDING, SYLLABLE, UNSPACED
from intake.triage.book.search.words import LATIN, TOLD_APART, Writing, number, words

_ENDS_UNSPACED = re.compile(f"[{UNSPACED}]$")
_HAN = range(0x4E00, 0xA000)
_LONGEST_NAME = 4
"""Syllables of a name that are written as one word or several."""

_LONGEST_SYLLABLE, _MOST_READINGS = 6, 8
"""Letters of a syllable, and ways in which one row of letters is read as syllables."""


class How(Enum):
    """How like what was typed a hit must be. The values stand in addresses."""

    USUAL = ""
    EXACT = "exact"
    ANY = "any"


@dataclass(frozen=True, slots=True, repr=False)
class Pattern:
    """Words that stand one after the other; of the last, the beginning is enough if it `begins` a word."""

    words: tuple[str, ...]
    writing: Writing
    begins: bool = False

    def places(self, row: Sequence[str]) -> Iterator[tuple[int, int]]:
        """The first and the last word of each hit. `row`: a text in the pattern's writing."""
        starts = self._starts(row) if len(self.words) > 1 else self._alone(self.words[0], row)
        yield from ((at, at + len(self.words) - 1) for at in starts)

    def _alone(self, word: str, row: Sequence[str]) -> Iterator[int]:
        if self.begins:
            yield from (at for at, each in enumerate(row) if each.startswith(word))
            return
        at = -1
        for _ in range(row.count(word)):
            at = row.index(word, at + 1)
            yield at

    def _starts(self, row: Sequence[str]) -> Iterator[int]:
        """Looked for as one text, which takes no longer where all words are alike; no word holds a space."""
        text, sought = f" {' '.join(row)} ", f" {' '.join(self.words)}{'' if self.begins else ' '}"
        at = number = 0
        while (found := text.find(sought, at)) >= 0:
            number += text.count(" ", at, found)
            yield number
            # Past the space before it, which is that word's.
            at, number = found + 1, number + 1


def patterns(typed: str, how: How, *, begins: bool = False) -> tuple[Pattern, ...]:
    """Every row of words that is a hit for what was typed; none if there is no letter or digit in it."""
    writing = Writing.EXACT if how is How.EXACT else Writing.FOLDED
    if not words(typed, writing):
        return ()
    found = [_row(words(typed, writing), writing, begins=begins)]
    if how is not How.EXACT and (digits := number(typed)):
        found.append(Pattern((digits,), Writing.NUMBERS, begins=len(digits) <= TOLD_APART))
    if how is How.ANY:
        found += _sounding(typed, begins=begins)
    return tuple(dict.fromkeys(found))


def _row(row: Sequence[str], writing: Writing, *, begins: bool) -> Pattern:
    """Where the last word is of a script without spaces, its row may go on in the text."""
    if not _ENDS_UNSPACED.search(row[-1]):
        return Pattern(tuple(row), writing, begins)
    is_single = len(row) == 1 or len(row[-2]) <= len(row[-1])
    return Pattern(tuple(row if is_single else row[:-1]), writing, begins=is_single)


def _sounding(typed: str, *, begins: bool) -> Iterator[Pattern]:
    sounds = words(typed, Writing.SOUNDING)
    if not sounds:
        return
    other = Writing.SOUNDING.value
    begins = begins and not sounds[-1].startswith(SYLLABLE)
    yield Pattern(tuple(_under(other, sound) for sound in sounds), Writing.SOUNDING, begins)
    if any(sound.startswith(other) for sound in sounds):
        yield Pattern(tuple(_under(LATIN, sound) for sound in sounds), Writing.SOUNDING, begins)
    if all(sound.startswith(SYLLABLE) for sound in sounds):
        for row in _joined([sound.removeprefix(SYLLABLE) for sound in sounds]):
            yield Pattern(tuple(row), Writing.FOLDED)
    elif all(sound.startswith(LATIN) for sound in sounds):
        for read in _syllables("".join(words(typed, Writing.FOLDED))):
            yield Pattern(tuple(SYLLABLE + syllable for syllable in read), Writing.SOUNDING)
            yield from (Pattern(tuple(row), Writing.FOLDED) for row in _joined(read))


def _under(mark: str, sound: str) -> str:
    return sound if sound.startswith(SYLLABLE) else mark + sound[1:]


def _joined(syllables: Sequence[str]) -> list[list[str]]:
    """Syllables as words, in each way in which names are written: Xi Jinping, Xi Jin Ping, Xijinping."""
    if len(syllables) > _LONGEST_NAME:
        return [list(syllables), ["".join(syllables)]]
    rows = [[syllables[0]]]
    for syllable in syllables[1:]:
        apart, joined = [[*row, syllable] for row in rows], [[*row[:-1], row[-1] + syllable] for row in rows]
        rows = apart + joined
    return rows


def _syllables(letters: str) -> list[list[str]]:
    """The readings of Latin letters as syllables of Chinese, if they are such: "xian" is one or two."""
    readings: list[list[list[str]]] = [[[]], *([] for _ in letters)]
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - _LONGEST_SYLLABLE), end):
            if letters[start:end] in _known():
                readings[end] += [[*row, letters[start:end]] for row in readings[start]]
        del readings[end][_MOST_READINGS:]
    return readings[-1] if letters else []


@cache
def _known() -> frozenset[str]:
    return frozenset(SOUNDING[code].strip(f" {SYLLABLE}") for code in _HAN) - {""}
