"""Who may read and who may audit, derived from the log alone: what is not enrolled there gets nothing sealed to it."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from crypto.age import HybridRecipient
from crypto.note import Verifier
from intake.protocol.actions import Action
from intake.protocol.card import Card, CardError, Role, parse_card
from intake.protocol.entry import Entry


class RosterError(ValueError):
    """An enrolment or revocation that the log so far does not allow."""


@dataclass(frozen=True, slots=True)
class Member:
    """A reviewer or auditor and the time of enrolment and revocation (UTC)."""

    card: Card
    since: datetime
    until: datetime | None = None


class Roster:
    """The members, after every entry applied so far."""

    def __init__(self) -> None:
        self._members: dict[str, Member] = {}
        self._changes: list[tuple[datetime, int]] = []

    def apply(self, entry: Entry) -> None:
        """Take the next entry; only enrolments and revocations change anything. `RosterError` if it can't be."""
        if entry.action is Action.ENROL:
            self._enrol(entry)
        elif entry.action is Action.REVOKE:
            self._revoke(entry)
        else:
            return
        self._changes.append((entry.at, len(self.reviewers)))

    def copy(self) -> "Roster":
        """A roster to try an entry on."""
        other = Roster()
        other._members, other._changes = dict(self._members), list(self._changes)
        return other

    @property
    def members(self) -> tuple[Member, ...]:
        """Everyone who was ever enrolled, in that order."""
        return tuple(self._members.values())

    @property
    def reviewers(self) -> tuple[Member, ...]:
        """The active reviewers: those that new reports are sealed to."""
        return tuple(
            member for member in self._members.values() if member.until is None and member.card.role is Role.REVIEWER
        )

    @property
    def recipients(self) -> tuple[HybridRecipient, ...]:
        """The recipients of the active reviewers."""
        return tuple(member.card.recipient for member in self.reviewers if member.card.recipient is not None)

    def verifier(self, key: str) -> Verifier | None:
        """The verifier of an active member, by key id."""
        member = self._members.get(key)
        return member.card.verifier if member is not None and member.until is None else None

    def member(self, key: str) -> Member | None:
        """Anyone who was ever enrolled, by key id."""
        return self._members.get(key)

    def active(self, name: str) -> Member | None:
        """The active member of this name."""
        return next((m for m in self._members.values() if m.until is None and m.card.name == name), None)

    def reviewer_counts(self, day: date) -> frozenset[int]:
        """How many reviewers there were at any time of a day (UTC)."""
        before = [count for at, count in self._changes if at.date() < day]
        return frozenset(before[-1:] + [count for at, count in self._changes if at.date() == day])

    def _enrol(self, entry: Entry) -> None:
        try:
            card = parse_card(entry.card or "")
        except CardError as error:
            raise RosterError(str(error)) from error
        if card.key_id in self._members:
            raise RosterError("this key was enrolled before")
        if self.active(card.name) is not None:
            raise RosterError("somebody of this name is enrolled already")
        if entry.objects != (f"member/{card.key_id}",):
            raise RosterError("the entry names another member than its card")
        self._members[card.key_id] = Member(card=card, since=entry.at)

    def _revoke(self, entry: Entry) -> None:
        keys = [name.removeprefix("member/") for name in entry.objects]
        member = self._members.get(keys[0]) if len(keys) == 1 else None
        if member is None or member.until is not None:
            raise RosterError("only an active member can be revoked")
        self._members[keys[0]] = replace(member, until=entry.at)
