"""Who is and was a member, and what changed since somebody looked at that last: all from the verified log."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from intake.protocol.actions import Action
from intake.protocol.audit import VerifiedLog
from intake.protocol.entry import Entry
from intake.protocol.roster import Member
from intake.triage.home import Home

_SEEN = "members.json"


@dataclass(frozen=True, slots=True)
class Listed:
    """A member, and everyone else whose name is the same or looks like it."""

    member: Member
    likes: Sequence[Member]


def everyone(log: VerifiedLog) -> list[Listed]:
    """Whoever was ever enrolled, in that order."""
    return [Listed(member, log.roster.likes(member)) for member in log.roster.members]


def corrections(log: VerifiedLog) -> list[str]:
    """Every correction of the log's clock, in words."""
    return [_in_words(log, log.entries[correction.place]) for correction in log.clock.corrections]


def changes(log: VerifiedLog, home: Home) -> list[str]:
    """What the operator has done since somebody looked at that last, in words, oldest first."""
    return [_in_words(log, entry) for entry in log.entries[_seen(home) :] if entry.request is None]


def acknowledge(log: VerifiedLog, home: Home) -> None:
    """Remember that all of it was looked at."""
    home.keep(_SEEN, json.dumps({"entries": len(log.entries)}).encode())


def _seen(home: Home) -> int:
    """How many entries of the log were looked at; none if that can't be read, so that all is said again."""
    try:
        return max(0, int(json.loads(home.recall(_SEEN) or b"{}")["entries"]))
    except (ValueError, TypeError, KeyError):
        return 0


def _in_words(log: VerifiedLog, entry: Entry) -> str:
    at = f"{entry.at:%Y-%m-%d %H:%M} UTC"
    if entry.action is Action.CLOCK:
        before = next(c.before for c in log.clock.corrections if log.entries[c.place] is entry)
        return (
            f"The operator set the server's clock back from {before:%Y-%m-%d %H:%M} to {at}: "
            "days between the two may be wrong."
        )
    (key,) = (name.removeprefix("member/") for name in entry.objects)
    member = log.roster.member(key)
    name, role = log.roster.label(key), "a member" if member is None else member.card.role.noun
    if entry.action is Action.REVOKE:
        return f"{name} is no longer {role}, since {at}."
    by_hand = ", by a clock that the operator confirmed" if entry.confirmed else ""
    return f"{name} was enrolled as {role} on {at}{by_hand}."
