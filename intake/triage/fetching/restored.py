"""A log that was set back to a copy, as its operator declares: told from one that was only cut.

That the operator says so excuses nothing: whatever was seen and is lost can have been lost on purpose. So it stays an
alarm, with its evidence, until a person has asked and says why they accept it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from intake.protocol.actions import Action, ActionError, copy_of
from intake.protocol.entry import EntryError, parse_entry

DECLARES = "its operator declares that a copy of the server was put back on"
"""What is said of a log that contradicts itself where that can be accepted."""


@dataclass(frozen=True, slots=True)
class Declared:
    """An entry at `place`, made at `at` (UTC), that declares a restore; `lost`: how many entries that were seen."""

    place: int
    at: datetime
    lost: int

    @property
    def says(self) -> str:
        """What is declared, and what it costs."""
        lost = f"{self.lost} of the entries seen before"
        return f"{DECLARES} {self.at:%Y-%m-%d %H:%M} UTC, which lacks the newest {lost}"

    def __str__(self) -> str:
        return (
            f"{self.says}. Ask the operator over another channel when and why, and compare that with your colleagues; "
            "if it is true, accept it with your reason: on the page Log of a reviewer's program, or by 'intake audit "
            "verify --accept-restore'"
        )


def declared(kept: Iterable[bytes], served: Iterable[bytes]) -> Declared | None:
    """The restore that explains why `served`, a log's entries, contradict those that were `kept` of it; None without.

    Its entry is the first that differs, and says itself that it follows on a copy of just the entries above it.
    """
    held = iter(kept)
    for place, (old, new) in enumerate(zip(held, served, strict=False)):
        if old != new:
            return _declares(new, place, lost=1 + sum(1 for _ in held))
    return None


def _declares(line: bytes, place: int, lost: int) -> Declared | None:
    try:
        entry = parse_entry(line)
        if entry.action is Action.RESTORE and copy_of(entry.objects).size == place:
            return Declared(place, entry.at, lost)
    except (EntryError, ActionError):
        pass
    return None
