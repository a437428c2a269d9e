"""What a reviewer wrote and the desk has not confirmed: sealed to the reviewer's own key, in the mirror.

It is kept before anything is sent, with the very bytes that will be sent, so that sending it again is the same request
to the desk. A locked program knows the public half of the key and can keep text too, but not read it.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any

from crypto.age import AgeError, HybridIdentity, HybridRecipient, Recipient, parse_recipient, seal, unseal
from crypto.padding import pad_padme
from intake.report.documents import read_values
from intake.report.events import EVENTS, EVERYTHING, NUMBERED, TO_SOURCE, Note, Purpose, Referral, Status
from intake.report.payloads import RECORDED, SMALLEST_ITEM, Opened, Payload, PayloadFormatError, Reply, frozen
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.statements import MirrorDamagedError
from intake.triage.mirror.tables import FACT, PURGED, RECIPIENT, UNSENT

_ITEM_ID = b"intake reviewer item v1"
_TIP_ID = b"intake reviewer tip v1"
_WRITTEN = (*NUMBERED, Note, *EVENTS)
_LOOK = "look"

_ONE_TEXT: Mapping[str, Callable[[str], Payload | None]] = {
    "status": lambda text: Status(text, seen=EVERYTHING),
    "note": Note,
    "reply": lambda text: Reply(text, 0),
    "opened": lambda _: Opened(),
    _LOOK: lambda _: None,
}
"""What an earlier program meant that kept one text, whatever was written."""


@dataclass(frozen=True, slots=True, repr=False)
class TypedReport(Payload):
    """A report to be made. `fields`: the form as it came, as JSON, so that it can be filled in again."""

    kind = "typed_report"
    fields: str


@dataclass(frozen=True, slots=True, repr=False)
class TypedForm(Payload):
    """A form that came while nobody could be told what lacks in it. `of`: what it writes; `fields`: as in a report."""

    kind = "typed_form"
    of: str
    fields: str


@dataclass(frozen=True, slots=True, repr=False)
class TeamDossier(Payload):
    """A dossier of the whole team's to be made."""

    kind = "team_dossier"


@dataclass(frozen=True, slots=True, repr=False)
class TakingBack(Payload):
    """A reply to be taken back. `reply`: its id."""

    kind = "taking_back"
    reply: str


@dataclass(frozen=True, slots=True, repr=False)
class Deciding(Payload):
    """A step of a deletion: one of `Step`. `proposal`: the id of the item that says why."""

    kind = "deciding"
    step: str
    proposal: str


@dataclass(frozen=True, slots=True, repr=False)
class PurgeReceipt(Payload):
    """That nothing of a tip is kept here any more."""

    kind = "purge_receipt"


class Step(StrEnum):
    """What a member can say of a deletion."""

    PROPOSE = "propose"
    SECOND = "second"
    STOP = "stop"


@dataclass(frozen=True, slots=True, repr=False)
class LogWord(Payload):
    """What the log is told beside an item that a reviewer wrote: that it hands the tip on, or why the tip was read.

    `of`: the item's id; `said`: its kind; `sha256`: of its sealed bytes.
    """

    kind = "log_word"
    of: str
    said: str
    sha256: str


_MADE = (TypedReport, TeamDossier)
"""Tips that a member makes."""
_HERE: tuple[type[Payload], ...] = (*_MADE, TakingBack, TypedForm, Deciding, PurgeReceipt, LogWord)
"""What never leaves as it is kept here: it is read by this alone."""
_KEPT = (*_WRITTEN, Opened, *RECORDED)


class OutboxError(Exception):
    """This can't be kept or read, in words for the reviewer."""


