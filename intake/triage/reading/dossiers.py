"""Dossiers of the whole team's: which one to write into, of those that there are, and what counts in them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from intake.protocol.actions import Action
from intake.protocol.logstate import LogState
from intake.report.events import SavedFilter
from intake.triage.reading.opentip import OpenTip
from intake.triage.reading.standing import Change

_SAME_READERS = (Action.CLOCK, Action.REKEY)
"""What decides about entries to come, and not about who reads."""

WRITTEN_INTO = timedelta(days=90)
"""How long a dossier is written into. Like a report, it is deleted by its age: what is written last stays for long."""


def to_write_into(dossiers: Iterable[OpenTip], log: LogState) -> str | None:
    """The first, in the log's order, that just the reviewers of now can read and that is not old; its tip."""
    changes = (ruling.place for ruling in log.rulings if ruling.entry.action not in _SAME_READERS)
    since = max(changes, default=-1)
    for tip in dossiers:
        if tip.made is not None and tip.made.place > since and log.clock.last - tip.made.at < WRITTEN_INTO:
            return tip.id
    return None


def counting(changes: Iterable[Change], label: Callable[[str], str]) -> Iterator[Change]:
    """What counts of what was written into them, in the log's order: of somebody's own filter, what they wrote alone.

    A filter stays whose it was saved as: nobody takes one of the team's away from the others by calling it their own.
    `label`: what somebody is called by the log, by the id of their key.
    """
    owners: dict[str, str] = {}
    for change in changes:
        event = change.event
        if isinstance(event, SavedFilter):
            if event.owner and change.author is not None and label(event.owner) != change.author.name:
                continue
            if owners.setdefault(event.filter, event.owner) != event.owner:
                continue
        yield change
