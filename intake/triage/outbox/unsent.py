"""What a reviewer wrote and the desk has not confirmed: sealed to the reviewer's own key, in the mirror.

It is kept before anything is sent, with the very bytes that will be sent, so that sending it again is the same request
to the desk. A locked program knows the public half of the key and can keep text too, but not read it.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

from crypto.age import AgeError, HybridIdentity, HybridRecipient, Recipient, parse_recipient, seal, unseal
from crypto.padding import pad_padme
from intake.report.payloads import SMALLEST_ITEM, Note, Opened, Payload, Reply, Status
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.statements import MirrorDamagedError
from intake.triage.mirror.tables import FACT, RECIPIENT, UNSENT

_ITEM_ID = b"intake reviewer item v1"
_PAYLOADS: dict[str, Callable[[str, int], Payload]] = {
    "status": lambda text, _: Status(text),
    "note": lambda text, _: Note(text),
    "reply": Reply,
    "opened": lambda _text, _number: Opened(),
}
_TO_SOURCE = ("reply", "opened")
_WRITTEN = ("status", "note", "reply")
_LOOK = "look"


class OutboxError(Exception):
    """This can't be kept or read, in words for the reviewer."""


@dataclass(frozen=True, slots=True, repr=False)
class Unsent:
    """A status, note, reply, `opened` or `look` for a tip. Ids in hex; `form`: the token of the form it was typed into.

    `order`: its place among what was written, from 1 on; 0 in what an earlier program kept. `sealed`: the bytes for the
    desk; empty in a draft, which nobody has sealed to the tip yet, and in a `look`, which says only that there was one.
    """

    item: str
    tip: str
    kind: str
    text: str
    form: str
    order: int = 0
    sealed: bytes = b""

    @classmethod
    def typed(cls, form: str, tip: str, kind: str, text: str) -> "Unsent":
        """What a form brought. The same form with the same text is the same item, with another text another one."""
        digest = sha256(_ITEM_ID)
        for part in (form, tip, kind, text):
            digest.update(len(part.encode()).to_bytes(8, "big") + part.encode())
        return cls(digest.hexdigest()[:32], tip, kind, text, form)

    @classmethod
    def opened(cls, tip: str) -> "Unsent":
        """The word to the source that somebody looks at the tip."""
        return cls.typed(new_form(), tip, Opened.kind, "")

    @classmethod
    def look(cls, tip: str) -> "Unsent":
        """The word to the log that the tip was shown."""
        return cls.typed(new_form(), tip, _LOOK, "")

    @property
    def is_written(self) -> bool:
        """Whether somebody wrote it themselves."""
        return self.kind in _WRITTEN

    @property
    def is_opened(self) -> bool:
        """Whether it tells the source that somebody looks at the tip."""
        return self.kind == Opened.kind

    @property
    def is_look(self) -> bool:
        """Whether it says only that the tip was shown."""
        return self.kind == _LOOK

    @property
    def is_draft(self) -> bool:
        """Whether it was typed and not sealed yet."""
        return self.is_written and not self.sealed

    @property
    def to_source(self) -> bool:
        """Whether it is sealed to the source as well, and stored as a reply."""
        return self.kind in _TO_SOURCE

    def payload(self, number: int) -> Payload:
        """The document to seal. `number`: of a reply, among those to its tip."""
        return _PAYLOADS[self.kind](self.text, number)

    def to_json(self) -> bytes:
        """What is sealed for the outbox; padded, as the size would say how much was written."""
        return _document(self.values())

    def values(self) -> dict[str, Any]:
        """Its fields as JSON has them."""
        return asdict(self) | {"sealed": base64.b64encode(self.sealed).decode()}


def _document(values: dict[str, Any]) -> bytes:
    return pad_padme(json.dumps(values, ensure_ascii=False).encode(), SMALLEST_ITEM)


def parse_unsent(document: bytes) -> Unsent:
    """Read what `to_json` wrote; `OutboxError` for anything else."""
    try:
        values: Any = json.loads(document)
        order = values.get("order", 0)
        sealed = base64.b64decode(values["sealed"], validate=True)
        typed = Unsent.typed(values["form"], values["tip"], values["kind"], values["text"])
        unsent = replace(typed, sealed=sealed, order=order)
        # As it was written: every field, and the id that follows from the others. An earlier program wrote no order.
        written = {name: value for name, value in unsent.values().items() if name in values or name != "order"}
        if type(order) is int and unsent.kind in (*_PAYLOADS, _LOOK) and _document(written) == document:
            return unsent
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error):
        pass
    raise OutboxError("something that was kept to be sent is damaged")


def new_form() -> str:
    """The token of a form, made with its page."""
    return secrets.token_urlsafe(16)


class Outbox:
    """What is to be sent, in the mirror."""

    def __init__(self, file: MirrorFile) -> None:
        self._file = file

    def belongs_to(self, recipient: HybridRecipient) -> None:
        """Let a locked program know to whom it must seal what is typed."""
        if self._file.get(FACT, RECIPIENT) != (RECIPIENT, str(recipient)):
            self._file.put(FACT, (RECIPIENT, str(recipient)))

    def keep(self, unsent: Unsent, recipient: Recipient) -> None:
        """Keep it, durably, in the place of what was kept under its id before; `OutboxError` if that can't be done."""
        try:
            self._file.put(UNSENT, (unsent.item, seal(unsent.to_json(), [recipient])))
        except (OSError, MirrorDamagedError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise OutboxError(f"this machine can't keep what you wrote: {reason}") from error

    def keep_draft(self, unsent: Unsent) -> None:
        """Keep it without any secret, unless it is kept already; `OutboxError` if it can't be sealed or kept."""
        try:
            row = self._file.get(FACT, RECIPIENT)
            recipient = parse_recipient("" if row is None else str(row[1]))
            # What an unlocked program seals meanwhile under the same id stays.
            with self._file.writing():
                if self._file.get(UNSENT, unsent.item) is None:
                    self.keep(unsent, recipient)
        except (OSError, MirrorDamagedError, AgeError) as error:
            raise OutboxError("this program was never unlocked here, so nothing can be sealed to your key") from error

    def drop(self, item: str) -> None:
        """Forget what was sent, or is not wanted any more."""
        self._file.remove(UNSENT, item)

    def open(self, identity: HybridIdentity) -> Sequence[Unsent]:
        """All that is kept and can be read. What can't be is left where it is: it may be another key's."""
        found = []
        for item, sealed in self._file.select(UNSENT):
            try:
                unsent = parse_unsent(unseal(sealed, [identity]))
            except (AgeError, OutboxError):
                continue
            if unsent.item == item:
                found.append(unsent)
        return found
