"""What reviewers do to a tip, as events: nothing is overwritten, and the state of a tip is its events put together.

An event says what it changes, to what, and which earlier changes of that its writer had seen. Two that had not seen
each other both stand until somebody who has seen both decides. Who wrote one and when is proven by the access log, so
it is not repeated here.
"""

from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from intake.report.payloads import Payload, PayloadFormatError

EVERYTHING = ("everything",)
"""What an event from before `seen` had seen: everything that stands before it in the log."""


class Subject(NamedTuple):
    """What an event changes: the kind of thing, and which one of that kind, if there are several."""

    kind: str
    which: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Event(Payload):
    """A change. `seen`: ids of the changes of the same subject that stood when it was made, as far as its writer knew.

    `names`: the field that says which of several subjects of its kind it changes, if there are several.
    """

    names: ClassVar[str] = ""
    seen: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def subject(self) -> Subject:
        """What it changes."""
        return Subject(self.kind, getattr(self, self.names) if self.names else "")

    def says(self) -> dict[str, Any]:
        """What it changes that to: two events that say the same don't contradict each other."""
        return {name: value for name, value in self.values().items() if name != "seen"}


@dataclass(frozen=True, slots=True, repr=False)
class Status(Event):
    """Where a tip stands; a key of `STATUSES`, or one that an earlier version offered."""

    kind = "status"
    version = 2
    earlier = MappingProxyType({1: {"reason": "", "seen": EVERYTHING}})
    status: str
    reason: str = ""

    @property
    def stands(self) -> str:
        """The key in the words of today."""
        return _EARLIER_STATUSES.get(self.status, self.status)


@dataclass(frozen=True, slots=True, repr=False)
class Assignment(Event):
    """Whether a tip is one reviewer's to work on. `member`: id of their key."""

    kind = "assignment"
    names = "member"
    member: str
    on: bool


@dataclass(frozen=True, slots=True, repr=False)
class Label(Event):
    """Whether a tip bears a label. `label`: its id in the team's list."""

    kind = "label"
    names = "label"
    label: str
    on: bool


@dataclass(frozen=True, slots=True, repr=False)
class Due(Event):
    """Something that has to happen by a day. `task`: an id of its own; `day`: in ISO 8601; `reason`: what, and why."""

    kind = "due"
    names = "task"
    task: str
    day: str
    reason: str
    done: bool

    def __post_init__(self) -> None:
        """A day that is none would have no place among the others."""
        try:
            is_day = date.fromisoformat(self.day).isoformat() == self.day
        except ValueError:
            is_day = False
        if not is_day:
            raise PayloadFormatError("not a day")


@dataclass(frozen=True, slots=True, repr=False)
class Note(Payload):
    """What reviewers write for each other. `answers`: the id of the note that it answers; `handover`: it hands over."""

    kind = "note"
    version = 2
    earlier = MappingProxyType({1: {"answers": "", "handover": False}})
    text: str
    answers: str = ""
    handover: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Translation(Event):
    """One paragraph of what a source wrote, in another language.

    `part`: the paragraph's place, as `reading/paragraphs.py` names it; `language`: the one that it is translated into.
    """

    kind = "translation"
    names = "part"
    part: str
    language: str
    text: str


EVENTS: tuple[type[Event], ...] = (Status, Assignment, Label, Due, Translation)
"""Every kind of event."""

STATUSES = MappingProxyType(
    {
        "new": "New",
        "in_review": "In review",
        "needs_answer": "Needs an answer",
        "waiting": "Waiting for the source",
        "referred": "Referred",
        "closed": "Closed",
        "junk": "Junk",
    }
)
"""Every status that can be set, in the order of the work, in words."""

ENDED = frozenset({"closed", "junk"})
"""Statuses that end the work: they are set with a reason."""

_EARLIER_STATUSES = MappingProxyType({"reading": "in_review", "working": "in_review", "answered": "waiting"})
"""By key of an earlier version, the one that says the same today."""
