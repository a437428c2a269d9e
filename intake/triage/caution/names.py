"""Members' names in a draft, in whatever script: who answers is nobody's business."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from intake.triage.book.details import Words
from intake.triage.book.search.letters import SOUNDING, SYLLABLE

_SHORTEST = 3
"""Letters of a part of a name, and consonants of what it sounds like in another script."""

_ENDED, _ENDING = 4, 4
"""From so many letters on, a word that goes on with so many more is the name too: many languages hang endings on."""

_MOST_SYLLABLES = 4
_VOWELS = re.compile("[aeiouyw]")
_TWICE = re.compile(r"(.)\1+")


def names(text: str, members: Iterable[str]) -> list[str]:
    """What stands in a text for the names of these members, each once."""
    read = Words(text)
    found: dict[str, None] = {}
    # A name may be a sign alone: nobody could look for that.
    for row in filter(None, (Words(name).words for name in members)):
        for first, last in _places(row, read.words):
            found[read.written(first, last)] = None
    return list(found)


def _places(name: Sequence[str], row: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where a name stands among words: all of it, or a part that says enough."""
    for first in range(len(row) - len(name) + 1):
        if row[first : first + len(name)] == name:
            yield first, first + len(name) - 1
    parts = [part for part in name if len(part) >= _SHORTEST]
    for word, place in {word: place for place, word in reversed(list(enumerate(row)))}.items():
        if any(_is_part(part, word) or _sounds_like(part, word) for part in parts):
            yield place, place
    yield from _spelt(parts, row)


def _is_part(part: str, word: str) -> bool:
    return word == part or (len(part) >= _ENDED and word.startswith(part) and len(word) <= len(part) + _ENDING)


def _sounds_like(part: str, word: str) -> bool:
    """Whether a word of another script is the name, as far as its letters tell."""
    if part.isascii() == word.isascii():
        return False
    name, sound = _sound(part), _sound(word)
    consonants = _consonants(name)
    return _is_part(name, sound) or (len(consonants) >= _SHORTEST and consonants == _consonants(sound))


def _spelt(parts: Sequence[str], row: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where letters of a script without spaces say the name, a syllable each."""
    sounds = {_sound(part) for part in parts if part.isascii()}
    for first in range(len(row) if sounds else 0):
        said = ""
        for last in range(first, min(first + _MOST_SYLLABLES, len(row))):
            if SYLLABLE not in row[last].translate(SOUNDING):
                break
            said += _sound(row[last])
            if said in sounds:
                yield first, last


@lru_cache(1 << 14)
def _sound(word: str) -> str:
    """What it sounds like in Latin letters."""
    return "".join(filter(str.isalnum, word.translate(SOUNDING).replace(SYLLABLE, ""))).lower()


def _consonants(sound: str) -> str:
    return _TWICE.sub(r"\1", _VOWELS.sub("", sound))
