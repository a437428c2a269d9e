"""What reviewers do to a tip, as events: nothing is overwritten, and the state of a tip is its events put together.

An event says what it changes, to what, and which earlier changes of that its writer had seen. Two that had not seen
each other both stand until somebody who has seen both decides. Who wrote one and when is proven by the access log, so
it is not repeated here.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from intake.report.payloads import Opened, Payload, PayloadFormatError, Reply, words_digest

_WHICH = re.compile("[!-~]{1,200}")
EVERYTHING = ("everything",)
"""What an event from before `seen` had seen: everything that stands before it in the log."""


THE_LAST = "the last"
"""What an event from before `of` is about: the change that stands last before it in the log."""


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

    @property
    def is_named(self) -> bool:
        """Whether what it changes has a name that goes through pages and forms, and comes back as it was."""
        return not self.names or _WHICH.fullmatch(self.subject.which) is not None

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
        if not _is_day(self.day):
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


@dataclass(frozen=True, slots=True, repr=False)
class Act(Event):
    """What a reviewer reads out of a report as one act, in the form's vocabulary.

    `act`: an id of its own. `method`, `actor`: keys of the form's choices; `against`, `precision`, `basis`: of those
    below. `day`: in the Gregorian calendar, as much of it as is known (`2026`, `2026-05`, `2026-05-17`); `written`: the
    date as it was written, in a `calendar` of `CALENDARS` or the Gregorian one. `dropped`: it turned out to be none.
    """

    kind = "act"
    version = 2
    earlier = MappingProxyType({1: {"calendar": ""}})
    names = "act"
    act: str
    method: str
    against: str
    actor: str
    place: str
    day: str
    precision: str
    written: str
    basis: str
    dropped: bool
    calendar: str = ""

    def __post_init__(self) -> None:
        """A day that is none would have no place among the others."""
        if self.day and not (_PART_OF_DAY.fullmatch(self.day) and _is_day(self.day + "-01-01"[len(self.day) - 4 :])):
            raise PayloadFormatError("not a day")


@dataclass(frozen=True, slots=True, repr=False)
class Verification(Event):
    """How far an act is verified (a key of `VERIFIED`), why, and on what that rests.

    `of`: the id of the change that said what the act is when this was written.
    """

    kind = "verification"
    version = 2
    earlier = MappingProxyType({1: {"of": THE_LAST}})
    names = "act"
    act: str
    of: str
    verified: str
    reasons: str
    rests_on: str


@dataclass(frozen=True, slots=True, repr=False)
class SecondReading(Event):
    """A second reader's word on an act as it is coded and verified: a key of `READINGS`, and why. `of`: as above."""

    kind = "second_reading"
    version = 2
    earlier = MappingProxyType({1: {"of": THE_LAST}})
    names = "act"
    act: str
    of: str
    reading: str
    why: str


@dataclass(frozen=True, slots=True, repr=False)
class Referral(Event):
    """Something that is handed on. `referral`: an id of its own.

    `to_kind`: a key of `REFERRED_TO`; `consent`: what allows it, the key of the form's question or, for a question that
    was put to the source alone, `ConsentRequest.name`; `handed`: what was handed over, and the SHA-256 of a file;
    `answer_due`, `told`: days, empty where there is none.
    """

    kind = "referral"
    names = "referral"
    referral: str
    to_kind: str
    to_name: str
    consent: str
    handed: str
    reference: str
    answer_due: str
    outcome: str
    told: str

    @property
    def what(self) -> tuple[str, ...]:
        """What a harm check is about: to whom, under which consent, and what is handed over."""
        return self.to_kind, self.to_name, self.consent, self.handed

    def __post_init__(self) -> None:
        """Days are such."""
        if not all(_is_day(day) for day in (self.answer_due, self.told) if day):
            raise PayloadFormatError("not a day")


