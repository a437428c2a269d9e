"""Which tips the team deletes, derived from the log alone: nobody obeys a deletion that isn't in it.

A reviewer proposes it, others second that, and from then on it counts down by the log's clock; any reviewer can stop it
until it is carried out. What members say is let in whatever it comes to, and counts or doesn't; the server's `delete`,
which nobody signs for, is refused unless all of this was so.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from intake.protocol.actions import MEMBERSHIP, Action
from intake.protocol.card import Role
from intake.protocol.entry import Entry
from intake.protocol.roster import Member, Roster
from intake.protocol.rules import COUNTDOWN, DELETERS, RULES, Rules

_COPIED = ("summary/", "tip/")
"""What an entry names by which a member got a report, or worked on it."""


class DeletionError(ValueError):
    """A deletion that the log so far does not allow."""


@dataclass(frozen=True, slots=True)
class Voice:
    """That a member (`key`: key id) said something, and when (UTC)."""

    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """That a tip be deleted. `item`: the id of what says why, and so of the proposal. Ids in hex.

    `voices`: who wants it, the proposer first. `needed` of them, and `days` of countdown, are as the rules were when it
    was proposed. `enough`: since when as many as must want it (UTC), by who the members were then.
    """

    tip: str
    item: str
    voices: tuple[Voice, ...]
    needed: int
    days: int
    stopped: Voice | None = None
    enough: datetime | None = None

    def wanted_by(self, key: str) -> bool:
        """Whether a member wants it."""
        return any(voice.key == key for voice in self.voices)

    def counting(self, roster: Roster) -> tuple[Voice, ...]:
        """The voices that count: of those who are active by now."""
        return tuple(voice for voice in self.voices if roster.verifier(voice.key) is not None)

    def lacks_lead(self, roster: Roster) -> bool:
        """Whether there are leads, one of whom must want it, and none does."""
        return has_leads(roster) and not any(_leads(roster, voice.key) for voice in self.counting(roster))

    def due(self, roster: Roster) -> datetime | None:
        """When its countdown is over (UTC); None as long as more have to want it, or a lead has to."""
        wanted = self._wanted(roster)
        if wanted is None or self.enough is None:
            return None
        # Before that nothing counted down, and so nobody had a reason to stop it.
        return max(wanted, self.enough) + timedelta(days=self.days)

    def after(self, entry: Entry, roster: Roster) -> "Proposal":
        """The same after an entry that may have changed who has to want it, or who does; `roster`: after it."""
        if self._wanted(roster) is None:
            return replace(self, enough=None)
        return self if self.enough is not None else replace(self, enough=entry.at)

    def _wanted(self, roster: Roster) -> datetime | None:
        """When the last of those who had to want it said so (UTC); None if not all of them have."""
        voices = self.counting(roster)
        if len(voices) < self.needed or self.lacks_lead(roster):
            return None
        since = voices[self.needed - 1].at
        if has_leads(roster):
            since = max(since, next(voice.at for voice in voices if _leads(roster, voice.key)))
        return since


@dataclass(frozen=True, slots=True)
class Deleted:
    """That a tip was deleted, when (UTC), and what had been proposed."""

    proposal: Proposal
    at: datetime


class Deletions:
    """What was proposed, stopped and carried out, after every entry applied so far."""

    def __init__(self) -> None:
        self._rules = Rules()
        self._proposals: dict[str, Proposal] = {}
        self._deleted: dict[str, Deleted] = {}

    def copy(self) -> "Deletions":
        """The same, to try an entry on."""
        other = Deletions()
        other._rules, other._proposals, other._deleted = self._rules, dict(self._proposals), dict(self._deleted)
        return other

    def apply(self, entry: Entry, roster: Roster) -> None:
        """Take the next entry; `roster`: the members after it. `DeletionError` if it can't be."""
        if entry.action in MEMBERSHIP:
            self._proposals |= {each.item: each.after(entry, roster) for each in self.open}
        match entry.action:
            case Action.RULE:
                self._rules = roster.rules
            case Action.PROPOSE | Action.SECOND | Action.STOP:
                self._say(entry, roster)
            case Action.DELETE:
                self._delete(entry, roster)

    @property
    def rules(self) -> Rules:
        """The rules in force."""
        return self._rules

    def needed(self, roster: Roster) -> int:
        """How many have to want what is proposed now: never one alone, and of a small team no more than it has."""
        return max(RULES[DELETERS].least, min(self._number(DELETERS), len(roster.reviewers)))

    @property
    def days(self) -> int:
        """For how many days what is proposed now counts down."""
        return self._number(COUNTDOWN)

    @property
    def open(self) -> tuple[Proposal, ...]:
        """What was proposed and neither stopped nor carried out."""
        return tuple(each for each in self._proposals.values() if self._is_open(each))

    @property
    def deleted(self) -> Mapping[str, Deleted]:
        """What was carried out, by tip."""
        return self._deleted

    def proposal(self, item: str) -> Proposal | None:
        """What was proposed under an id."""
        return self._proposals.get(item)

    def of(self, tip: str) -> tuple[Proposal, ...]:
        """Everything that was ever proposed for a tip."""
        return tuple(each for each in self._proposals.values() if each.tip == tip)

    def due(self, roster: Roster, at: datetime) -> tuple[Proposal, ...]:
        """What is to be carried out at a time (UTC), of each tip one."""
        found = [each for each in self.open if (due := each.due(roster)) is not None and due <= at]
        return tuple({each.tip: each for each in reversed(found)}.values())

    def _is_open(self, proposal: Proposal) -> bool:
        return proposal.stopped is None and proposal.tip not in self._deleted

    def _say(self, entry: Entry, roster: Roster) -> None:
        tip, item = _ids(entry)
        found, voice = self._proposals.get(item), Voice(entry.who, entry.at)
        if entry.action is Action.PROPOSE:
            if found is None and tip not in self._deleted:
                self._proposals[item] = Proposal(tip, item, (voice,), self.needed(roster), self.days)
        elif found is None or found.tip != tip or not self._is_open(found):
            return
        elif entry.action is Action.STOP:
            self._proposals[item] = replace(found, stopped=voice)
        elif not found.wanted_by(entry.who):
            self._proposals[item] = replace(found, voices=(*found.voices, voice)).after(entry, roster)

    def _number(self, rule: str) -> int:
        return self._rules[rule] or RULES[rule].least

    def _delete(self, entry: Entry, roster: Roster) -> None:
        tip, item = _ids(entry)
        found = self._proposals.get(item)
        if found is None or found.tip != tip:
            raise DeletionError("it deletes what nobody has proposed to delete")
        if tip in self._deleted:
            raise DeletionError("it deletes what was deleted before")
        if found.stopped is not None:
            raise DeletionError("it deletes what a member has stopped from being deleted")
        due = found.due(roster)
        if due is None:
            raise DeletionError("it deletes what not enough members want deleted")
        if entry.at < due:
            raise DeletionError("it deletes before the countdown was over")
        self._deleted[tip] = Deleted(found, entry.at)


