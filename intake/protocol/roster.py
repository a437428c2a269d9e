"""Who may read and who may audit, derived from the log alone: what is not enrolled there gets nothing sealed to it.

The operator enrols alone until a rule says how many reviewers must vouch. From then on the operator lets in auditors,
who read nothing but the log, and whoever nobody is there to vouch for: the first reviewer, or the first after a
disaster. The operator can shut anybody out at once; two reviewers at least, and as many as must vouch, can shut out
another one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from crypto.age import HybridRecipient
from crypto.note import Verifier
from intake.protocol.actions import Action, ActionError
from intake.protocol.card import Card, CardError, Role, parse_card
from intake.protocol.entry import OPERATOR, VERSION, Entry
from intake.protocol.names import UnfitNameError, alike, require_plain
from intake.protocol.rekey import digest_of, parse_rekey
from intake.protocol.rules import REKEYING, RULES, VOUCHES, RuleError, Rules, parse_rule
from intake.protocol.words import Counts, Words

_ROLES_SINCE = 3
"""The version of entries by which a member may get another role."""
_FEWEST_TO_SHUT_OUT = 2
"""One alone could otherwise be rid of everybody else before anybody looks."""
_MOST_WORDS = 50
"""What one member says on a day (UTC): everybody keeps every word for ever."""
_MOST_REKEYS = 10
"""How often one member has another recipient on a day (UTC): a program that is right needs one a month."""


class RosterError(ValueError):
    """An enrolment, revocation, rule or word that the log so far does not allow."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member and the time of enrolment and revocation (UTC).

    `vouched`: who vouched for the card; `shut_out`: who shut them out. Key ids; nobody, where it was the operator.
    `earlier`: the cards that they had before, with other recipients; `rekeyed`: since when they have this one.
    """

    card: Card
    since: datetime
    until: datetime | None = None
    vouched: Sequence[str] = ()
    shut_out: Sequence[str] = ()
    earlier: Sequence[Card] = ()
    rekeyed: datetime | None = None

    @property
    def sealed_since(self) -> datetime:
        """Since when what comes is sealed to the recipient that they have now."""
        return self.rekeyed or self.since

    @property
    def recipients(self) -> Sequence[HybridRecipient]:
        """The one on the card, and those before it, the newest first."""
        cards = (self.card, *reversed(self.earlier))
        return [card.recipient for card in cards if card.recipient is not None]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody for whom reviewers have vouched, but not enough yet. `by`: key ids; `needed`: how many it takes."""

    card: Card
    by: Sequence[str]
    needed: int


