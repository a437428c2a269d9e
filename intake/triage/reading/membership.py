"""Who is and was a member, and what changed since somebody looked at that last: all from the verified log."""

from collections.abc import Sequence
from dataclasses import dataclass

from intake.protocol.actions import Action
from intake.protocol.logstate import LogState, Ruling
from intake.protocol.roster import Member
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.tables import FACT, MEMBERS_NEW, MEMBERS_SEEN
from intake.triage.times import moment


@dataclass(frozen=True, slots=True)
class Listed:
    """A member, and everyone else whose name is the same or looks like it."""

    member: Member
    likes: Sequence[Member]


def everyone(log: LogState) -> list[Listed]:
    """Whoever was ever enrolled, in that order."""
    return [Listed(member, log.roster.likes(member)) for member in log.roster.members]


def corrections(log: LogState) -> list[str]:
    """Every correction of the log's clock, in words."""
    return [_in_words(log, ruling) for ruling in log.rulings if ruling.entry.action is Action.CLOCK]


def changes(log: LogState, file: MirrorFile) -> list[str]:
    """What the operator has done since somebody looked at that last, in words, oldest first."""
    others = (ruling for ruling in log.rulings if ruling.entry.action is not Action.REKEY)
    return [_in_words(log, ruling) for ruling in others if ruling.place >= _seen(file)]


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


def _in_words(log: LogState, ruling: Ruling) -> str:
    entry = ruling.entry
    at = moment(entry.at)
    if entry.action is Action.CLOCK:
        before = next(c.before for c in log.clock.corrections if c.place == ruling.place)
        return (
            f"The operator set the server's clock back from {moment(before)} to {at}: "
            "days between the two may be wrong."
        )
    (key,) = (name.removeprefix("member/") for name in entry.objects)
    member = log.roster.member(key)
    name, role = log.roster.label(key), "a member" if member is None else member.card.role.noun
    if entry.action is Action.REVOKE:
        return f"{name} is no longer {role}, since {at}."
    by_hand = ", by a clock that the operator confirmed" if entry.confirmed else ""
    return f"{name} was enrolled as {role} on {at}{by_hand}."
