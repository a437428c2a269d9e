"""What leads let leave of a tip, by the log, and whether whoever unlocked this may let something leave now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from intake.protocol import approvals
from intake.protocol.roster import Roster
from intake.report.events import Approval
from intake.triage.mirror.added import Added, Authors
from intake.triage.mirror.file import MirrorFile
from intake.triage.reading.opentip import OpenTip
from intake.triage.workspace.shown import Shown


class UnapprovedError(Exception):
    """A lead has to approve this, and none has, in words for the reviewer."""


@dataclass(frozen=True, slots=True, repr=False)
class Approved:
    """An approval that holds: by whom, since when and until when (UTC). `says`: None where the words aren't here."""

    by: str
    at: datetime
    until: datetime
    says: Approval | None


class Approvals:
    """Of the team as the log shows it. `me`: the key id of whoever unlocked this."""

    def __init__(self, file: MirrorFile, shown: Shown, me: str) -> None:
        self._file, self._shown, self._me = file, shown, me

    @property
    def leads(self) -> Sequence[str]:
        """What those are called who can approve; nobody, where everybody may let something leave."""
        roster = self._roster
        return [roster.label(member.card.key_id) for member in roster.leads]

    @property
    def is_lead(self) -> bool:
        """Whether whoever unlocked this is one of them."""
        return self._roster.is_lead(self._me)

    def holding(self, tip: OpenTip) -> Sequence[Approved]:
        """The approvals of a tip that hold now, in the order of the log."""
        roster, now = self._roster, datetime.now(UTC)
        authors = Authors(self._file, roster)
        return [
            Approved(added.author.name, given.at, given.until, _says(tip, added, authors))
            for added in authors.approved(tip.id)
            if (given := approvals.Approval(added.key, added.author.at)).holds(now, roster)
        ]

    def lacks(self, tip: OpenTip) -> bool:
        """Whether nothing of it may leave by whoever unlocked this, until a lead approves that."""
        return approvals.needs_approval(self._me, self._roster) and not self.holding(tip)

    def require(self, tip: OpenTip) -> None:
        """Raise `UnapprovedError` unless something of a tip may leave."""
        if self.lacks(tip):
            raise UnapprovedError(f"a lead has to approve first that something of this report leaves: {self._who}")

    def require_lead(self) -> None:
        """Raise `UnapprovedError` unless whoever unlocked this can approve."""
        if not self.is_lead:
            raise UnapprovedError(f"only a lead can approve that something leaves: {self._who or 'there is none'}")

    @property
    def _who(self) -> str:
        return " or ".join(self.leads)

    @property
    def _roster(self) -> Roster:
        return Roster() if self._shown.log is None else self._shown.log.roster


def _says(tip: OpenTip, approved: Added, authors: Authors) -> Approval | None:
    """The words of whoever approved: those in the item that the log says they added, sealed as it names it."""
    for signed in tip.written_as(Approval):
        added = authors.added(signed.item)
        if added is not None and (added.digest, added.key) == (approved.digest, approved.key):
            return signed.payload if isinstance(signed.payload, Approval) else None
    return None
