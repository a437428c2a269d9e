"""Words by which a draft invites its reader to get in touch with a relative, in the languages of the form.

The service never does: whoever is called may be the one who is made to call back. What the words are is in
`relatives.toml`, a language a table.
"""

import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from intake.triage.book.details import Words

_NEAR = 20
"""Words between the two, at most."""

_ANY_END = "*"


def invitations(text: str) -> list[str]:
    """What stands in a text from a word for getting in touch to one for a relative, or the other way round."""
    read = Words(text)
    found: dict[str, None] = {}
    for vocabulary in _vocabularies():
        relatives, touch = (list(vocabulary.places(kind, read.words)) for kind in ("relatives", "touch"))
        for first, last in _near(relatives, touch):
            found[read.written(first, last)] = None
    return list(found)


def _near(relatives: Iterable[tuple[int, int]], touch: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Each relative with the nearest word for getting in touch, from the beginning of one to the end of the other."""
    starts = [start for start, _ in touch]
    for first, last in relatives:
        at = bisect_left(starts, first)
        spans = [(min(first, start), max(last, end)) for start, end in touch[max(at - 1, 0) : at + 2]]
        nearest = min((span for span in spans if span != (first, last)), key=_length, default=None)
        if nearest is not None and _length(nearest) <= _NEAR:
            yield nearest


def _length(span: tuple[int, int]) -> int:
    return span[1] - span[0]


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Words that stand one after the other. Of the last, the beginning is enough if `begins`."""

    words: tuple[str, ...]
    begins: bool

    def fits(self, row: Sequence[str], at: int) -> bool:
        """Whether it stands there."""
        *before, last = self.words
        end = at + len(before)
        if end >= len(row) or list(row[at:end]) != before:
            return False
        return row[end].startswith(last) if self.begins else row[end] == last


class _Vocabulary:
    """The words of one language, found by their first two letters."""

    def __init__(self, data: Mapping[str, Sequence[str]]) -> None:
        self._by_letters: dict[str, dict[str, list[_Phrase]]] = {}
        for kind, phrases in data.items():
            found = self._by_letters.setdefault(kind, {})
            for phrase in map(_phrase, phrases):
                found.setdefault(phrase.words[0][:2], []).append(phrase)

    def places(self, kind: str, row: Sequence[str]) -> Iterator[tuple[int, int]]:
        """The first and the last word of each phrase of a kind."""
        phrases = self._by_letters[kind]
        for at, word in enumerate(row):
            for phrase in phrases.get(word[:2], ()):
                if phrase.fits(row, at):
                    yield at, at + len(phrase.words) - 1
                    break


def _phrase(written: str) -> _Phrase:
    return _Phrase(tuple(Words(written).words), written.endswith(_ANY_END))


@cache
def _vocabularies() -> Sequence[_Vocabulary]:
    data = tomllib.loads(files(__package__).joinpath("relatives.toml").read_text("utf-8"))
    return [_Vocabulary(words) for words in data.values()]
