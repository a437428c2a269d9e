"""The JSON that the desk answers with; sealed bytes travel in base64."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from typing import Any

from intake.protocol import limits


class WireError(ValueError):
    """The desk's answer is not of the agreed form."""


def encode_sealed(summaries: Iterable[tuple[str, bytes]], items: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The answer to a bulk read, piece by piece: of what is read for it, no more than one thing is held at a time."""
    for start, held in ((b'{"summaries":{', summaries), (b'},"items":{', items)):
        yield start
        for number, (name, data) in enumerate(held):
            yield b'%b%b:"%b"' % (b"," if number else b"", json.dumps(name).encode(), base64.b64encode(data))
    yield b"}}"


def decode_sealed(body: bytes) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Sealed summaries by tip and sealed items by id; `WireError` if the answer is malformed."""
    try:
        values = loads(body)
        summaries, items = (
            {name: base64.b64decode(text, validate=True) for name, text in values[part].items()}
            for part in ("summaries", "items")
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise WireError("the desk's answer is malformed") from None
    return summaries, items


def encode_entries(lines: Iterable[bytes]) -> bytes:
    """Entries of the log, a line each, of which none has a line break in it: as many from the first on as fit."""
    held: list[bytes] = []
    size = 0
    for line in lines:
        size += len(line) + 1
        if size > limits.ENTRIES:
            break
        held.append(line)
    return b"\n".join(held)


def decode_entries(body: bytes) -> list[bytes]:
    """The lines of such an answer; what is none of the log's shows when they are verified."""
    return body.split(b"\n", limits.MOST_ENTRIES) if body else []


def loads(body: bytes) -> Any:
    """JSON that is not much larger in memory than it is here; `ValueError` for what would be."""
    # Objects in memory are many times as large as the shortest JSON for them; no honest answer is so dense.
    if body.count(b",") > len(body) // 16 + 16 or body.count(b"[") + body.count(b"{") > len(body) // 64 + 16:
        raise WireError("the desk's answer is malformed")
    return json.loads(body)


def is_hex(text: object, length: int) -> bool:
    """Whether this is so many hex digits. Ids and digests become file names on the reviewer's machine."""
    return isinstance(text, str) and len(text) == length and set(text) <= set("0123456789abcdef")
