"""What comes of a wrong translation, and what else somebody has to know who checks one: `harm.toml`."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from i18n.kit.entries import Entry, Place

_FILE = Path(__file__).parents[1] / "harm.toml"


class UnjudgedError(LookupError):
    """Nobody has written down what comes of a wrong word at a place, or what is filled in; names it."""


class Harm(StrEnum):
    """How grave it is when a translation is wrong, the gravest first."""

    SERIOUS = "S"
    MEDIUM = "M"
    MINOR = "m"

    @property
    def rank(self) -> int:
        """From 0, the gravest."""
        return tuple(Harm).index(self)


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds at some places. `where`: patterns of `Place.where`."""

    where: tuple[str, ...]
    harm: Harm
    why: str
    readers: str

    def is_for(self, place: Place) -> bool:
        """Whether it holds there."""
        return _fits(self.where, place)


@dataclass(frozen=True, slots=True)
class Term:
    """A note for every message that has these letters in it."""

    has: str
    note: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """Why no picture shows what is said at some places."""

    where: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that is written down. `names`: what each harm is called; `placeholders`: an example of each."""

    names: dict[Harm, str]
    rules: tuple[Rule, ...]
    terms: tuple[Term, ...]
    placeholders: dict[str, str]
    unseen: tuple[Unseen, ...]

    @property
    def team(self) -> str:
        """What the team is called on pictures."""
        return self.placeholders["team"]

    def require(self, entries: Sequence[Entry]) -> None:
        """`UnjudgedError` unless all that a page says is known of each message."""
        for entry in entries:
            self.rule(entry)
            self.examples(entry)

    def rule(self, entry: Entry) -> Rule:
        """The gravest of those that hold where a message stands."""
        return min((self._rule(place) for place in entry.places), key=lambda rule: rule.harm.rank)

    def notes(self, entry: Entry) -> list[str]:
        """What the terms in a message mean."""
        return [term.note for term in self.terms if any(term.has in text for text in entry.english)]

    def examples(self, entry: Entry) -> dict[str, str]:
        """What can stand for each placeholder of a message."""
        for name in entry.placeholders:
            if name not in self.placeholders:
                raise UnjudgedError(f"i18n/harm.toml: an example of %({name})s is missing")
        return {name: self.placeholders[name] for name in entry.placeholders}

    def why_unseen(self, entry: Entry) -> str:
        """Why there is no picture of a message."""
        return next(reason.why for reason in self.unseen if _fits(reason.where, entry.places[0]))

    def _rule(self, place: Place) -> Rule:
        for rule in self.rules:
            if rule.is_for(place):
                return rule
        raise UnjudgedError(f"i18n/harm.toml: nothing says what comes of a wrong word in {place.where}")


@cache
def knowledge() -> Knowledge:
    """What `harm.toml` says."""
    held = tomllib.loads(_FILE.read_text("utf-8"))
    return Knowledge(
        names={Harm(key): name for key, name in held["harms"].items()},
        rules=tuple(
            Rule(tuple(rule["where"]), Harm(rule["harm"]), rule["why"], rule["readers"]) for rule in held["places"]
        ),
        terms=tuple(Term(**term) for term in held["terms"]),
        placeholders=held["placeholders"],
        unseen=tuple(Unseen(tuple(reason["where"]), reason["why"]) for reason in held["unseen"]),
    )


def _fits(patterns: Sequence[str], place: Place) -> bool:
    return any(fnmatchcase(place.where, pattern) for pattern in patterns)