@dataclass(frozen=True, slots=True, repr=False)
class Unsent:
    """What was written for a tip, or that it was shown. Ids in hex; `form`: the token of the form it was typed into.

    A tip that a member makes is one too: `item` is its first one, and `payload` never leaves this machine.

    `payload`: what gets sealed, a reply with its number; None for a look, which says only that the tip was shown.
    `order`: its place among what was written, from 1 on; 0 in what an earlier program kept. `sealed`: the bytes for the
    desk; empty in a draft, which nobody has sealed to the tip yet, and in a look.
    """

    item: str
    tip: str
    payload: Payload | None
    form: str
    order: int = 0
    sealed: bytes = b""

    @classmethod
    def typed(cls, form: str, tip: str, payload: Payload | None) -> "Unsent":
        """What a form brought. The same form with the same content is the same item, with another content another."""
        content = "" if payload is None else payload.to_json().decode()
        return cls(_id(_ITEM_ID, form, tip, _kind(payload), content), tip, payload, form)

    @classmethod
    def making(cls, form: str, payload: "TypedReport | TeamDossier") -> "Unsent":
        """A tip to be made: by the same form with the same content the same one."""
        tip = _id(_TIP_ID, form, payload.kind, payload.to_json().decode())
        return cls.typed(form, tip, payload)

    @classmethod
    def opened(cls, tip: str) -> "Unsent":
        """The word to the source that somebody looks at the tip."""
        return cls.typed(new_form(), tip, Opened())

    @classmethod
    def taking_back(cls, tip: str, reply: str) -> "Unsent":
        """That a reply is to be taken back: once, however often that is asked for."""
        return cls.typed(reply, tip, TakingBack(reply))

    @property
    def word(self) -> "Unsent | None":
        """What the log is told beside it, once it is sealed; None for what is told by its own entry."""
        if not isinstance(self.payload, (Purpose, Referral)):
            return None
        word = LogWord(self.item, self.kind, sha256(self.sealed).hexdigest())
        return Unsent.typed(self.item, self.tip, word)

    @classmethod
    def look(cls, tip: str) -> "Unsent":
        """The word to the log that the tip was shown."""
        return cls.typed(new_form(), tip, None)

    @classmethod
    def deciding(cls, tip: str, step: Step, proposal: str) -> "Unsent":
        """A step of a deletion: each once, however often it is asked for."""
        return cls.typed(proposal, tip, Deciding(step.value, proposal))

    @classmethod
    def receipt(cls, tip: str) -> "Unsent":
        """The word to the log that nothing of a tip is kept here any more."""
        return cls.typed(tip, tip, PurgeReceipt())

    @property
    def kind(self) -> str:
        """What it is, in a word."""
        return _kind(self.payload)

    @property
    def is_written(self) -> bool:
        """Whether somebody wrote it themselves."""
        return isinstance(self.payload, (*_WRITTEN, TypedReport, TypedForm))

    @property
    def makes(self) -> bool:
        """Whether it makes its tip."""
        return isinstance(self.payload, _MADE)

    @property
    def is_opened(self) -> bool:
        """Whether it tells the source that somebody looks at the tip."""
        return isinstance(self.payload, Opened)

    @property
    def is_look(self) -> bool:
        """Whether it says only that the tip was shown."""
        return self.payload is None

    @property
    def takes_back(self) -> str:
        """The id of the reply that it takes back; empty if it does something else."""
        return self.payload.reply if isinstance(self.payload, TakingBack) else ""

    @property
    def decides(self) -> Step | None:
        """Which step of a deletion it is, if it is one."""
        return Step(self.payload.step) if isinstance(self.payload, Deciding) else None

    @property
    def proposal(self) -> str:
        """The proposal of which it is a step."""
        return self.payload.proposal if isinstance(self.payload, Deciding) else ""

    @property
    def is_receipt(self) -> bool:
        """Whether it is a purge receipt."""
        return isinstance(self.payload, PurgeReceipt)

    @property
    def goes_first(self) -> bool:
        """Whether it leaves before whatever was written earlier, and waits for nothing."""
        return bool(self.takes_back) or self.decides is Step.STOP

    @property
    def is_draft(self) -> bool:
        """Whether it was typed and not sealed yet."""
        return self.is_written and not self.sealed

    @property
    def to_source(self) -> bool:
        """Whether it is sealed to the source as well, and stored as a reply."""
        return isinstance(self.payload, TO_SOURCE)

    def numbered(self, number: int) -> Payload:
        """The document to seal. `number`: of what is written to the source, among that to its tip."""
        if self.payload is None:
            raise ValueError("a look is not sealed")
        return replace(self.payload, number=number) if isinstance(self.payload, NUMBERED) else self.payload

    def to_json(self) -> bytes:
        """What is sealed for the outbox; padded, as the size would say how much was written."""
        return _document(self.values())

    def values(self) -> dict[str, Any]:
        """Its fields as JSON has them."""
        return {
            "item": self.item,
            "tip": self.tip,
            "payload": None if self.payload is None else self.payload.document(),
            "form": self.form,
            "order": self.order,
            "sealed": base64.b64encode(self.sealed).decode(),
        }


