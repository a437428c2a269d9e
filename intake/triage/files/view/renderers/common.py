"""What several renderers share: long texts by pages, and no more of anything than an answer holds."""

from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

from intake.triage.files.view.answer import (
    MOST_PARTS,
    Fact,
    Failure,
    Note,
    Order,
    Rendered,
    RenderError,
    Size,
    Tells,
)

CHARACTERS = 20_000
"""Of a text on one page."""
MOST_COPIED = 1_000_000
"""Characters of a text that is copied."""
_LONGEST_VALUE = 2_000

T = TypeVar("T")

PIXELS = {Size.PAGE: 2_500_000, Size.COPY: 24_000_000, Size.MEDIA: 0}
"""How many a picture may have; 2.5 million are a sheet of A4 at 150 to the inch."""


def fact(name: object, value: object, tells: Tells = Tells.NOTHING) -> Fact:
    """Something that a file says of itself, no longer than it can be looked at."""
    return Fact(clean(str(name))[:_LONGEST_VALUE], clean(str(value))[:_LONGEST_VALUE], tells)


def few(parts: Iterable[T]) -> tuple[T, ...]:
    """As many as an answer holds."""
    return tuple(islice(parts, MOST_PARTS))


def clean(text: str) -> str:
    """A text without what is no text: halves of surrogate pairs, and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def text_page(rendered: Rendered, text: str, order: Order) -> Rendered:
    """The page of a long text that was asked for, or all of it for a copy."""
    text = clean(text)
    if order.size is Size.COPY:
        pages, shown = 1, text[:MOST_COPIED]
    else:
        pages = max(1, -(-len(text) // CHARACTERS))
        if order.page > pages:
            raise RenderError(Failure.NO_SUCH_PAGE)
        shown = text[(order.page - 1) * CHARACTERS : order.page * CHARACTERS]
    notes = rendered.notes + (((Note.CUT, MOST_COPIED),) if order.size is Size.COPY and len(text) > MOST_COPIED else ())
    return Rendered(rendered.sort, pages, rendered.facts, notes, shown, rendered.entries)
