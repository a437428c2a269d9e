"""Codenames that stand in a text where none should."""

import hmac
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Self

from crypto.codename.code import Codename, decode
from crypto.codename.errors import WORDS
from crypto.codename.lists import LANGUAGES, UNSPACED, places
from crypto.codename.seed import Seed
from crypto.codename.typed import fold, tokens

_MARK_DOMAIN = b"codename mark v1\n"
_MARK_SIZE = 4
_MARKS_TOLD = 6
_MARKS_WITHIN = 16


class Marks:
    """What tells a codename's words in a text where the codename itself is no longer at hand."""

    __slots__ = ("_marks", "_seed")

    def __init__(self, seed: Seed, marks: frozenset[bytes]) -> None:
        self._seed = seed
        self._marks = marks

    def __repr__(self) -> str:
        return "<Marks>"

    @classmethod
    def of(cls, codename: Codename, seed: Seed) -> Self:
        """Those of a codename. A word can be found again with its mark and the seed: they are as secret as the seed."""
        return cls(seed, frozenset(_mark(seed, fold(word)) for word in codename.words))

    def in_text(self, text: str) -> bool:
        """Whether most of the words stand close together somewhere in a text of any length, in any order."""
        words = tokens(text)
        marked = {token: mark for token in set(words) if (mark := _mark(self._seed, token)) in self._marks}
        found = [(place, marked[token]) for place, token in enumerate(words) if token in marked]
        wanted = min(_MARKS_TOLD, len(self._marks))
        for first, (begin, _) in enumerate(found):
            near = found[first : first + _MARKS_WITHIN]
            if len({mark for place, mark in near if place < begin + _MARKS_WITHIN}) >= wanted:
                return True
        return False

    def to_bytes(self) -> bytes:
        """The marks, without the seed."""
        return b"".join(sorted(self._marks))

    @classmethod
    def from_bytes(cls, seed: Seed, data: bytes) -> Self:
        """The reverse of `to_bytes`."""
        return cls(seed, frozenset(data[start : start + _MARK_SIZE] for start in range(0, len(data), _MARK_SIZE)))


def stands_in(text: str) -> bool:
    """Whether a codename seems to stand in a text of any length: a row of eight words of one list, with their checksum.

    Of other rows one in 256 is taken for one. There are next to none in a text that is written in letters; but in a
    Chinese one nearly every character is such a word, so that only a line of eight counts there.
    """
    words = tokens(text)
    lines = [line for line in map(tokens, text.splitlines()) if len(line) == WORDS]
    return any(_have_row(language, lines if language in UNSPACED else [words]) for language in LANGUAGES)


def _have_row(language: str, texts: Iterable[Sequence[str]]) -> bool:
    known = places(language)
    for words in texts:
        for are_known, run in groupby(words, known.__contains__):
            row = list(run) if are_known else []
            eights = (row[first : first + WORDS] for first in range(len(row) - WORDS + 1))
            if any(decode(language, eight) is not None for eight in eights):
                return True
    return False


def _mark(seed: Seed, token: str) -> bytes:
    return hmac.digest(seed.to_bytes(), _MARK_DOMAIN + token.encode(), "sha256")[:_MARK_SIZE]
