"""What the log says of who did what, in a form that is small enough to be kept for all of it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from intake.protocol.actions import RULINGS, Action
from intake.protocol.approvals import LEAVES, Approval, is_approved
from intake.protocol.entry import Entry
from intake.protocol.roster import Roster

_TIP = ("tip", "summary")
"""Kinds of objects that are a report, by its id."""

_REPLY = "kind=reply"


@dataclass(frozen=True, slots=True)
class Deed:
    """An entry, at its place: when (UTC), who (key id, or `operator`), what, and to which objects.

    `is_reply`: a reply to a source was added.
    """

    place: int
    at: datetime
    who: str
    action: Action
    objects: tuple[str, ...] = ()
    is_reply: bool = False

    @property
    def day(self) -> date:
        """By the log's clock."""
        return self.at.date()

    @property
    def tips(self) -> tuple[str, ...]:
        """The reports that it names, by id."""
        parts = (name.partition("/") for name in self.objects)
        return tuple(dict.fromkeys(value for kind, _, value in parts if kind in _TIP))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reviewer (key id) said to a finding, and when (UTC)."""

    place: int
    at: datetime
    who: str
    says: str


class Record:
    """A log up to its last entry that was taken; entries are taken in order, from the first on."""

    def __init__(self) -> None:
        self.deeds: list[Deed] = []
        self._answers: dict[str, list[Answer]] = {}
        self._tips: dict[str, str] = {}
        self._roster = Roster()
        self._approvals: dict[str, list[Approval]] = {}
        self.unapproved: list[Deed] = []
        """By what something left a report that nobody had approved who had to, by who the members were then."""

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Record":
        """That of these entries, which begin a log."""
        record = cls()
        for entry in entries:
            record.take(entry)
        return record

    @property
    def size(self) -> int:
        """How many entries were taken."""
        return len(self.deeds)

    @property
    def answers(self) -> Mapping[str, list[Answer]]:
        """What was said to findings, by their ids, oldest first."""
        return self._answers

    def is_answered(self, finding: str, about: Collection[str]) -> bool:
        """Whether anybody has said something to a finding but those (key ids) whom it is `about`."""
        return any(answer.who not in about for answer in self._answers.get(finding, ()))

    def take(self, entry: Entry) -> None:
        """Take the next entry, which was verified."""
        is_reply = entry.action is Action.ADD and entry.request is not None and _REPLY in entry.request.base
        deed = Deed(self.size, entry.at, entry.who, entry.action, entry.objects, is_reply)
        self.deeds.append(deed)
        if entry.action in RULINGS:
            self._roster.apply(entry)
        elif entry.action is Action.APPROVE:
            self._approvals.setdefault(deed.tips[0], []).append(Approval(entry.who, entry.at))
        elif entry.action in LEAVES:
            given = self._approvals.get(deed.tips[0], ())
            if not is_approved(given, entry.who, entry.at, self._roster):
                self.unapproved.append(deed)
        if entry.action in (Action.ADD, Action.MAKE):
            tip, item = (name.partition("/")[2] for name in entry.objects)
            self._tips[item] = tip
        elif entry.action is Action.EXPLAIN and entry.request is not None and entry.request.body is not None:
            (finding,) = (name.partition("/")[2] for name in entry.objects)
            answer = Answer(deed.place, entry.at, entry.who, entry.request.body)
            self._answers.setdefault(finding, []).append(answer)

    def reports(self, deed: Deed) -> tuple[str, ...]:
        """The reports that a deed was about: those that it names, and those of items that members added.

        To which report an item of a source's belongs, the log doesn't say.
        """
        items = (name.removeprefix("item/") for name in deed.objects if name.startswith("item/"))
        return tuple(dict.fromkeys((*deed.tips, *(self._tips[item] for item in items if item in self._tips))))
