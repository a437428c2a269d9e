"""What of a verified log decides about the entries to come: kept by whoever verifies, and gone on from.

As bytes it is JSON of a version of its own. It proves nothing by itself: its edge leads to a root that the log signed,
the rest is only as good as the disk that it lay on, and who keeps it keeps a digest with it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crypto.merkle import Frontier, FrontierError
from intake.protocol.actions import Action
from intake.protocol.clock import NOT_BEFORE, Correction, LogClock
from intake.protocol.deletions import DeletionError, Deletions
from intake.protocol.entry import VERSION, Entry, EntryError, parse_entry
from intake.protocol.requests import LIFETIME, RequestError, parse_base
from intake.protocol.roster import Roster, RosterError

_VERSION = 2


class StateError(ValueError):
    """Not a state that this module wrote."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """An entry that decides about those to come (`Entry.rules`), at its place in the log."""

    place: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class LogState:
    """The log of this name after its first `edge.size` entries, all of which were verified.

    `version`: of the last entry. `recent`: the signature bases that could still be logged a second time, by the time
    (UTC) at which each was signed.
    """

    log: str
    edge: Frontier
    clock: LogClock
    version: int
    rulings: tuple[Ruling, ...]
    recent: Mapping[str, datetime]
    roster: Roster
    deletions: Deletions

    @classmethod
    def empty(cls, log: str) -> "LogState":
        """A log without entries."""
        return cls(log, Frontier.empty(), LogClock(), 1, (), {}, Roster(), Deletions())

    @property
    def size(self) -> int:
        """How many entries were verified."""
        return self.edge.size

    def to_bytes(self) -> bytes:
        """For a file or a row."""
        values = {
            "v": _VERSION,
            "log": self.log,
            "size": self.size,
            "edge": self.edge.to_bytes().hex(),
            "last": self.clock.last.isoformat(),
            "version": self.version,
            "rulings": [[ruling.place, ruling.entry.to_bytes().decode()] for ruling in self.rulings],
            "before": [correction.before.isoformat() for correction in self.clock.corrections],
            "recent": sorted(self.recent),
        }
        return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def parse_state(data: bytes) -> LogState:
    """Read what `to_bytes` wrote; `StateError` for anything else."""
    try:
        state = _state(json.loads(data))
        if state.to_bytes() == data:
            return state
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        pass
    except (EntryError, FrontierError, RequestError, RosterError, DeletionError):
        pass
    raise StateError("this is not the state of a log")


def reusable(bases: Mapping[str, datetime], clock: LogClock) -> Mapping[str, datetime]:
    """Those of the signature bases that could be logged once more.

    Times of the log only go forward, and `LogClock.require` lets in nothing that was signed more than `LIFETIME` before
    the time of its entry: what was signed longer ago than that before the last entry can't come in again. A correction
    of the clock alone makes that untrue; whoever takes one looks at all entries before it again.
    """
    return {base: created for base, created in bases.items() if clock.last - created <= LIFETIME}


def _state(values: dict[str, Any]) -> LogState:
    rulings = tuple(Ruling(_place(place), parse_entry(line.encode())) for place, line in values["rulings"])
    recent = {base: parse_base(base, b"").created for base in values["recent"]}
    edge = Frontier.from_bytes(_place(values["size"]), bytes.fromhex(values["edge"]))
    since = [ruling.entry.at for ruling in rulings if ruling.entry.action in NOT_BEFORE]
    corrections = _corrections(rulings, values["before"])
    clock = LogClock(edge.size, datetime.fromisoformat(values["last"]), corrections, *since[-1:])
    places = [-1, *(ruling.place for ruling in rulings), edge.size]
    if places != sorted(set(places)) or values["v"] != _VERSION or values["version"] not in range(1, VERSION + 1):
        raise StateError("rulings out of order, or another version")
    return LogState(values["log"], edge, clock, values["version"], rulings, recent, *_replayed(rulings))


def _corrections(rulings: Iterable[Ruling], before: Iterable[str]) -> tuple[Correction, ...]:
    corrected = [ruling for ruling in rulings if ruling.entry.action is Action.CLOCK]
    return tuple(
        Correction(ruling.place, datetime.fromisoformat(time), ruling.entry.at)
        for ruling, time in zip(corrected, before, strict=True)
    )


def _replayed(rulings: Iterable[Ruling]) -> tuple[Roster, Deletions]:
    roster, deletions = Roster(), Deletions()
    for ruling in rulings:
        roster.apply(ruling.entry)
        deletions.apply(ruling.entry, roster)
    return roster, deletions


def _place(value: object) -> int:
    if type(value) is not int:
        raise StateError("not a number")
    return value
