"""The JSON that the desk answers with, as typed records; sealed bytes travel in base64."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from crypto.age import AgeError, HybridRecipient, parse_recipient

VERSION = 2
"""Of the index."""

KINDS = frozenset({"report", "addition", "message", "about", "deletion", "content", "reply", "work"})
"""What an item can be."""


class WireError(ValueError):
    """The desk's answer is not of the agreed form."""


class OtherVersionError(WireError):
    """The index is of another version than this program reads."""


@dataclass(frozen=True, slots=True)
class TipRow:
    """A tip in the index. `summary`: SHA-256 of the sealed summary, so that a changed one is fetched again."""

    id: str
    day: str
    recipient: str
    summary: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item in the index. `size`: of its sealed bytes. `blob`: too large for a bulk read, fetched by itself."""

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
class Index:
    """All there is, and what its sources have withdrawn."""

    tips: tuple[TipRow, ...]
    items: tuple[ItemRow, ...]
    withdrawals: tuple[WithdrawalRow, ...] = ()

    def to_json(self) -> bytes:
        """The body of the answer."""
        return json.dumps({"v": VERSION, **asdict(self)}, separators=(",", ":")).encode()


def parse_index(body: bytes) -> Index:
    """Read an index; `WireError` unless every field of every row is what it must be."""
    try:
        values = _loads(body)
        _require_version(values)
        index = Index(
            tips=tuple(TipRow(**row) for row in values["tips"]),
            items=tuple(ItemRow(**row) for row in values["items"]),
            withdrawals=tuple(WithdrawalRow(**row) for row in values["withdrawals"]),
        )
        if not _is_sound(index):
            raise WireError("the desk's index is malformed")
    except OtherVersionError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError, AgeError):
        raise WireError("the desk's index is malformed") from None
    return index


def _require_version(values: dict[str, Any]) -> None:
    # The first version had no number.
    version = values.get("v", 1) if isinstance(values, dict) else VERSION
    if type(version) is not int:
        raise WireError("the desk's index is malformed")
    if version != VERSION:
        older = "the desk is" if version < VERSION else "this program is"
        raise OtherVersionError(f"{older} of an earlier version than the other side, and has to be brought up to date")


def encode_sealed(summaries: Iterable[tuple[str, bytes]], items: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The answer to a bulk read, piece by piece: of what is read for it, no more than one thing is held at a time."""
    for start, held in ((b'{"summaries":{', summaries), (b'},"items":{', items)):
        yield start
        for number, (name, data) in enumerate(held):
            yield b"%b%b:" % (b"," if number else b"", json.dumps(name).encode())
            yield b'"%b"' % base64.b64encode(data)
    yield b"}}"


def decode_sealed(body: bytes) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Sealed summaries by tip and sealed items by id; `WireError` if the answer is malformed."""
    try:
        values = _loads(body)
        summaries, items = (
            {name: base64.b64decode(text, validate=True) for name, text in values[part].items()}
            for part in ("summaries", "items")
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise WireError("the desk's answer is malformed") from None
    return summaries, items


def _loads(body: bytes) -> Any:
    # Objects in memory are many times as large as the shortest JSON for them; no honest answer is so dense.
    if body.count(b",") > len(body) // 16 + 16 or body.count(b"[") + body.count(b"{") > len(body) // 64 + 16:
        raise WireError("the desk's answer is malformed")
    return json.loads(body)


def _is_sound(index: Index) -> bool:
    tips, items = {row.id for row in index.tips}, {row.id for row in index.items}
    withdrawn = {row.tip for row in index.withdrawals}
    return (
        len(tips) == len(index.tips)
        and len(items) == len(index.items)
        and len(withdrawn) == len(index.withdrawals)
        and all(map(_is_withdrawal, index.withdrawals))
        and all(map(_is_tip, index.tips))
        and all(_is_item(row) and row.tip in tips for row in index.items)
    )


def _is_tip(row: TipRow) -> bool:
    return _is_hex(row.id, 32) and _is_day(row.day) and _is_recipient(row.recipient) and _is_hex(row.summary, 64)


def _is_item(row: ItemRow) -> bool:
    size = type(row.size) is int and row.size >= 0
    return _is_hex(row.id, 32) and _is_day(row.day) and row.kind in KINDS and size and type(row.blob) is bool


def _is_withdrawal(row: WithdrawalRow) -> bool:
    return _is_hex(row.tip, 32) and _is_day(row.day) and _is_hex(row.signature, 128)


def _is_hex(text: object, length: int) -> bool:
    # Ids and digests become file names on the reviewer's machine.
    return isinstance(text, str) and len(text) == length and set(text) <= set("0123456789abcdef")


def _is_day(text: str) -> bool:
    return date.fromisoformat(text).isoformat() == text


def _is_recipient(text: object) -> bool:
    return isinstance(text, str) and isinstance(parse_recipient(text), HybridRecipient)
