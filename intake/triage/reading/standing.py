"""Where a tip stands: its events put together, the same on every machine that has the same ones.

The log's order decides, since it is the same for all; what is still on its way from this machine comes after it. Of two
changes of the same thing the later one is the outcome, but an earlier one that its writer had not seen stands beside it
until somebody who has seen both decides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TypeVar

from intake.report.events import EVERYTHING, Assignment, Due, Event, Label, Status, Subject
from intake.triage.mirror.added import Author

MOST_SEEN = 1000
"""Changes that an event says its writer had seen: so many go through a form."""

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """An event, and its item. `author`: by the log; None while it is on its way from this machine."""

    item: str
    event: Event
    author: Author | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Merged:
    """All changes of one subject, and which of them `stand`: nobody who had seen them changed it again."""

    history: tuple[Change, ...]
    stand: tuple[Change, ...]

    @property
    def outcome(self) -> Change:
        """The change that counts."""
        return self.stand[-1]

    @property
    def contradicting(self) -> tuple[Change, ...]:
        """Changes that stand beside the outcome and say something else."""
        says = self.outcome.event.says()
        return tuple(change for change in self.stand if change.event.says() != says)


@dataclass(frozen=True, slots=True, repr=False)
class Ahead:
    """What is on its way for a tip: its ids, its `changes` in the order in which they were made, if it `answers`."""

    items: frozenset[str] = frozenset()
    changes: tuple[Change, ...] = ()
    answers: bool = False


NOTHING = Ahead()


class Standing:
    """The events of one tip, put together. Its `repr` shows nothing."""

    def __init__(self, changes: Iterable[Change]) -> None:
        """`changes`: in the order in which they count."""
        history: dict[Subject, list[Change]] = {}
        for change in changes:
            history.setdefault(change.event.subject, []).append(change)
        self.subjects: Mapping[Subject, Merged] = {
            subject: Merged(tuple(changes), _stand(changes)) for subject, changes in history.items()
        }

    @cached_property
    def status(self) -> str:
        """The key of the status."""
        merged = self.subjects.get(Subject(Status.kind))
        return merged.outcome.event.stands if merged and isinstance(merged.outcome.event, Status) else "new"

    @cached_property
    def assigned(self) -> tuple[str, ...]:
        """The ids of the keys of those whose work this is."""
        return tuple(event.member for event in self.outcomes(Assignment) if event.on)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The ids of its labels."""
        return tuple(event.label for event in self.outcomes(Label) if event.on)

    @cached_property
    def due(self) -> tuple[Due, ...]:
        """What has to happen and is not done, the earliest first."""
        return tuple(sorted((e for e in self.outcomes(Due) if not e.done), key=lambda due: (due.day, due.task)))

    def outcomes(self, kind: type[E]) -> list[E]:
        """What counts of each subject of a kind, in the order in which they were first changed."""
        events = (merged.outcome.event for merged in self.subjects.values())
        return [event for event in events if isinstance(event, kind)]

    def seen(self, kind: str, which: str | None = None) -> tuple[str, ...]:
        """The ids of the changes of a kind that whoever sees all of this has seen: those that stand, first of all.

        Also what is on its way, with what that had put aside: each of it can be taken back, and nothing may come back
        then for whoever wrote after it. `which`: of this one of the kind alone. The last `MOST_SEEN`: whoever makes
        more stand keeps nobody from writing, and the others stand on beside what was written.
        """
        merged = [
            each for subject, each in self.subjects.items() if subject.kind == kind and which in (None, subject.which)
        ]
        ahead = [change for each in merged for change in each.history if change.author is None]
        standing = [change.item for each in merged for change in each.stand]
        passed = [item for change in ahead for item in (change.item, *change.event.seen)]
        return tuple(dict.fromkeys([*standing, *passed]))[-MOST_SEEN:]

    def history(self, kind: str) -> list[Change]:
        """Every change of a kind, in the order in which they count subject by subject."""
        return [
            change for subject, merged in self.subjects.items() if subject.kind == kind for change in merged.history
        ]

    @property
    def contradicted(self) -> list[Merged]:
        """What two changed without having seen each other's change."""
        return [merged for merged in self.subjects.values() if merged.contradicting]


def held(items: Iterable[str]) -> bytes:
    """A digest of what a tip holds: of the ids of its items."""
    return sha256("".join(sorted(items)).encode()).digest()


def _stand(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes that none after them has seen: one can put aside only what came before it.

    In one go, whatever they are: anybody of the team can make any number of them, which stand or have seen much.
    """
    stand: dict[int, Change] = {}
    places: dict[str, list[int]] = {}
    for place, change in enumerate(changes):
        if change.event.seen == EVERYTHING:
            stand.clear()
        for item in change.event.seen:
            for passed in places.pop(item, ()):
                stand.pop(passed, None)
        stand[place] = change
        places.setdefault(change.item, []).append(place)
    return tuple(stand.values())
