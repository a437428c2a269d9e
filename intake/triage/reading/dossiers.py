"""Dossiers of the whole team's: which one to write into, of those that there are."""

from collections.abc import Iterable
from datetime import timedelta

from intake.protocol.actions import Action
from intake.protocol.logstate import LogState
from intake.triage.reading.opening import OpenTip

WRITTEN_INTO = timedelta(days=90)
"""How long a dossier is written into. Like a report, it is deleted by its age: what is written last stays for long."""


def to_write_into(dossiers: Iterable[OpenTip], log: LogState) -> str | None:
    """The first, in the log's order, that just the reviewers of now can read and that is not old; its tip."""
    changes = (ruling.place for ruling in log.rulings if ruling.entry.action is not Action.CLOCK)
    since = max(changes, default=-1)
    for tip in dossiers:
        if tip.made is not None and tip.made.place > since and log.clock.last - tip.made.at < WRITTEN_INTO:
            return tip.id
    return None
