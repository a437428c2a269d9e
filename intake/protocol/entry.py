"""One line of the access log: canonical JSON, and the same bytes again when read back."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from intake.protocol.actions import CONFIRMED, RULINGS, SINCE, Action

VERSION = 3
"""Of new entries. The second brought names that can be told apart, corrections of the clock and confirmed times; the
third what is in `SINCE` for it."""
LONGEST = 65_535
"""Bytes of an entry at most: what a tlog-tiles entry bundle can hold."""

OPERATOR = "operator"
"""Who made an entry that no member signed: whoever holds the server."""


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))

_RULING = tuple(_CANONICAL.encode({"action": action.value}).removesuffix("}").encode() for action in RULINGS)


class EntryError(ValueError):
    """Not an entry in its canonical form."""


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """The signed request behind an entry: signature base, signature, and the body where it names what was read."""

    base: str
    signature: bytes
    body: str | None = None


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

    def to_bytes(self) -> bytes:
        """The canonical line, without a newline; `EntryError` if it is too long to be served."""
        values: dict[str, Any] = {
            "v": self.version,
            "at": _time(self.at),
            "who": self.who,
            "action": self.action.value,
            "objects": list(self.objects),
        }
        if self.request is not None:
            signature = base64.b64encode(self.request.signature).decode()
            values["request"] = {"base": self.request.base, "signature": signature}
            if self.request.body is not None:
                values["request"]["body"] = self.request.body
        if self.card is not None:
            values["card"] = self.card
        if self.confirmed:
            values["confirmed"] = True
        line = _CANONICAL.encode(values).encode()
        if len(line) > LONGEST:
            raise EntryError("the entry is too long")
        return line


def parse_entry(line: bytes) -> Entry:
    """Read an entry; `EntryError` unless its canonical form is exactly these bytes."""
    try:
        entry = _entry(json.loads(line))
        if entry.to_bytes() == line:
            return entry
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error):
        pass
    raise EntryError("this is not an entry of the log")


def rules(line: bytes) -> bool:
    """Whether a canonical line is a ruling; without reading it, since the action stands first in each."""
    return line.startswith(_RULING)


def _entry(values: dict[str, Any]) -> Entry:
    action, version = Action(values["action"]), values["v"]
    if type(version) is not int or version not in range(1, VERSION + 1):
        raise EntryError("an entry of an unknown version")
    if version < SINCE.get(action, 1) or (version == 1 and "confirmed" in values):
        raise EntryError("it says what entries of its version don't know yet")
    if "confirmed" in values and action not in CONFIRMED:
        raise EntryError("only the operator confirms a time")
    if "card" in values and action is not Action.ENROL:
        raise EntryError("only an enrolment shows a card")
    return Entry(
        at=datetime.fromisoformat(values["at"]).replace(tzinfo=UTC),
        who=_text(values["who"]),
        action=action,
        objects=tuple(map(_text, values["objects"])),
        request=_request(values["request"]) if "request" in values else None,
        card=_text(values["card"]) if "card" in values else None,
        confirmed=values.get("confirmed") is True,
        version=version,
    )


def _request(values: dict[str, Any]) -> LoggedRequest:
    return LoggedRequest(
        base=_text(values["base"]),
        signature=base64.b64decode(_text(values["signature"]), validate=True),
        body=_text(values["body"]) if "body" in values else None,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise EntryError("a field is not text")
    return value


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
