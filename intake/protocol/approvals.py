"""What a lead lets leave the team: where there are leads, whoever is none exports or hands on only what one approved.

Nothing but a member's own program can keep a file from leaving, so that no entry is refused for this: programs that are
as they should be go by it, and whoever reads the log finds what went without.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from intake.protocol.actions import Action
from intake.protocol.roster import Roster

LASTS = timedelta(days=30)
"""For how long an approval holds: what goes to one recipient, file by file, with what they ask for later, goes within a
few weeks. What leaves after that leaves for another reason, which no lead has heard."""

LEAVES = frozenset({Action.EXPORT, Action.REFER})
"""What needs one."""


@dataclass(frozen=True, slots=True)
class Approval:
    """That a member (`key`: key id), who was a lead then, let something of a tip leave, and when (UTC)."""

    key: str
    at: datetime

    @property
    def until(self) -> datetime:
        """For how long it holds (UTC)."""
        return self.at + LASTS

    def holds(self, at: datetime, roster: Roster) -> bool:
        """Whether it does at a time (UTC): only while whoever gave it is a lead."""
        return at <= self.until and roster.is_lead(self.key)


def needs_approval(who: str, roster: Roster) -> bool:
    """Whether a member, by key id, needs one: a lead's own export is approved by whoever makes it."""
    return bool(roster.leads) and not roster.is_lead(who)


def is_approved(given: Iterable[Approval], who: str, at: datetime, roster: Roster) -> bool:
    """Whether a member, by key id, may let something of a tip leave at a time (UTC). `given`: those of the tip."""
    return not needs_approval(who, roster) or any(approval.holds(at, roster) for approval in given)
