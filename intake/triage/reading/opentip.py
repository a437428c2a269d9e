"""A tip in the clear, in memory: what its source and reviewers wrote, and what is to be said of it."""

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TypeVar

from crypto.age import HybridIdentity
from intake.protocol.index import ItemRow
from intake.report.events import Event, Note
from intake.report.payloads import About, ConsentAnswer, Entered, Handed, Opened, Payload, Reply, Saved
from intake.report.told import Account
from intake.triage.mirror.added import Author
from intake.triage.reading.conversation import Line
from intake.triage.reading.given import Restriction
from intake.triage.reading.standing import Change

P = TypeVar("P", bound=Payload)

WRITTEN = Reply | Opened | Note | Event | Entered | Handed | Saved
"""What reviewers write."""


@dataclass(frozen=True, slots=True, repr=False)
class Signed:
    """Something a reviewer wrote."""

    item: str
    author: Author
    payload: WRITTEN


@dataclass(frozen=True, slots=True, repr=False)
class TakenBack:
    """A reply that is deleted: who had written it, and who took it back."""

    item: str
    author: Author
    by: Author


@dataclass(frozen=True, slots=True, repr=False)
class Attachment:
    """A file of a tip: the day on which its description came, what that says, and the size of its sealed bytes."""

    day: str
    about: About
    sealed: int


@dataclass(frozen=True, slots=True, repr=False)
class DatedAnswer:
    """What a source answered to whether something may be done: the id of its item, its day, and the answer.

    `is_sure`: nothing that the source sent later is missing or in doubt, as far as that can be known.
    """

    item: str
    day: str
    answer: ConsentAnswer
    is_sure: bool


@dataclass(slots=True, repr=False)
class OpenTip:
    """A tip in the clear, in memory. `warnings` and `remarks` are shown with it.

    `signer`: the source's key, empty if none is known. `recipient`: the digest of the one that the index names for it,
    if that is of the summary that was opened. `files`: by id of their descriptions. `rows`: the items that are
    shown as the source's, `deleted`: ids of the replies that it deleted, `replies`: how many the log has.
    `consent_answers`: to what it was asked in particular, in the order of its numbers. `made`: the member who made it,
    by the log, and when; None if it came from the source site. `slowly`: its source has chosen that withdrawing takes
    some days; `asked`: the day on which it asked for that, if it did not take it back; `ended`: the day since
    which no code leads to it. `restriction`: to whom it is restricted, if it is, and others are
    shown nothing else. `dossier`: what a dossier of the team's own is about,
    empty in reports.
    """

    id: str
    day: str
    made: Author | None = None
    restriction: Restriction | None = None
    dossier: str = ""
    source: str = ""
    signer: str = ""
    recipient: str = ""
    language: str = ""
    identities: tuple[HybridIdentity, ...] = ()
    account: Account = field(default_factory=Account)
    narrative: str = ""
    conversation: list[Line] = field(default_factory=list)
    consent_answers: list[DatedAnswer] = field(default_factory=list)
    files: dict[str, Attachment] = field(default_factory=dict)
    written: list[Signed] = field(default_factory=list)
    taken_back: list[TakenBack] = field(default_factory=list)
    rows: tuple[ItemRow, ...] = ()
    deleted: set[str] = field(default_factory=set)
    replies: int = 0
    slowly: bool = False
    asked: str = ""
    ended: str = ""
    warnings: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    spoilt: list[str] = field(default_factory=list)
    """Items that are not what was sealed, on this machine or at the desk already."""

    @property
    def is_shut_out(self) -> bool:
        """Whether it is restricted to others than whoever reads here, who is shown nothing else of it."""
        return self.restriction is not None and not self.restriction.is_mine

    @property
    def is_abandoned(self) -> bool:
        """Whether it is restricted, and none of those whom it is restricted to is a reviewer any more."""
        return self.restriction is not None and not self.restriction.left

    @property
    def changes(self) -> list[Change]:
        """Every event, in the order of the log."""
        return [Change(s.item, s.payload, s.author) for s in self.written if isinstance(s.payload, Event)]

    @property
    def unanswered(self) -> str:
        """The day of the source's first message after the last answer; empty if there is none."""
        since = takewhile(lambda line: not line.answers, reversed(self.conversation))
        return min((line.day for line in since if not line.author), default="")

    @property
    def active(self) -> str:
        """The latest day on which anybody wrote."""
        written = (f"{signed.author.at:%Y-%m-%d}" for signed in self.written)
        return max(self.day, *(row.day for row in self.rows), *written)

    @property
    def items(self) -> frozenset[str]:
        """The ids of all that it holds that somebody may read as new, and of replies that were taken back."""
        written = (signed.item for signed in self.written if not isinstance(signed.payload, Opened))
        return frozenset((*(row.id for row in self.rows), *written, *(each.item for each in self.taken_back)))

    @property
    def entered(self) -> Entered | None:
        """How it came, by the word of the member who made it; None if it came from the source site."""
        return next((signed.payload for signed in self.written if isinstance(signed.payload, Entered)), None)

    def written_as(self, kind: type[P]) -> list[Signed]:
        """What reviewers wrote of one kind, oldest first."""
        return [signed for signed in self.written if isinstance(signed.payload, kind)]
