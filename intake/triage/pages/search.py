"""The search: what was typed is the address, so that a page of it can be come back to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from flask import Blueprint, render_template, request

from intake.triage.book import Book
from intake.triage.book.search import PARTS, Hit, How, Query, hits
from intake.triage.pages.sought import sought
from intake.triage.pages.views import unlocked
from intake.triage.reading.opentip import OpenTip
from intake.triage.workspace import Workspace

blueprint = Blueprint("search", __name__)

HOW: Mapping[How, str] = MappingProxyType(
    {
        How.USUAL: "accents and letter forms don't count",
        How.EXACT: "exactly as it is written",
        How.ANY: "in any script, by its sound",
    }
)
_HOW = {how.value: how for how in HOW}
LONGEST = 1000
"""Characters that a page lets somebody type. An address holds so many in any script."""

PART_NAMES = PARTS
_ANCHORS: Mapping[str, str] = MappingProxyType(
    {"note": "note", "reply": "reply", "message": "reply", "file": "files", "act": "act", "referral": "referral"}
)
_MOST_SHOWN = 3
"""Texts of one report of which hits are shown."""


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """One report that was found. `more`: texts with hits beside those that are shown."""

    tip: OpenTip
    status: str
    hits: Sequence[Hit]
    more: int

    @property
    def anchor(self) -> str | None:
        """Where on its page the first hit is, as far as that has a name."""
        return _ANCHORS.get(self.hits[0].text.part) if self.hits else None


@blueprint.get("/search")
@unlocked
def search(workspace: Workspace) -> str:
    """What was searched for in everything that was opened, fifty reports a page."""
    typed = request.args.get("q", "")
    query = sought(typed, workspace, _HOW.get(request.args.get("how", ""), How.USUAL))
    page = None if query.is_empty else workspace.book.search(query, request.args.get("page", 1, int))
    return render_template(
        "search.html",
        workspace=workspace,
        sought=typed,
        how=query.how,
        left_out=query.left_out,
        page=page,
        results=[] if page is None else list(_results(workspace.book, query, page.found)),
    )


def _results(book: Book, query: Query, found: Sequence[str]) -> Iterator[Result]:
    for name in found:
        # What was found a moment ago may have been withdrawn since.
        if tip := book.tip(name):
            every = list(hits(query, book.content(tip)))
            yield Result(tip, book.standing(tip).status, every[:_MOST_SHOWN], len(every[_MOST_SHOWN:]))
