"""One line of the access log: canonical JSON, and the same bytes again when read back."""

import binascii
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crypto.note import encode_base64
from intake.protocol.actions import CONFIRMED, RULINGS, SINCE, Action

VERSION = 3
"""Of new entries. The second brought names that can be told apart, corrections of the clock and confirmed times; the
third what is in `SINCE` for it."""
LONGEST = 65_535
"""Bytes of an entry at most: what a tlog-tiles entry bundle can hold."""

OPERATOR = "operator"
"""Who made an entry that no member signed: whoever holds the server."""

_SECONDS = len("2026-01-01T00:00:00")

_read = json.JSONDecoder().raw_decode
"""A value, and where it ends: what stands before or behind it makes another line than the canonical one."""

_quoted = json.encoder.encode_basestring
"""A text as JSON has it, its characters as they are."""

_RULING = re.compile(
    rb'\{"action":(?:"(?:%s)",|"renew","at":"[^"]*","objects":\["(?!tip/))' % "|".join(sorted(RULINGS)).encode()
)


class EntryError(ValueError):
    """Not an entry in its canonical form."""


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """The signed request behind an entry: signature base, signature, and the body where it names what was read."""

    base: str
    signature: bytes
    body: str | None = None

    def to_json(self) -> str:
        """As a part of the canonical line."""
        body = "" if self.body is None else f',"body":{_quoted(self.body)}'
        return f'{{"base":{_quoted(self.base)}{body},"signature":"{encode_base64(self.signature)}"}}'


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what to which objects, and when (UTC, to the second). `card` is the text of an enrolled card.

    `confirmed`: the operator was asked whether the time is right, since it lies far from that of the entry above.
    """

    at: datetime
    who: str
    action: Action
    objects: tuple[str, ...] = ()
    request: LoggedRequest | None = None
    card: str | None = None
    confirmed: bool = False
    version: int = VERSION

    @property
    def rules(self) -> bool:
        """Whether it decides about entries to come: by its action, or as a renewal that names more than tips."""
        if self.action is Action.RENEW:
            return bool(self.objects) and not self.objects[0].startswith("tip/")
        return self.action in RULINGS

    def to_bytes(self) -> bytes:
        """The canonical line, without a newline; `EntryError` if it is too long to be served.

        JSON with sorted keys, no spaces, and all characters as they are: put together here, since whoever verifies a
        log makes each of its lines once more, and the module would first have to find out what it is given.
        """
        card = "" if self.card is None else f',"card":{_quoted(self.card)}'
        confirmed = ',"confirmed":true' if self.confirmed else ""
        request = "" if self.request is None else f',"request":{self.request.to_json()}'
        objects = ",".join(map(_quoted, self.objects))
        line = (
            f'{{"action":"{self.action.value}","at":"{_time(self.at)}"{card}{confirmed},"objects":[{objects}]'
            f'{request},"v":{self.version},"who":{_quoted(self.who)}}}'
        ).encode()
        if len(line) > LONGEST:
            raise EntryError("the entry is too long")
        return line


def parse_entry(line: bytes) -> Entry:
    """Read an entry; `EntryError` unless its canonical form is exactly these bytes."""
    try:
        values, _ = _read(line.decode())
        entry = _entry(values)
        if entry.to_bytes() == line:
            return entry
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error):
        pass
    raise EntryError("this is not an entry of the log")


def rules(line: bytes) -> bool:
    """Whether a canonical line is a ruling (`Entry.rules`); without reading it, since what tells that stands first."""
    return _RULING.match(line) is not None


def _entry(values: dict[str, Any]) -> Entry:
    action, version = Action(values["action"]), values["v"]
    if type(version) is not int or not 1 <= version <= VERSION:
        raise EntryError("an entry of an unknown version")
    if version < SINCE.get(action, 1) or (version == 1 and "confirmed" in values):
        raise EntryError("it says what entries of its version don't know yet")
    if "confirmed" in values and action not in CONFIRMED:
        raise EntryError("only the operator confirms a time")
    if "card" in values and action is not Action.ENROL:
        raise EntryError("only an enrolment shows a card")
    # What is of another type than these fields have, or is written otherwise, has no such line.
    return Entry(
        at=datetime.fromisoformat(values["at"]),
        who=values["who"],
        action=action,
        objects=tuple(values["objects"]),
        request=_request(values["request"]) if "request" in values else None,
        card=values.get("card"),
        confirmed=values.get("confirmed") is True,
        version=version,
    )


def _request(values: dict[str, Any]) -> LoggedRequest:
    return LoggedRequest(
        base=values["base"],
        signature=binascii.a2b_base64(values["signature"]),
        body=values.get("body"),
    )


def _time(at: datetime) -> str:
    return at.isoformat()[:_SECONDS] + "Z"