@dataclass(frozen=True, slots=True, repr=False)
class HarmCheck(Event):
    """A second reviewer's answers on whom a referral could harm, before it is made. `decision`: a key of `DECISIONS`.

    `of`: the id of the change that said what the referral is when this was signed.
    """

    kind = "harm_check"
    names = "referral"
    referral: str
    of: str
    who: str
    noticed: str
    leak: str
    expects: str
    decision: str
    why: str


@dataclass(frozen=True, slots=True, repr=False)
class ConsentRequest(Event):
    """A question to the source whether one particular thing may be done with the report. Sealed to it as a reply is.

    `request`: an id of its own. `words`: exactly what the source is asked, in its `language`; `check`: another question
    that comes first and that it alone can answer, if there is one; `meaning`: what `words` say, for colleagues.
    `taken_back`: it is asked no more. `number`: as that of a reply.
    """

    kind = "consent_request"
    names = "request"
    request: str
    language: str
    words: str
    check: str
    meaning: str
    taken_back: bool
    number: int = field(default=0, kw_only=True)

    @property
    def digest(self) -> str:
        """What an answer names the words by."""
        return words_digest(self.words)

    def says(self) -> dict[str, Any]:
        """What it asks; its number says nothing."""
        return {name: value for name, value in Event.says(self).items() if name != "number"}

    @staticmethod
    def name(item: str) -> str:
        """How a referral names this question as what allows it. `item`: the id of the change with its exact words."""
        return f"asked:{item}"


@dataclass(frozen=True, slots=True, repr=False)
class ConsentCheck(Event):
    """A reviewer's word on whether a check question was answered as the source alone can: a key of `FITS`, and why.

    `answer`: the id of the source's item.
    """

    kind = "consent_check"
    names = "answer"
    answer: str
    fits: str
    why: str


@dataclass(frozen=True, slots=True, repr=False)
class LabelName(Event):
    """A label of the team's list: what it is called, and a key of `COLOURS`. `retired`: it is offered no more."""

    kind = "label_name"
    names = "label"
    label: str
    name: str
    colour: str
    retired: bool


@dataclass(frozen=True, slots=True, repr=False)
class SavedFilter(Event):
    """A filter of the list of reports under a name.

    `address`: its query; `owner`: the id of the key of whose it is, empty for the team's.
    """

    kind = "saved_filter"
    names = "filter"
    filter: str
    name: str
    address: str
    owner: str
    retired: bool


@dataclass(frozen=True, slots=True, repr=False)
class Duty(Event):
    """Who answers urgent reports from one day until another, both included. `member`: id of their key, or nobody's."""

    kind = "duty"
    names = "since"
    since: str
    until: str
    member: str

    def __post_init__(self) -> None:
        """Days are such, and the last does not come before the first."""
        if not (_is_day(self.since) and _is_day(self.until) and self.since <= self.until):
            raise PayloadFormatError("not two days in their order")


@dataclass(frozen=True, slots=True, repr=False)
class WatchTerm(Event):
    """Something that marks a report in which it is found, as it would be typed into the search.

    `watch`: an id of its own. `retired`: it marks none any more.
    """

    kind = "watch_term"
    names = "watch"
    watch: str
    term: str
    retired: bool


@dataclass(frozen=True, slots=True, repr=False)
class Template(Event):
    """A text that replies begin with, in one language (its tag). `retired`: it is offered no more.

    What stands in braces is a place that whoever uses it fills.
    """

    kind = "template"
    names = "template"
    template: str
    name: str
    language: str
    text: str
    retired: bool


@dataclass(frozen=True, slots=True, repr=False)
class DeletionReason(Event):
    """Why somebody proposes to delete a tip. The log says that it is proposed, under the id of this item."""

    kind = "deletion_reason"
    names = "proposal"
    proposal: str
    why: str


@dataclass(frozen=True, slots=True, repr=False)
class ApprovalRequest(Event):
    """A reviewer asks the leads to let something leave: `what`, what for, and to `whom`.

    `request`: an id of its own. `done`: it needs no answer any more.
    """

    kind = "approval_request"
    names = "request"
    request: str
    whom: str
    what: str
    done: bool


