"""Alarms that a member has put aside on this machine, with the reason: their words, which lie sealed to their key."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from crypto.age import AgeError, seal, unseal
from intake.triage.keys.opening import OpeningKeys
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.tables import ASIDE

LONGEST_REASON = 500
"""In characters."""

_LOST_REASON = "(no key of this machine opens it any more)"


@dataclass(frozen=True, slots=True)
class PutAside:
    """What an alarm said that somebody put aside at a time (UTC)."""

    says: str
    at: datetime
    reason: str


def id_of(says: str) -> str:
    """Of an alarm, by what it says: 32 hex digits."""
    return sha256(says.encode()).hexdigest()[:32]


class Aside:
    """Of a member who has these keys."""

    def __init__(self, file: MirrorFile, keys: OpeningKeys) -> None:
        self._file = file
        self._keys = keys

    def has(self, says: str) -> bool:
        """Whether an alarm that says just this was put aside."""
        return self._file.get(ASIDE, id_of(says)) is not None

    def all(self) -> list[PutAside]:
        """The newest first, also where what raised them is over."""
        return [
            PutAside(says, datetime.fromtimestamp(at, UTC), self._opened(sealed) or _LOST_REASON)
            for at, sealed, says in self._rows()
        ]

    def last_at(self, begins: str) -> datetime | None:
        """When something that begins so was put aside last (UTC)."""
        return next((datetime.fromtimestamp(at, UTC) for at, _, says in self._rows() if says.startswith(begins)), None)

    def last_reason(self, begins: str) -> str:
        """For which reason that was; empty if nothing that begins so was, or no key of this machine opens it."""
        return next((self._opened(sealed) for _, sealed, says in self._rows() if says.startswith(begins)), "")

    def put(self, says: str, reason: str, at: datetime) -> None:
        """Raise an alarm that says this no more, for a reason of at most `LONGEST_REASON` characters."""
        self._put(says, reason, int(at.timestamp()))

    def reseal(self) -> None:
        """Seal what is kept to the key of now."""
        for at, sealed, says in list(self._rows()):
            if reason := self._opened(sealed):
                self._put(says, reason, at)

    def _rows(self) -> Iterator[tuple[int, bytes, str]]:
        for _, at, sealed, says in self._file.select(ASIDE, "ORDER BY at DESC"):
            yield int(at), bytes(sealed), str(says)

    def _put(self, says: str, reason: str, at: int) -> None:
        # All of one size: how long it is says something too.
        sealed = seal(reason.encode().ljust(4 * LONGEST_REASON, b"\0"), [self._keys.current.recipient])
        self._file.put(ASIDE, (id_of(says), at, sealed, says))

    def _opened(self, sealed: bytes) -> str:
        try:
            return unseal(sealed, self._keys.identities).rstrip(b"\0").decode()
        except AgeError:
            return ""