@dataclass(frozen=True, slots=True)
class Accused:
    """A reviewer whom others want shut out, but not enough yet. `by` and `needed` as for a candidate."""

    member: Member
    by: Sequence[str]
    needed: int


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
        self._rules = Rules()
        self._words = Words()
        self._rekeys = Counts()

    def apply(self, entry: Entry) -> None:
        """Take the next entry, of which only rulings change anything. `RosterError` if it can't be."""
        match entry.action:
            case Action.ENROL:
                self._enrol(entry)
            case Action.REVOKE:
                self._revoke(entry)
            case Action.RULE:
                self._set_rule(entry)
            case Action.VOUCH:
                self._vouch(entry)
            case Action.SHUT_OUT:
                self._shut_out(entry)
            case Action.UNSAY:
                self._unsay(entry)
            case Action.REKEY:
                self._rekey(entry)
            case Action.CLOCK:
                pass
            case _:
                return
        self._changes.append(_Change(entry.at, len(self.reviewers), entry.action is Action.CLOCK))

    def copy(self) -> "Roster":
        """A roster to try an entry on."""
        other = Roster()
        other._members, other._changes = dict(self._members), list(self._changes)
        other._rules, other._words, other._rekeys = self._rules, self._words.copy(), self._rekeys.copy()
        return other

    @property
    def rule(self) -> int:
        """How many reviewers must vouch for a new one, as far as there are so many; 0: the operator enrols alone."""
        return self._rules[VOUCHES] or 0

    @property
    def rules(self) -> Rules:
        """The numbers that members go by."""
        return self._rules

    def must_rekey(self, member: Member, at: datetime) -> bool:
        """Whether by the rules another recipient must take the place of a reviewer's by then (UTC)."""
        days = self._rules[REKEYING] or RULES[REKEYING].least
        return at - member.sealed_since >= timedelta(days=days)

    def candidates(self, at: datetime) -> tuple[Candidate, ...]:
        """For whom somebody has vouched, as far as that counts at a time (UTC) and they still could be enrolled."""
        all_of_them = (self.candidate(card, at) for card in self._words.cards if self._fits(card))
        return tuple(candidate for candidate in all_of_them if candidate.by)

    def candidate(self, card: Card, at: datetime) -> Candidate:
        """Whoever has this card, with those who have vouched for them, as far as that counts at a time (UTC)."""
        others = self._others(card)
        return Candidate(card, self._words.counting(card.text, at, others), self._needed(others))

    def accused(self, at: datetime) -> tuple[Accused, ...]:
        """Whom others want shut out, as far as that counts at a time (UTC)."""
        all_of_them = (
            Accused(member, self._accusing(member, at), self.needed_to_shut_out(member)) for member in self.reviewers
        )
        return tuple(accused for accused in all_of_them if accused.by)

    def needed_to_shut_out(self, member: Member) -> int:
        """How many others must say it."""
        return max(_FEWEST_TO_SHUT_OUT, self._needed(self._others(member.card)))

    def cards(self, key: str) -> Sequence[Card]:
        """The cards of this key id for which somebody has vouched, and it was not enough yet."""
        return [card for card in self._words.cards if card.key_id == key]

    def can_unsay(self, who: str, key: str) -> bool:
        """Whether a member has said something of whoever has this key, that was not enough yet. By key ids."""
        return bool(self._words.said_by(who, key))

    def require_vouch(self, who: str, card: Card, version: int = VERSION) -> None:
        """Raise `RosterError` unless a member, by key id, could vouch for this card, by an entry of this version."""
        if not self.rule:
            raise RosterError("nobody has to vouch yet: the operator enrols alone")
        self._require_new(card, version)
        if who not in self._others(card):
            raise RosterError("only an active reviewer can vouch, and nobody for themself")

    def require_shut_out(self, who: str, member: Member) -> None:
        """Raise `RosterError` unless a member, by key id, could say that this one be shut out."""
        if not self.rule:
            raise RosterError("only the operator can revoke as long as nobody has to vouch")
        if not member.card.role.reads:
            raise RosterError("only the operator can revoke an auditor: nobody chooses who audits them")
        others = self._others(member.card)
        if member.until is not None or who not in others:
            raise RosterError("only an active reviewer can be shut out, and only by another one")
        if len(others) < _FEWEST_TO_SHUT_OUT:
            raise RosterError("that takes two others, and there is only one: ask the operator to revoke them")

    @property
    def members(self) -> tuple[Member, ...]:
        """Everyone who was ever enrolled, in that order."""
        return tuple(self._members.values())

    @property
    def reviewers(self) -> tuple[Member, ...]:
        """The active reviewers: those that new reports are sealed to."""
        return tuple(member for member in self._members.values() if member.until is None and member.card.role.reads)

    @property
    def leads(self) -> tuple[Member, ...]:
        """Those of the active reviewers who are leads: who approve what takes more than one."""
        return tuple(member for member in self.reviewers if member.card.role is Role.LEAD)

    @property
    def recipients(self) -> tuple[HybridRecipient, ...]:
        """The recipients of the active reviewers."""
        return tuple(member.card.recipient for member in self.reviewers if member.card.recipient is not None)

    def verifier(self, key: str) -> Verifier | None:
        """The verifier of an active member, by key id."""
        member = self._members.get(key)
        return member.card.verifier if member is not None and member.until is None else None

    def is_lead(self, key: str) -> bool:
        """Whether an active member, by key id, is a lead."""
        return any(member.card.key_id == key for member in self.leads)

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
        card = _carded(entry, entry.card)
        self._require_new(card, entry.version)
        if self.rule and card.role.reads and self._others(card):
            raise RosterError(
                f"reviewers must vouch for them: {self._needed(self._others(card))} of those there are, on the page "
                "of the members in their program"
            )
        self._let_in(card, entry.at, ())

    def _set_rule(self, entry: Entry) -> None:
        try:
            self._rules = self._rules.after(parse_rule(entry.objects))
        except RuleError as error:
            raise RosterError(str(error)) from error

    def _vouch(self, entry: Entry) -> None:
        card = _carded(entry, entry.request.body if entry.request else None)
        self.require_vouch(entry.who, card, entry.version)
        self._count_word(entry)
        self._words.say_for(card, entry.who, entry.at)
        candidate = self.candidate(card, entry.at)
        if len(candidate.by) >= candidate.needed:
            self._let_in(card, entry.at, candidate.by)
            self._words.settle(card.text)

    def _shut_out(self, entry: Entry) -> None:
        member = self._named(entry)
        self.require_shut_out(entry.who, member)
        self._count_word(entry)
        self._words.say_against(member.card.key_id, entry.who, entry.at)
        by = self._accusing(member, entry.at)
        if len(by) >= self.needed_to_shut_out(member):
            self._end(member, entry.at, by)
            self._words.settle(member.card.key_id)

    def _unsay(self, entry: Entry) -> None:
        keys = [name.removeprefix("member/") for name in entry.objects]
        said = self._words.said_by(entry.who, keys[0]) if len(keys) == 1 else []
        if not said:
            raise RosterError("there is no word of theirs that could be taken back")
        self._count_word(entry)
        for subject in said:
            self._words.take_back(entry.who, subject)

    def _count_word(self, entry: Entry) -> None:
        if self._words.count(entry.who, entry.at) > _MOST_WORDS:
            raise RosterError(f"nobody has more than {_MOST_WORDS} words on a day")

    def _others(self, card: Card) -> Collection[str]:
        """The active reviewers who could say something of whoever has this card: all others."""
        return {member.card.key_id for member in self.reviewers} - {card.key_id}

    def _needed(self, others: Collection[str]) -> int:
        return max(1, min(self.rule, len(others)))

    def _accusing(self, member: Member, at: datetime) -> Sequence[str]:
        return self._words.counting(member.card.key_id, at, self._others(member.card))

    def _let_in(self, card: Card, at: datetime, by: Sequence[str]) -> None:
        known = self._members.get(card.key_id)
        # Whoever gets another role stays who they are, with the recipients that they had.
        new = Member(card, at) if known is None else replace(known, card=card)
        self._members[card.key_id] = replace(new, vouched=by)

    def _fits(self, card: Card) -> bool:
        try:
            self._require_new(card, VERSION)
        except RosterError:
            return False
        return True

    def _require_new(self, card: Card, version: int) -> None:
        """Raise `RosterError` unless this card may be enrolled by an entry of this version, if enough are for it."""
        if (known := self._members.get(card.key_id)) is not None:
            _require_other_role(known, card, version)
            return
        if self.active(card.name) is not None:
            raise RosterError("somebody of this name is enrolled already")
        # The first version had no such rule, and what was enrolled by it stays.
        if version > 1:
            self._require_own(card.name)

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
        if any(card.recipient in other.recipients for other in self._members.values()):
            raise RosterError("this recipient is or was on a card already")
        if self._rekeys.count(entry.who, entry.at) > _MOST_REKEYS:
            raise RosterError(f"nobody has more than {_MOST_REKEYS} keys on a day")
        earlier = (*member.earlier, member.card)
        self._members[entry.who] = replace(member, card=card, earlier=earlier, rekeyed=entry.at)

    def _revoke(self, entry: Entry) -> None:
        self._end(self._named(entry), entry.at, ())

    def _end(self, member: Member, at: datetime, by: Sequence[str]) -> None:
        self._members[member.card.key_id] = replace(member, until=at, shut_out=by)

    def _named(self, entry: Entry) -> Member:
        """The active member whom an entry names alone."""
        keys = [name.removeprefix("member/") for name in entry.objects]
        member = self._members.get(keys[0]) if len(keys) == 1 else None
        if member is None or member.until is not None:
            raise RosterError("only an active member can be revoked")
        return member


def _carded(entry: Entry, text: str | None) -> Card:
    """The card that an entry shows, of the member whom it names."""
    try:
        card = parse_card(text or "")
    except CardError as error:
        raise RosterError(str(error)) from error
    if entry.objects != (f"member/{card.key_id}",):
        raise RosterError("the entry names another member than its card")
    return card


def _require_other_role(known: Member, card: Card, version: int) -> None:
    """Raise `RosterError` unless a card of a key that was enrolled makes a lead of a reviewer, or the other way."""
    before = known.card
    if version < _ROLES_SINCE or known.until is not None or card.text == before.text:
        raise RosterError("this key was enrolled before")
    if not (before.role.reads and card.role.reads):
        raise RosterError("nobody becomes an auditor, or stops being one, with the same key: make new ones")
    if (before.name, before.recipient) != (card.name, card.recipient):
        raise RosterError("this key was enrolled before: a card that changes the role changes nothing else")
