"""The index, as far as it is kept: the list of days and their rows, of which only the days that changed are fetched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from intake.protocol import limits
from intake.protocol.index import (
    AS_KEPT,
    Day,
    DayIndex,
    ItemRow,
    TipRow,
    WithdrawalRow,
    parse_day,
    parse_days,
    sha256_hex,
)
from intake.protocol.wire import WireError
from intake.triage.desk_client import DeskClient, DeskError

_ATTEMPTS = 5
"""How often the list is asked for, if something comes while its days are fetched."""


@dataclass(frozen=True, slots=True)
class Index:
    """All there is, and what its sources have withdrawn."""

    tips: tuple[TipRow, ...] = ()
    items: tuple[ItemRow, ...] = ()
    withdrawals: tuple[WithdrawalRow, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptDays:
    """The list of days and the rows of each, as the desk sent them."""

    listed: bytes
    days: Mapping[str, bytes]
    """By digest."""

    def index(self) -> Index:
        """Everything together; `WireError` if an item is of no tip, or something is there on two days."""
        rows = [parse_day(day.day, self.days[day.digest]) for day in parse_days(self.listed).days]
        index = _together(rows)
        tips = {row.id for row in index.tips}
        ids = (tips, {row.id for row in index.items}, {row.tip for row in index.withdrawals})
        if tuple(map(len, ids)) != (len(index.tips), len(index.items), len(index.withdrawals)):
            raise WireError("the desk's index is malformed")
        if not all(row.tip in tips for row in index.items):
            raise WireError("the desk's index is malformed")
        return index

    def to_bytes(self) -> bytes:
        """The bytes of a file: the list, and a line for each of its days."""
        days = parse_days(self.listed).days
        return b"\n".join([self.listed, *(self.days[day.digest] for day in days)])


def parse_kept_days(data: bytes) -> KeptDays:
    """Read what `to_bytes` wrote; `WireError` if it is that no more."""
    listed, *bodies = data.split(b"\n")
    kept = {sha256_hex(body): body for body in bodies}
    if any(day.digest not in kept for day in parse_days(listed).days):
        raise WireError("the index that is kept is damaged")
    return KeptDays(listed, kept)


def fetch_days(client: DeskClient, kept: KeptDays | None) -> KeptDays:
    """The days as they are now, of which only those that changed are fetched. `DeskError` if they go on changing."""
    have = sha256_hex(kept.listed) if kept else ""
    rows = dict(kept.days) if kept else {}
    for _ in range(_ATTEMPTS):
        listed = client.days(have)
        if kept is not None and listed == AS_KEPT:
            return kept
        days = parse_days(listed).days
        for day, body in _missing(client, days, rows):
            rows[sha256_hex(body)] = body
            if sha256_hex(body) != day.digest:
                break
        if all(day.digest in rows for day in days):
            return KeptDays(listed, {day.digest: rows[day.digest] for day in days})
    raise DeskError("what the desk has changed again and again while it was fetched; try again")


def _missing(client: DeskClient, days: Sequence[Day], rows: Mapping[str, bytes]) -> Iterator[tuple[Day, bytes]]:
    """The rows of the days that are not kept, as they are now."""
    left = limits.INDEX - sum(len(rows[day.digest]) for day in days if day.digest in rows)
    for day in days:
        if day.digest not in rows:
            body = client.day(day.day, left)
            left -= len(body)
            yield day, body


def _together(days: Sequence[DayIndex]) -> Index:
    return Index(
        tuple(chain.from_iterable(day.tips for day in days)),
        tuple(chain.from_iterable(day.items for day in days)),
        tuple(chain.from_iterable(day.withdrawals for day in days)),
    )
