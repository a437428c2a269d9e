"""What a source sends, signed: each item says whose it is, which one it is, and what came before it.

Whoever holds the server has a tip's public key, so that it is sealed proves nothing about who wrote. The signing key
follows from the eight words, and the summary names its public half. A number that only ever grows and the hash of the
item before make what is missing, moved or exchanged visible.

    {"kind": "message", "v": 2, "text": "…", "link": {"tip": …, "item": …, "number": 2, "previous": …, "heard": []},
     "signature": "…"}

The signature is over one line that nothing else opens with, and the canonical JSON of everything else.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from crypto.codename import Seed
from crypto.note import NoteError, SigningKey, Verifier
from crypto.padding import pad_padme
from intake.report.payloads import (
    FROM_SOURCE,
    SMALLEST_ITEM,
    FromSource,
    Newer,
    PayloadFormatError,
    to_document,
)

MOST_ITEMS = 1_000_000
"""The largest number that an item can have."""

_DOMAIN = b"intake source item v2\n"
_WITHDRAWN = b"intake source withdrawn v1\n"
_NAME = "source"
SOURCE_KINDS = frozenset(kind.goes_as or kind.kind for kind in FROM_SOURCE)
"""What the server takes for something of a source's, which is signed."""

_PLACED = frozenset({"addition", "message"})
_ID, _DIGEST, _SIGNATURE = (re.compile(rf"[0-9a-f]{{{size}}}") for size in (32, 64, 128))


class NotTheSourcesError(ValueError):
    """It does not bear the source's signature, or not for what it is shown as."""


def source_key(seed: Seed) -> SigningKey:
    """The key that whoever has the eight words signs with."""
    return SigningKey.from_seed(_NAME, seed.signing_seed())


def parse_signer(text: str) -> Verifier:
    """A source's public key, as a summary names it; `PayloadFormatError` if it is none."""
    try:
        return Verifier(_NAME, bytes.fromhex(text))
    except (ValueError, NoteError):
        raise PayloadFormatError("not a source's signing key") from None


@dataclass(frozen=True, slots=True)
class Link:
    """Where an item of a source's stands. `tip`, `item`: ids in hex.

    `number`: from 1, one more than that of the source's item before; `previous`: the SHA-256 of that one's sealed
    bytes in hex, empty for the first. `heard`: ids of the newest replies that the source could read by then.
    """

    tip: str
    item: str
    number: int
    previous: str
    heard: tuple[str, ...] = ()

    def values(self) -> dict[str, Any]:
        """The fields, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True, repr=False)
class SourceItem:
    """What a source sent, where it stands, and the signature of both, in hex."""

    payload: FromSource | Newer
    link: Link
    signature: str = ""

    def signed_by(self, key: SigningKey) -> "SourceItem":
        """The same with this key's signature."""
        return replace(self, signature=key.sign_bytes(self._to_sign()).hex())

    def verify(self, signer: Verifier) -> None:
        """Raise `NotTheSourcesError` unless this key signed it."""
        _verify(signer, self._to_sign(), self.signature)

    def to_json(self) -> bytes:
        """The document, not padded."""
        return to_document({**self._values(), "signature": self.signature})

    def padded(self) -> bytes:
        """The document, padded to a size that says little about its length."""
        return pad_padme(self.to_json(), SMALLEST_ITEM)

    def _values(self) -> dict[str, Any]:
        return {**self.payload.document(), "link": self.link.values()}

    def _to_sign(self) -> bytes:
        canonical = json.dumps(self._values(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return _DOMAIN + canonical.encode()


@dataclass(frozen=True, slots=True, repr=False)
class Unsigned:
    """What a source sent before there were signatures. `place`: how many items the tip had before it, if it says so."""

    payload: FromSource | Newer
    place: int


def read_signed(payload: Callable[[dict[str, Any]], FromSource | Newer], values: Mapping[str, Any]) -> SourceItem:
    """A signed item from the fields of its document, `payload` from those that are its own; no signature is verified.

    Links and signatures are those of every kind and version, so that what a newer program wrote has its place too.
    """
    own = {**values}
    link, signature = own.pop("link", None), own.pop("signature", None)
    if not _is_hex(signature, _SIGNATURE):
        raise PayloadFormatError("not a source's item")
    return SourceItem(payload(own), _link(link), signature)


def read_unsigned(kind: type[FromSource], values: Mapping[str, Any]) -> Unsigned:
    """An item from before signatures, from the fields of its document."""
    own = {**values}
    place = own.pop("place", None) if kind.kind in _PLACED else 0
    if type(place) is not int:
        raise PayloadFormatError("not a source's item from before signatures")
    return Unsigned(kind.from_values(own), place)


def sign_withdrawal(key: SigningKey, tip: str) -> bytes:
    """The source's word that a tip is withdrawn: a signature of 64 bytes. `tip`: its id in hex."""
    return key.sign_bytes(_WITHDRAWN + tip.encode())


def verify_withdrawal(signer: Verifier, tip: str, signature: str) -> None:
    """Raise `NotTheSourcesError` unless this key withdrew this tip. `tip`, `signature`: in hex."""
    _verify(signer, _WITHDRAWN + tip.encode(), signature)


def _verify(signer: Verifier, data: bytes, signature: str) -> None:
    try:
        signer.verify_bytes(data, bytes.fromhex(signature))
    except (ValueError, NoteError):
        raise NotTheSourcesError from None


def _link(values: Any) -> Link:
    if not isinstance(values, dict) or values.keys() != {"tip", "item", "number", "previous", "heard"}:
        raise PayloadFormatError("not a link")
    link = Link(**values)
    ids = (link.tip, link.item, *link.heard) if isinstance(link.heard, tuple) else (None,)
    if (
        not all(_is_hex(name, _ID) for name in ids)
        or type(link.number) is not int
        or not 1 <= link.number <= MOST_ITEMS
        or not (link.previous == "" if link.number == 1 else _is_hex(link.previous, _DIGEST))
    ):
        raise PayloadFormatError("not a link")
    return link


def _is_hex(text: object, form: re.Pattern[str]) -> bool:
    return isinstance(text, str) and form.fullmatch(text) is not None
