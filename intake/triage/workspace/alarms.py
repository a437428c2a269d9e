"""Alarms: what must not be overlooked, what to do about it, and who has to hear of it.

Nobody can click one away. Whoever knows why it was raised puts it aside, with a reason that stays with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from crypto.age import AgeError, seal, unseal
from intake.protocol.card import Role
from intake.protocol.logstate import LogState
from intake.triage.keys.opening import OpeningKeys
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.tables import ASIDE
from intake.triage.times import moment

LONGEST_REASON = 500
_LOST_REASON = "(no key of this machine opens it any more)"

_LIED = (
    "Trust nothing new that this program shows. Save the evidence, if there is any, and give it to your auditor: "
    "it can be checked without this server"
)
_OWN_KEY = (
    "If it was you, on another machine with the same key, say so below. If not, somebody else has your key: have the "
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
    """What is wrong, and what to do; both in sentences without their full stop."""

    says: str
    do: str

    @property
    def id(self) -> str:
        """The same as long as the same is wrong: 32 hex digits."""
        return sha256(self.says.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class PutAside:
    """An alarm that somebody put aside at a time (UTC)."""

    alarm: Alarm
    at: datetime
    reason: str


def lied(says: str) -> Alarm:
    """The server, or whoever holds the log's key, did what nobody does by mistake."""
    return Alarm(f"The log can't be trusted: {says}", _LIED)


def unwitnessed(says: str) -> Alarm:
    """The log is not witnessed as the member's policy asks."""
    return Alarm(f"The log is not witnessed as your policy asks: {says}", _UNWITNESSED)


def of_own_key(foreign: Sequence[str], more: int) -> Alarm:
    """The log holds what this key signed and this machine did not send: in words, the first ones of all."""
    rest = f"; and {more} more" if more else ""
    return Alarm(f"Somebody used your key elsewhere: {'; '.join(foreign)}{rest}", _OWN_KEY)


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


class Alarms:
    """Which were put aside, on this machine, with a reason: words of the member's, which lie sealed to their key."""

    def __init__(self, file: MirrorFile, keys: OpeningKeys) -> None:
        self._file = file
        self._keys = keys

    def standing(self, raised: Iterable[Alarm]) -> list[Alarm]:
        """Those that nobody has put aside."""
        return [alarm for alarm in raised if self._file.get(ASIDE, alarm.id) is None]

    def aside(self) -> list[PutAside]:
        """Those that somebody has, the newest first, also where what raised them is over."""
        rows = self._file.select(ASIDE, "ORDER BY at DESC")
        return [
            PutAside(Alarm(str(says), ""), datetime.fromtimestamp(int(at), UTC), self._opened(sealed) or _LOST_REASON)
            for _, at, sealed, says in rows
        ]

    def put_aside(self, alarm: Alarm, reason: str, at: datetime) -> None:
        """Raise this alarm no more, for a reason of at most `LONGEST_REASON` characters."""
        self._file.put(ASIDE, (alarm.id, int(at.timestamp()), self._sealed(reason), alarm.says))

    def reseal(self) -> None:
        """Seal what is kept to the key of now."""
        for alarm, at, sealed, says in self._file.select(ASIDE):
            if reason := self._opened(sealed):
                self._file.put(ASIDE, (alarm, at, self._sealed(reason), says))

    def _sealed(self, reason: str) -> bytes:
        # All of one size: how long it is says something too.
        return seal(reason.encode().ljust(4 * LONGEST_REASON, b"\0"), [self._keys.current.recipient])

    def _opened(self, sealed: bytes) -> str:
        try:
            return unseal(sealed, self._keys.identities).rstrip(b"\0").decode()
        except AgeError:
            return ""
