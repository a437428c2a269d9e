"""What the team watches for in a report, and where it stands there."""

from collections.abc import Sequence
from dataclasses import dataclass

from intake.triage.book.search import Hit, first_hits
from intake.triage.reading.opentip import OpenTip
from intake.triage.workspace import Workspace

_MOST_SHOWN = 3
"""Texts of which hits of a term are shown."""


@dataclass(frozen=True, slots=True, repr=False)
class Watched:
    """A term that marks a report, and where it is found; `hits` is empty where an answer is what it asks for."""

    term: str
    hits: Sequence[Hit]


def watched(workspace: Workspace, tip: OpenTip) -> list[Watched]:
    """Everything on the watch list that is found in a tip."""
    if not (found := workspace.book.watched(tip.id)):
        return []
    hits = first_hits(found, workspace.book.content(tip), _MOST_SHOWN)
    return [Watched(term, hits[name]) for name, term in workspace.team.watch_terms().items() if name in hits]
