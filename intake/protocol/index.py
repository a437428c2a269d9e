"""The index: which tips and items there are, by day, so that a program fetches the days that it lacks and no others.

The list of days bears a digest of each day's rows, and the request for it the digest of the list that is kept already.
Rows are arrays, in the order of their ids, which are random: nothing says who came first.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from intake.protocol.kinds import is_kind
from intake.protocol.wire import WireError, is_hex, loads

VERSION = 3

AS_KEPT = b'{"v":3}'
"""The answer to a request that names the digest of the list as it is."""


class OtherVersionError(WireError):
    """The index is of another version than this program reads."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day (YYYY-MM-DD, UTC) in the list: how many tips and items are of it, and the digest of its rows, in hex."""

    day: str
    tips: int
    items: int
    digest: str


@dataclass(frozen=True, slots=True)
class Days:
    """The days of which there is anything, in their order."""

    days: tuple[Day, ...]

    def to_json(self) -> bytes:
        """The body of the answer."""
        return _dumps({"v": VERSION, "days": [[day.day, day.tips, day.items, day.digest] for day in self.days]})


@dataclass(frozen=True, slots=True)
class TipRow:
    """A tip that came on a day. Digests (SHA-256, in hex) of the two parts of its summary, and of its recipient.

    `payload` never changes, whoever may read; `header` says who may.
    """

    id: str
    day: str
    payload: str
    header: str
    recipient: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item in the index. `size`: of its sealed bytes. `blob`: too large for a bulk read, fetched by itself.

    `kind`: one of `Kind`, or one that a version to come has. What is not known hides nothing else of its day.
    """

    id: str
    tip: str
    kind: str
    day: str
    size: int
    blob: bool


@dataclass(frozen=True, slots=True)
class WithdrawalRow:
    """The word of a tip's source that it is withdrawn. `signature`: of the source's key, in hex."""

    tip: str
    day: str
    signature: str


@dataclass(frozen=True, slots=True)
class DayIndex:
    """The rows of one day: tips that came, items that were added to any tip, and withdrawals that were said."""

    day: str
    tips: tuple[TipRow, ...] = ()
    items: tuple[ItemRow, ...] = ()
    withdrawals: tuple[WithdrawalRow, ...] = ()

    def to_json(self) -> bytes:
        """The body of the answer."""
        return _dumps(
            {
                "v": VERSION,
                "tips": [[row.id, row.payload, row.header, row.recipient] for row in self.tips],
                "items": [[row.id, row.tip, row.kind, row.size, row.blob] for row in self.items],
                "withdrawals": [[row.tip, row.signature] for row in self.withdrawals],
            }
        )


def sha256_hex(body: bytes) -> str:
    """What a list of days, or the rows of one, are known by: the SHA-256 of the body, in hex."""
    return hashlib.sha256(body).hexdigest()


def parse_days(body: bytes) -> Days:
    """Read a list of days; `WireError` unless it is one in its canonical form."""
    values = _values(body)
    try:
        days = Days(tuple(Day(*row) for row in values["days"]))
        sound = _ascend(day.day for day in days.days) and all(map(_is_day_of_list, days.days))
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound or days.to_json() != body:
        raise WireError("the desk's index is malformed")
    return days


def parse_day(day: str, body: bytes) -> DayIndex:
    """Read the rows of a day; `WireError` unless they are that in their canonical form."""
    values = _values(body)
    try:
        index = DayIndex(
            day,
            tips=tuple(TipRow(name, day, *digests) for name, *digests in values["tips"]),
            items=tuple(ItemRow(name, tip, kind, day, *rest) for name, tip, kind, *rest in values["items"]),
            withdrawals=tuple(WithdrawalRow(tip, day, *signature) for tip, *signature in values["withdrawals"]),
        )
        sound = _is_sound(index)
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound or index.to_json() != body:
        raise WireError("the desk's index is malformed")
    return index


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `first` to `last`, both of them among these. As text it is one of the two forms of ISO 8601."""

    first: str
    last: str

    def __str__(self) -> str:
        return self.first if self.first == self.last else f"{self.first}--{self.last}"


def parse_span(text: str) -> Span:
    """Read a span of days; `WireError` if it is none."""
    first, _, last = text.partition("--")
    span = Span(first, last or first)
    if not is_day(span.first) or not is_day(span.last) or span.first > span.last or str(span) != text:
        raise WireError("not a span of days")
    return span


def is_day(text: object) -> bool:
    """Whether this is a day as the index writes it."""
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _values(body: bytes) -> dict[str, Any]:
    try:
        values = loads(body)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise WireError("the desk's index is malformed")
    # The first version had no number.
    version = values.get("v", 1)
    if type(version) is not int:
        raise WireError("the desk's index is malformed")
    if version != VERSION:
        older = "the desk is" if version < VERSION else "this program is"
        raise OtherVersionError(f"{older} of an earlier version than the other side, and has to be brought up to date")
    return values


def _dumps(values: object) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode()


def _is_day_of_list(day: Day) -> bool:
    return is_day(day.day) and _is_count(day.tips) and _is_count(day.items) and is_hex(day.digest, 64)


def _is_sound(index: DayIndex) -> bool:
    return (
        _ascend(row.id for row in index.tips)
        and _ascend(row.id for row in index.items)
        and _ascend(row.tip for row in index.withdrawals)
        and all(map(_is_tip, index.tips))
        and all(map(_is_item, index.items))
        and all(is_hex(row.tip, 32) and is_hex(row.signature, 128) for row in index.withdrawals)
    )


def _is_tip(row: TipRow) -> bool:
    return is_hex(row.id, 32) and all(is_hex(text, 64) for text in (row.payload, row.header, row.recipient))


def _is_item(row: ItemRow) -> bool:
    ids = is_hex(row.id, 32) and is_hex(row.tip, 32)
    return ids and is_kind(row.kind) and _is_count(row.size) and type(row.blob) is bool


def _is_count(number: object) -> bool:
    return type(number) is int and number >= 0


def _ascend(names: Iterable[str]) -> bool:
    return all(one < other for one, other in pairwise(names))
