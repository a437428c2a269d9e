"""What a reviewer's book holds, in a form in which two can be compared."""

import io
from dataclasses import fields
from typing import Any

from intake.triage.book import Book, Wanted
from intake.triage.reading.opentip import OpenTip

GIVEN, OTHER = bytes(32), bytes([1]) * 32
"""What tips that are put into a book are said to be opened from."""


def stored(book: Book) -> bytes:
    """All that is kept of a book between two unlocks, in the clear."""
    return b"".join(book.serialize())


def restored(data: bytes) -> Book:
    """The book that was stored so."""
    stream = io.BytesIO(data)
    return Book.deserialize(lambda size: bytearray(stream.read(size)))


def told(tip: OpenTip) -> dict[str, Any]:
    """All of an opened tip: keys have no other equality than that of their text."""
    values = {field.name: getattr(tip, field.name) for field in fields(tip)}
    return values | {"identities": [str(identity) for identity in tip.identities]}


def opened_tip(book: Book, name: str) -> OpenTip:
    """A tip that is in a book."""
    tip = book.tip(name)
    assert tip is not None
    return tip


def opened_tips(book: Book) -> list[OpenTip]:
    """Every tip of a book, in the order of their ids."""
    return [opened_tip(book, name) for name in sorted(book.given())]


def tips_of(book: Book) -> dict[str, dict[str, Any]]:
    """All of every tip of a book by its id."""
    return {tip.id: told(tip) for tip in opened_tips(book)}


def contents(book: Book) -> dict[str, Any]:
    """All that can be asked of a book: tips, every page of the queue under each filter, what was counted and spoilt."""
    counts = book.queue(Wanted()).counts
    wanted = [Wanted(), *(Wanted({field: (choice,)}) for field in sorted(counts) for choice in sorted(counts[field]))]
    queues = [[page_of(book, each, number) for number in range(1, book.queue(each).pages + 1)] for each in wanted]
    return {
        "tips": tips_of(book),
        "given": book.given(),
        "counts": {field: choices for field, choices in counts.items() if choices},
        "spoilt": sorted(book.spoilt()),
        "queues": queues,
    }


def page_of(book: Book, wanted: Wanted, number: int) -> tuple[Any, ...]:
    """A page with its rows."""
    page = book.queue(wanted, number)
    return page.tips, page.pages, [tuple(getattr(row, field.name) for field in fields(row)) for row in page.rows]
