"""A tip as a reviewer's program sends it to the desk, with its first item: everything sealed already."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from crypto.age import AgeError, HybridRecipient, parse_recipient, stanza_count
from intake.protocol.queries import Made
from intake.protocol.wire import WireError, is_hex

_BYTES = ("header", "payload", "chain", "first")


@dataclass(frozen=True, slots=True)
class NewTip:
    """What a tip's row holds, and the sealed bytes of its `first` item.

    `recipient`: of the tip; `lookup`: what its source comes back by, in hex; `chain`: where its source goes on, sealed
    to the source. Where nobody can come back, both are as random as where somebody can.
    """

    recipient: str
    lookup: str
    header: bytes
    payload: bytes
    chain: bytes
    first: bytes

    @property
    def made(self) -> Made:
        """The digests by which the log knows it."""
        return Made(sha256(self.payload).hexdigest(), sha256(self.first).hexdigest())

    @property
    def readers(self) -> int:
        """To how many people the summary is sealed."""
        return stanza_count(self.header)

    def to_json(self) -> bytes:
        """The body to send."""
        sealed = {name: base64.b64encode(getattr(self, name)).decode() for name in _BYTES}
        return _dumps({"recipient": self.recipient, "lookup": self.lookup, **sealed})


def parse_new_tip(body: bytes) -> NewTip:
    """Read such a body; `WireError` unless it is one in its canonical form, with a summary that somebody can open."""
    try:
        values: Any = json.loads(body)
        sealed = {name: base64.b64decode(values[name], validate=True) for name in _BYTES}
        new = NewTip(recipient=values["recipient"], lookup=values["lookup"], **sealed)
        if new.to_json() == body and is_hex(new.lookup, 64) and new.readers and _is_recipient(new.recipient):
            return new
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error, AgeError):
        pass
    raise WireError("this is no new tip")


def _is_recipient(text: object) -> bool:
    return isinstance(text, str) and isinstance(parse_recipient(text), HybridRecipient)


def _dumps(values: Mapping[str, str]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode()
