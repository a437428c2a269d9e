"""Alarms: what must not be overlooked, what to do about it, and who has to hear of it.

Nobody can click one away. Whoever knows why it was raised puts it aside, with a reason (`mirror/aside.py`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from intake.protocol.card import Role
from intake.protocol.logstate import LogState
from intake.triage.keys.opening import OpeningKeys
from intake.triage.mirror.aside import Aside, id_of
from intake.triage.mirror.journal import Foreign
from intake.triage.times import moment

_LIED = (
    "Trust nothing new that this program shows. Save the evidence, if there is any, and give it to your auditor: "
    "it can be checked without this server"
)
ELSEWHERE = "Somebody used your key elsewhere"
"""How an alarm begins that only the member can judge: both who has the key and who stole it sign with it."""

_NAMED = 3
"""Uses of one's own key that an alarm names, the last ones; the page lists all."""

_OWN_KEY = (
    "If all of it was you, on another machine with the same key, say so below; what is used on the same day after that "
    "is said, and raises the next alarm on the next day. If not, somebody else has your key: have the "
    "operator revoke it now, and make new ones with 'intake key new'"
)
_UNWITNESSED = (
    "Until it is, nobody vouches that this server shows you what it shows others. You can go on reading. Tell the "
    "operator, too"
)
_LOST_KEY = (
    "If it was you, unlock this program on the other machine while the server can be reached. If not, somebody has "
    "your key file: have yourself revoked, and make new keys with 'intake key new'"
)
_LEFT_OUT = (
    "Your program has put that right where it could, from what it keeps. Ask them, and tell your colleagues: their "
    "programs look into this only when their own keys are exchanged"
)
_OWN_CARD = "Write nothing and read nothing with this key until you know from the operator and from a colleague why"


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong, and what to do; both in sentences without their full stop. `uses`: of one's key, that raise it."""

    says: str
    do: str
    uses: Sequence[Foreign] = ()

    @property
    def id(self) -> str:
        """The same as long as the same is wrong: 32 hex digits."""
        return id_of(self.says)


def lied(says: str) -> Alarm:
    """The server, or whoever holds the log's key, did what nobody does by mistake."""
    return Alarm(f"The log can't be trusted: {says}", _LIED)


def unwitnessed(says: str) -> Alarm:
    """The log is not witnessed as the member's policy asks."""
    return Alarm(f"The log is not witnessed as your policy asks: {says}", _UNWITNESSED)


def of_own_key(uses: Sequence[Foreign]) -> Alarm:
    """The log holds what this key signed and this machine did not send, none of it put aside yet."""
    named = "; ".join(use.says for use in uses[-_NAMED:])
    rest = f"; and {len(uses) - _NAMED} more" if len(uses) > _NAMED else ""
    return Alarm(f"{ELSEWHERE}: {named}{rest}", _OWN_KEY, uses)


def of_lost_key(says: str) -> Alarm:
    """The own card has a recipient whose identity none of the member's machines has."""
    return Alarm(says, _LOST_KEY)


def of_left_out(says: str) -> Alarm:
    """A colleague's program exchanged headers so that this member can't open them."""
    return Alarm(says, _LEFT_OUT)


def of_own_card(log: LogState, me: str, opening: OpeningKeys) -> Iterable[Alarm]:
    """Whether the log has this member, by key id, enrolled as they are."""
    member = log.roster.member(me)
    if member is None:
        return
    if member.until is not None:
        yield Alarm(f"Your key was revoked on {moment(member.until)}: nothing new is sealed to you", _OWN_CARD)
    # What took the place of one of these, another machine of theirs may hand over, and in the place of one that was
    # destroyed the newest is put again (`access/rekeying.py`).
    if not any(opening.has(each) or opening.has_destroyed(each) for each in member.recipients):
        yield Alarm("The log has your key enrolled with another recipient than yours", _OWN_CARD)


def whom_to_call(log: LogState | None, me: str) -> list[str]:
    """Who has to hear of an alarm, by name: auditors first, then the other reviewers."""
    if log is None:
        return []
    active = [member.card for member in log.roster.members if member.until is None and member.card.key_id != me]
    active.sort(key=lambda card: card.role is not Role.AUDITOR)
    return [f"{log.roster.label(card.key_id)} ({card.role})" for card in active]


def standing(raised: Iterable[Alarm], aside: Aside, today: date) -> list[Alarm]:
    """Those that nobody has put aside; of uses of one's own key one a day, or nobody would read the next."""
    is_over = _is_said_today(aside, today)
    return [alarm for alarm in raised if not aside.has(alarm.says) and not (alarm.uses and is_over)]


def said_quietly(raised: Iterable[Alarm], aside: Aside, today: date) -> list[str]:
    """Those that are no alarm again before tomorrow, in sentences."""
    return [f"{alarm.says}." for alarm in raised if alarm.uses and _is_said_today(aside, today)]


def _is_said_today(aside: Aside, today: date) -> bool:
    last = aside.last_at(ELSEWHERE)
    # Not of a day that has not come: a clock that was ahead would silence the next ones.
    return last is not None and last.date() == today
