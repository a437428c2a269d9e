"""Who may read and who may audit, derived from the log alone: what is not enrolled there gets nothing sealed to it."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from crypto.age import HybridRecipient
from crypto.note import Verifier
from intake.protocol.actions import Action, ActionError
from intake.protocol.card import Card, CardError, Role, parse_card
from intake.protocol.entry import OPERATOR, Entry
from intake.protocol.names import UnfitNameError, alike, require_plain
from intake.protocol.rekey import digest_of, parse_rekey


class RosterError(ValueError):
    """An enrolment or revocation that the log so far does not allow."""


@dataclass(frozen=True, slots=True)
class Member:
    """A reviewer or auditor and the time of enrolment and revocation (UTC).

    `earlier`: the cards that they had before, with other recipients; `rekeyed`: since when they have this one.
    """

    card: Card
    since: datetime
    until: datetime | None = None
    earlier: tuple[Card, ...] = ()
    rekeyed: datetime | None = None

    @property
    def sealed_since(self) -> datetime:
        """Since when what comes is sealed to the recipient that they have now."""
        return self.rekeyed or self.since


@dataclass(frozen=True, slots=True)
class _Change:
    """How many reviewers there were from a time on; `corrected`: the log's clock went back to it."""

    at: datetime
    reviewers: int
    corrected: bool


class Roster:
    """The members, after every entry applied so far."""

    def __init__(self) -> None:
        self._members: dict[str, Member] = {}
        self._changes: list[_Change] = []

    def apply(self, entry: Entry) -> None:
        """Take the next entry; `RosterError` if it can't be. Of members' entries, only a rekey changes anything."""
        if entry.action is Action.ENROL:
            self._enrol(entry)
        elif entry.action is Action.REVOKE:
            self._revoke(entry)
        elif entry.action is Action.REKEY:
            self._rekey(entry)
            return
        elif entry.action is not Action.CLOCK:
            return
        self._changes.append(_Change(entry.at, len(self.reviewers), entry.action is Action.CLOCK))

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

    def holders(self, name: str) -> tuple[Member, ...]:
        """Everyone who was ever enrolled under exactly this name, in that order."""
        return tuple(member for member in self._members.values() if member.card.name == name)

    def reviewer_counts(self, day: date) -> frozenset[int]:
        """How many reviewers there were at any time that the log's clock called a day (UTC)."""
        return frozenset(
            change.reviewers
            for change, following in zip(self._changes, [*self._changes[1:], None], strict=True)
            # How far ahead a clock was before it was corrected, the log doesn't say.
            if change.at.date() <= day and (following is None or following.corrected or day <= following.at.date())
        )

    def likes(self, member: Member) -> tuple[Member, ...]:
        """Everyone else who was ever enrolled under this member's name, or one that looks like it."""
        name, key = member.card.name, member.card.key_id
        return tuple(
            other for other in self._members.values() if other.card.key_id != key and alike(other.card.name, name)
        )

    def label(self, key: str) -> str:
        """What a member is called, by key id: with the key's fingerprint where the name could be another's too."""
        member = self._members[key]
        return f"{member.card.name} (key {member.card.fingerprint})" if self.likes(member) else member.card.name

    def _enrol(self, entry: Entry) -> None:
        try:
            card = parse_card(entry.card or "")
        except CardError as error:
            raise RosterError(str(error)) from error
        if card.key_id in self._members:
            raise RosterError("this key was enrolled before")
        if self.active(card.name) is not None:
            raise RosterError("somebody of this name is enrolled already")
        # The first version had no such rule, and what was enrolled by it stays.
        if entry.version > 1:
            self._require_own(card.name)
        if entry.objects != (f"member/{card.key_id}",):
            raise RosterError("the entry names another member than its card")
        self._members[card.key_id] = Member(card=card, since=entry.at)

    def _require_own(self, name: str) -> None:
        """Raise `RosterError` unless the name can be told from every other that was ever enrolled.

        Exactly the same one may come back, since keys get lost: programs then show the key beside it.
        """
        try:
            require_plain(name)
        except UnfitNameError as error:
            raise RosterError(str(error)) from error
        for other in (OPERATOR, *(member.card.name for member in self._members.values())):
            if other != name and alike(other, name):
                raise RosterError(f"the name looks like that of {other}; choose one that can't be taken for it")

    def _rekey(self, entry: Entry) -> None:
        try:
            rekey = parse_rekey(((entry.request and entry.request.body) or "").encode())
        except ActionError as error:
            raise RosterError(str(error)) from error
        card, member = rekey.card, self._members.get(entry.who)
        if member is None or member.until is not None or member.card.recipient is None:
            raise RosterError("only an active reviewer has a recipient")
        if (card.key_id, card.name, card.role) != (entry.who, member.card.name, member.card.role):
            raise RosterError("a member's new card can only have another recipient")
        if digest_of(member.card.recipient) != rekey.replaces:
            raise RosterError("the card has another recipient by now")
        if card.recipient in {
            each.recipient for other in self._members.values() for each in (other.card, *other.earlier)
        }:
            raise RosterError("this recipient is or was on a card already")
        earlier = (*member.earlier, member.card)
        self._members[entry.who] = replace(member, card=card, earlier=earlier, rekeyed=entry.at)

    def _revoke(self, entry: Entry) -> None:
        keys = [name.removeprefix("member/") for name in entry.objects]
        member = self._members.get(keys[0]) if len(keys) == 1 else None
        if member is None or member.until is not None:
            raise RosterError("only an active member can be revoked")
        self._members[keys[0]] = replace(member, until=entry.at)
