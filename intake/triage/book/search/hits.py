"""Where a query is found in a report, which is read once more as it stands: for pages, and for terms to watch for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from intake.triage.book.search.patterns import Pattern
from intake.triage.book.search.query import Query, Term
from intake.triage.book.search.texts import Content, Text
from intake.triage.book.search.words import Reading, Writing

_AROUND = 90
"""Letters that are shown on either side of a hit."""

_LONGEST = 400
"""Letters that are marked and shown at most: a hit may be as long as a text."""


_MOST_COUNTED = 10_000
"""Hits of one kind in a text. Whoever finds that many reads it all."""


@dataclass(frozen=True, slots=True, repr=False)
class Piece:
    """Some letters of a text, and whether they are a hit."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True, repr=False)
class Hit:
    """The first hit in a text with what stands around it, and whether the text goes on before and after that.

    `more`: hits in that text that are not shown.
    """

    text: Text
    pieces: Sequence[Piece]
    goes_on_before: bool
    goes_on_after: bool
    more: int


def fitting(queries: Mapping[str, Query], content: Content) -> list[str]:
    """The names of those queries by which a report is found; it is read once for all of them."""
    read = [_Read(text) for text in content.texts]
    return [name for name, query in queries.items() if _is_found(query, content, read)]


def hits(query: Query, content: Content) -> Iterator[Hit]:
    """The hits in a report, text by text, in the order of its page."""
    return _hits(query, map(_Read, content.texts))


def first_hits(queries: Mapping[str, Query], content: Content, most: int) -> Mapping[str, Sequence[Hit]]:
    """By name of a query, its first hits in a report, which is read once for all of them."""
    read = [_Read(text) for text in content.texts]
    return {name: list(islice(_hits(query, read), most)) for name, query in queries.items()}


def _hits(query: Query, read: Iterable["_Read"]) -> Iterator[Hit]:
    for each in read:
        spans = sorted({span for term in query.terms for span in each.spans(term)})
        if spans:
            yield _hit(each.text, _apart(spans))


class _Read:
    """A text in each writing that is asked for."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self._readings: dict[Writing, Reading] = {}

    def spans(self, term: Term) -> Sequence[tuple[int, int]]:
        if term.parts and self.text.part not in term.parts:
            return []
        # Those that are likest to what was typed come first: where they are found, others would only be marked besides.
        for _, alike in groupby(term.patterns, lambda pattern: pattern.writing):
            found = [span for each in alike for span in self._spans(each)]
            if found:
                return found
        return []

    def _spans(self, pattern: Pattern) -> Iterator[tuple[int, int]]:
        reading = self._readings.get(pattern.writing)
        if reading is None:
            reading = self._readings[pattern.writing] = Reading(self.text.text, pattern.writing)
        if not reading.lacks(pattern.words[0]):
            yield from (reading.span(*place) for place in islice(pattern.places(reading.words), _MOST_COUNTED))


def _is_found(query: Query, content: Content, read: Sequence[_Read]) -> bool:
    if not (query.after < content.day and (not query.before or content.day < query.before)):
        return False
    return all(_fits(term, content, read) for term in query.terms)


def _fits(term: Term, content: Content, read: Sequence[_Read]) -> bool:
    return not content.choices.isdisjoint(term.choices) or any(each.spans(term) for each in read)


def _apart(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Hits that overlap or touch as one."""
    found = [spans[0]]
    for start, end in spans[1:]:
        first, last = found[-1]
        if start <= last:
            found[-1] = first, max(last, end)
        else:
            found.append((start, end))
    return found


def _hit(text: Text, spans: Sequence[tuple[int, int]]) -> Hit:
    first = spans[0][0]
    start, end = max(0, first - _AROUND), min(len(text.text), min(spans[0][1], first + _LONGEST) + _AROUND)
    pieces: list[Piece] = []
    at = start
    for hit_start, hit_end in spans:
        if hit_start >= end:
            break
        pieces.append(Piece(text.text[at:hit_start], is_hit=False))
        at = min(hit_end, end)
        pieces.append(Piece(text.text[hit_start:at], is_hit=True))
    pieces.append(Piece(text.text[at:end], is_hit=False))
    shown = sum(piece.is_hit for piece in pieces)
    return Hit(text, [piece for piece in pieces if piece.text], start > 0, end < len(text.text), len(spans) - shown)