@dataclass(frozen=True, slots=True, repr=False)
class Approval(Event):
    """A lead's word that something may leave, which the log names only. `approval`: an id of its own.

    `request`: the id of the request that it answers, empty where nobody had asked; `whom` and `what`: as there.
    """

    kind = "approval"
    names = "approval"
    approval: str
    request: str
    whom: str
    what: str


@dataclass(frozen=True, slots=True, repr=False)
class Purpose(Event):
    """A reviewer's word on why they read a report, which the log names only. `purpose`: an id of its own."""

    kind = "purpose"
    names = "purpose"
    purpose: str
    why: str


TEAM_EVENTS: tuple[type[Event], ...] = (LabelName, SavedFilter, Duty, WatchTerm, Template)
"""What is set for all reports, in a dossier of the team's."""

EVENTS: tuple[type[Event], ...] = (
    Status, Assignment, Label, Due, Translation, Act, Verification, SecondReading, Referral, HarmCheck, ConsentCheck,
    ApprovalRequest, Approval, DeletionReason, Purpose, *TEAM_EVENTS,
)  # fmt: skip
"""Every kind of event that reviewers keep among themselves."""

NUMBERED: tuple[type[Reply | ConsentRequest], ...] = (Reply, ConsentRequest)
"""What reviewers write to a source, in an order that its own page shows."""

HIGHEST_NUMBER = (1 << 53) - 1
"""Of what is written to a source: those that are as high are in the order of their days."""

TO_SOURCE: tuple[type[Reply | ConsentRequest | Opened], ...] = (*NUMBERED, Opened)
"""What is sealed to the source as well, and stored so that the server can't tell one from the other."""

COLOURS = MappingProxyType(
    {"grey": "Grey", "red": "Red", "orange": "Orange", "green": "Green", "blue": "Blue", "violet": "Violet"}
)
AGAINST = MappingProxyType(
    {"target": "The person whom the pressure is meant to reach", "relative": "A relative", "other": "Others"}
)
PRECISIONS = MappingProxyType({"day": "The day", "month": "The month", "year": "The year", "about": "About"})
CALENDARS = MappingProxyType(
    {
        "persian": "Solar Hijri (Iran, Afghanistan)",
        "islamic": "Islamic, by the moon",
        "chinese": "Chinese, by sun and moon",
        "tibetan": "Tibetan",
        "other": "Another",
    }
)
BASES = MappingProxyType(
    {
        "saw": "Saw it",
        "told_by_affected": "Told by the affected person",
        "told_by_another": "Told by another",
        "document": "A document",
        "inferred": "Inferred",
    }
)
VERIFIED = MappingProxyType(
    {
        "unverified": "Unverified",
        "corroborated": "Corroborated",
        "documented": "Documented",
        "contradicted": "Contradicted",
    }
)
READINGS = MappingProxyType({"confirms": "Confirms it", "objects": "Objects"})
REFERRED_TO = MappingProxyType(
    {
        "lawyer": "A lawyer",
        "police_host": "Police of the host country",
        "police_other": "Police of another country",
        "un": "The United Nations",
        "ngo": "Another organisation",
        "media": "Media",
        "other": "Others",
    }
)
CONSENTS_FOR = MappingProxyType(
    {
        "lawyer": ("consent_lawyer",),
        "police_host": ("consent_police_host",),
        "police_other": ("consent_police_other",),
        "un": ("consent_un", "consent_un_name"),
        "media": ("consent_publish_name", "consent_publish_initials", "consent_publish_anonymous"),
    }
)
"""The questions of the form that are about each of these: for others, a source is asked in particular."""

DECISIONS = MappingProxyType({"agrees": "Agrees", "refuses": "Refuses"})
FITS = MappingProxyType({"fits": "It fits", "differs": "It does not fit"})
"""What can be chosen in events, by key, in words."""

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

_PART_OF_DAY = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")

_EARLIER_STATUSES = MappingProxyType({"reading": "in_review", "working": "in_review", "answered": "waiting"})
"""By key of an earlier version, the one that says the same today."""


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
