"""Who the reviewers were at each place of the log, and who of them was revoked since."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from intake.protocol.logstate import Ruling
from intake.protocol.roster import Member, Roster


@dataclass(frozen=True, slots=True)
class Former:
    """A reviewer who was revoked, by the entry at a place. `enrolled`: the place of the entry that enrolled them."""

    member: Member
    enrolled: int
    revoked: int


class Readership:
    """By what rules the log, in its order."""

    def __init__(self, rulings: Iterable[Ruling]) -> None:
        roster = Roster()
        self._places: list[int] = []
        self._reviewers = [frozenset[str]()]
        enrolled: dict[str, int] = {}
        revoked: dict[str, int] = {}
        for ruling in rulings:
            before = self._reviewers[-1]
            roster.apply(ruling.entry)
            now = frozenset(member.card.key_id for member in roster.reviewers)
            self._places.append(ruling.place)
            self._reviewers.append(now)
            enrolled |= dict.fromkeys(now - before, ruling.place)
            revoked |= dict.fromkeys(before - now, ruling.place)
        members = {member.card.key_id: member for member in roster.members}
        self.former = tuple(
            Former(members[key], enrolled[key], place) for key, place in revoked.items() if key not in self.now
        )

    @property
    def now(self) -> frozenset[str]:
        """Who the reviewers are (key ids)."""
        return self._reviewers[-1]

    def at(self, place: int) -> frozenset[str]:
        """Who the reviewers were (key ids) when the entry at a place was made."""
        return self._reviewers[bisect_left(self._places, place)]
