"""Who is and was a member, and what changed since somebody looked at that last: all from the verified log."""

from collections.abc import Sequence
from dataclasses import dataclass

from intake.protocol.actions import MEMBERSHIP, Action, copy_of
from intake.protocol.clock import NOT_BEFORE
from intake.protocol.entry import Entry
from intake.protocol.logstate import LogState, Ruling
from intake.protocol.membership import named
from intake.protocol.roster import Member, Roster
from intake.protocol.rules import COUNTDOWN, DELETERS, REKEYING, RETENTION, VOUCHES, parse_rule
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.tables import FACT, MEMBERS_NEW, MEMBERS_SEEN
from intake.triage.times import moment

_RULED = {
    VOUCHES: "{} must vouch for whoever is enrolled as a reviewer",
    DELETERS: "{} reviewers must want a deletion",
    COUNTDOWN: "a deletion counts down for {} days",
    RETENTION: "closed reports are proposed for deletion after {} months without a change",
    REKEYING: "each reviewer's key for reading is exchanged after {} days",
}
"""Rules in words."""

_TOLD = MEMBERSHIP | {Action.CLOCK, Action.RULE, Action.RESTORE, Action.SOFTWARE}
"""What members rule of reports is shown where it belongs."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A member, and everyone else whose name is the same or looks like it."""

    member: Member
    likes: Sequence[Member]


def everyone(log: LogState) -> list[Listed]:
    """Whoever was ever enrolled, in that order."""
    return [Listed(member, log.roster.likes(member)) for member in log.roster.members]


def corrections(log: LogState) -> list[str]:
    """What the log can't be read without knowing, in words: corrections of its clock, and copies that were put back."""
    return [_of_operator(log, ruling) for ruling in log.rulings if ruling.entry.action in NOT_BEFORE]


def changes(log: LogState, file: MirrorFile) -> list[str]:
    """What was ruled since somebody looked at that last, in words, oldest first."""
    seen, told, before = _seen(file), list[str](), Roster()
    for ruling in log.rulings:
        after = before.copy()
        after.apply(ruling.entry)
        if ruling.place >= seen and ruling.entry.action in _TOLD:
            told.append(_in_words(log, ruling, before, after))
        before = after
    return told


def first_look(log: LogState, file: MirrorFile) -> None:
    """Nothing was ever fetched before: what the log holds by now is no change, but somebody has to look at it."""
    if file.get(FACT, MEMBERS_SEEN) is None:
        file.put(FACT, (MEMBERS_SEEN, log.size), (MEMBERS_NEW, 1))


def to_compare(log: LogState, file: MirrorFile) -> int:
    """How many members there are, for as long as nobody has looked at those of the first fetch; 0 after that."""
    is_first = file.get(FACT, MEMBERS_NEW) is not None
    return sum(member.until is None for member in log.roster.members) if is_first else 0


def acknowledge(size: int, file: MirrorFile) -> None:
    """Remember that somebody has looked at what so many entries of the log say."""
    with file.writing():
        file.put(FACT, (MEMBERS_SEEN, max(size, _seen(file))))
        file.remove(FACT, MEMBERS_NEW)


def _seen(file: MirrorFile) -> int:
    """At how many entries of the log somebody has looked; none, if that is lost, so that all is said again."""
    return int((file.get(FACT, MEMBERS_SEEN) or (MEMBERS_SEEN, 0))[1])


def _in_words(log: LogState, ruling: Ruling, before: Roster, after: Roster) -> str:
    """What a ruling has changed, from one roster to the next; names are as they are by now."""
    if ruling.entry.action not in MEMBERSHIP:
        return _of_operator(log, ruling)
    entry, at = ruling.entry, moment(ruling.entry.at)
    (key,) = (name.removeprefix("member/") for name in entry.objects)
    member, was = after.member(key), before.member(key)
    if member is None or member == was:
        return _said_in_words(log, entry, key, before, after)
    name, role = log.roster.label(key), member.card.role.noun
    if member.until is not None:
        by = f": shut out by {named(log.roster, member.shut_out)}" if member.shut_out else ""
        return f"{name} is no longer {role}, since {at}{by}."
    how = _how(log, entry, member, after)
    return f"{name} is {role} since {at}{how}." if was else f"{name} was enrolled as {role} on {at}{how}."


def _of_operator(log: LogState, ruling: Ruling) -> str:
    """What the operator ruled, other than on members."""
    entry, at = ruling.entry, moment(ruling.entry.at)
    if entry.action is Action.RULE:
        rule = parse_rule(entry.objects)
        return f"The operator set a rule on {at}: {_RULED[rule.name].format(rule.number)}."
    if entry.action is Action.RESTORE:
        return (
            f"The operator put back a copy of the server on {at}: the first {copy_of(entry.objects).size} entries of "
            "the log are those of the copy, and whatever came after them is lost."
        )
    if entry.action is Action.SOFTWARE:
        version, digest = (name.partition("/")[2] for name in entry.objects)
        return f"Since {at} the server says that it runs version {version} of its program (SHA-256 {digest})."
    before = next(c.before for c in log.clock.corrections if c.place == ruling.place)
    return f"The operator set the server's clock back from {moment(before)} to {at}: days between the two may be wrong."


def _how(log: LogState, entry: Entry, member: Member, after: Roster) -> str:
    by_hand = ", by a clock that the operator confirmed" if entry.confirmed else ""
    if member.vouched:
        fewer = ", fewer than ruled: there were no others" if len(member.vouched) < after.rule else ""
        return f"{by_hand}: {named(log.roster, member.vouched)} vouched{fewer}"
    if after.rule and member.card.role.reads:
        return f"{by_hand}, BY THE OPERATOR ALONE: nobody was there to vouch. Ask whoever it is, and your colleagues"
    return by_hand


def _said_in_words(log: LogState, entry: Entry, key: str, before: Roster, after: Roster) -> str:
    """What a member said that is not enough yet."""
    who, at = log.roster.label(entry.who), moment(entry.at)
    if entry.action is Action.UNSAY:
        return f"{who} took back on {at} what they had said of {_called(log, before, key)}."
    if entry.action is Action.SHUT_OUT:
        return next(
            f"{who} wants {log.roster.label(key)} shut out, since {at}: {len(each.by)} of {each.needed}."
            for each in after.accused(entry.at)
            if each.member.card.key_id == key
        )
    text = entry.request.body if entry.request else None
    return next(
        f"{who} vouched for {each.card.name} (key {each.card.fingerprint}) as {each.card.role.noun} on {at}: "
        f"{len(each.by)} of {each.needed}."
        for each in after.candidates(entry.at)
        if each.card.text == text
    )


def _called(log: LogState, before: Roster, key: str) -> str:
    """What somebody is called who may never have been enrolled."""
    if log.roster.member(key) is not None:
        return log.roster.label(key)
    return next(f"{card.name} (key {card.fingerprint})" for card in before.cards(key))