def _kind(payload: Payload | None) -> str:
    return _LOOK if payload is None else payload.kind


def _id(domain: bytes, *parts: str) -> str:
    digest = sha256(domain)
    for part in parts:
        digest.update(len(part.encode()).to_bytes(8, "big") + part.encode())
    return digest.hexdigest()[:32]


def _document(values: dict[str, Any]) -> bytes:
    return pad_padme(json.dumps(values, ensure_ascii=False).encode(), SMALLEST_ITEM)


def parse_unsent(document: bytes) -> Unsent:
    """Read what `to_json` wrote, or that of an earlier program; `OutboxError` for anything else."""
    try:
        values: Any = json.loads(document)
        sealed, order = base64.b64decode(values["sealed"], validate=True), values.get("order", 0)
        if "text" in values:
            return replace(_of_one_text(values), order=int(order), sealed=sealed)
        unsent = Unsent.typed(values["form"], values["tip"], _payload(values["payload"]))
        unsent = replace(unsent, order=order, sealed=sealed)
        # As it was written: every field, and the id that follows from the others.
        if type(order) is int and _document(unsent.values()) == document:
            return unsent
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error):
        pass
    raise OutboxError("something that was kept to be sent is damaged")


def _payload(document: dict[str, Any] | None) -> Payload | None:
    if document is None:
        return None
    for kind in _HERE:
        if (document.get("kind"), document.get("v")) == (kind.kind, kind.version):
            return kind.from_values({name: value for name, value in document.items() if name not in ("kind", "v")})
    found = read_values(frozen(document))
    if isinstance(found, Payload) and isinstance(found, _KEPT):
        return found
    raise PayloadFormatError("not what a reviewer writes")


def _of_one_text(values: Mapping[str, Any]) -> Unsent:
    form, tip, kind, text = (values[name] for name in ("form", "tip", "kind", "text"))
    if values["item"] != _id(_ITEM_ID, form, tip, kind, text):
        raise ValueError("not the id of this")
    return Unsent(values["item"], tip, _ONE_TEXT[kind](text), form)


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

    def keep(self, unsents: Sequence[Unsent], recipient: Recipient) -> None:
        """Keep these together, durably, each in the place of what was kept under its id before.

        `OutboxError` if that can't be done: none of them is kept then.
        """
        try:
            self._file.put(UNSENT, *((unsent.item, seal(unsent.to_json(), [recipient])) for unsent in unsents))
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
                    self.keep([unsent], recipient)
        except (OSError, MirrorDamagedError, AgeError) as error:
            raise OutboxError("this program was never unlocked here, so nothing can be sealed to your key") from error

    def receipt_signed(self, tip: str) -> None:
        """Note that the desk took the receipt for a tip of which nothing is kept here any more."""
        row = self._file.get(PURGED, tip)
        if row is not None:
            self._file.put(PURGED, (*row[:-1], 1))

    def drop(self, *items: str) -> None:
        """Forget what was sent, or is not wanted any more."""
        self._file.remove(UNSENT, *items)

    def open(self, identities: Sequence[HybridIdentity]) -> Sequence[Unsent]:
        """All that is kept and can be read. What can't be is left where it is: it may be another key's."""
        found = []
        for item, sealed in self._file.select(UNSENT):
            try:
                unsent = parse_unsent(unseal(sealed, identities))
            except (AgeError, OutboxError):
                continue
            if unsent.item == item:
                found.append(unsent)
        return found