@dataclass(frozen=True, slots=True)
class Purge:
    """Of a tip that is gone: whose programs say that they have deleted what they kept of it, and of whom nobody knows.

    `deleted`: whether the log holds its deletion; otherwise a member's receipt says that its source withdrew it, which
    the log, that knows no sources, does not. `at`: when it was deleted, or when the first receipt came (UTC).
    `receipts`: when each member's program signed one, by key id; `missing`: the key ids of those who were reviewers at
    that time, still are, and have signed none. `revoked`: those of whoever is none any more, and has signed none though
    they were one at that time, or had got it before: their program can sign none, and may keep a copy.
    """

    tip: str
    deleted: bool
    at: datetime
    receipts: Mapping[str, datetime]
    missing: tuple[str, ...]
    revoked: tuple[str, ...]


class Noted(Protocol):
    """What is asked here of an entry, or of what somebody keeps of it."""

    @property
    def at(self) -> datetime:
        """When it was made (UTC)."""

    @property
    def who(self) -> str:
        """Who made it, by key id."""

    @property
    def action(self) -> Action:
        """What was done."""

    @property
    def objects(self) -> tuple[str, ...]:
        """To what."""


def purges(entries: Iterable[Noted], roster: Roster) -> tuple[Purge, ...]:
    """The purge receipts in a log that was verified, by tip, in its order. `roster`: after all these entries."""
    deleted: dict[str, datetime] = {}
    receipts: dict[str, dict[str, datetime]] = {}
    former = {member.card.key_id: member for member in roster.members if member.until and member.card.role.reads}
    got: dict[str, set[str]] = {}
    for entry in entries:
        if entry.who in former:
            for name in entry.objects:
                if name.startswith(_COPIED):
                    got.setdefault(name.partition("/")[2], set()).add(entry.who)
        if entry.action is Action.DELETE:
            deleted[_tip(entry)] = entry.at
            receipts.setdefault(_tip(entry), {})
        elif entry.action is Action.PURGED:
            receipts.setdefault(_tip(entry), {}).setdefault(entry.who, entry.at)
    found = []
    for tip, signed in receipts.items():
        at = deleted.get(tip) or min(signed.values())
        holders = got.get(tip, set())
        revoked = (key for key, member in former.items() if key in holders or _was_member(member, at))
        missing = tuple(_owing(roster, at, signed))
        found.append(
            Purge(tip, tip in deleted, at, signed, missing, tuple(key for key in revoked if key not in signed))
        )
    return tuple(found)


def _was_member(member: Member, at: datetime) -> bool:
    return member.since <= at and (member.until is None or member.until >= at)


def _owing(roster: Roster, at: datetime, receipts: Mapping[str, datetime]) -> Iterator[str]:
    for member in roster.reviewers:
        if member.since <= at and member.card.key_id not in receipts:
            yield member.card.key_id


def has_leads(roster: Roster) -> bool:
    """Whether some of the reviewers are leads, one of whom must want each deletion."""
    return any(_leads(roster, member.card.key_id) for member in roster.reviewers)


def _leads(roster: Roster, key: str) -> bool:
    """Whether a member is one of those who approve what takes more than one."""
    member = roster.member(key)
    return member is not None and member.card.role is Role.LEAD


def _tip(entry: Noted) -> str:
    return entry.objects[0].removeprefix("tip/")


def _ids(entry: Entry) -> tuple[str, str]:
    """The tip and the item that such an entry names."""
    kinds = tuple(name.partition("/")[0] for name in entry.objects)
    if kinds != ("tip", "item"):
        raise DeletionError("it must name a tip and an item")
    tip, item = (name.partition("/")[2] for name in entry.objects)
    return tip, item
