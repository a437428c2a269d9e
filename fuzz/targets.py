"""The targets. Each takes any bytes; it fails if the parser raises anything but its own error, or if what it accepted
does not serialise back to the same bytes."""

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, TypeVar, cast

from crypto.age import (
    AgeError,
    ArmorError,
    HeaderError,
    HybridIdentity,
    ScryptIdentity,
    ScryptRecipient,
    X25519Identity,
    decrypt,
    encrypt,
    parse_identity,
    parse_recipient,
    read_header,
    seal,
)
from crypto.age.armor import ArmorReader, ArmorWriter
from crypto.checkpoint import Checkpoint, CheckpointError, parse_checkpoint
from crypto.codename import CodenameError, encode, parse
from crypto.merkle import EMPTY_ROOT, Frontier, FrontierError, leaf_hash
from crypto.note import Note, NoteError, SigningKey, parse_note, parse_verifier
from crypto.tiles import TileError, decode_bundle, encode_bundle, parse_tile_path
from intake.protocol.actions import Action, ActionError, ReadRequest, parse_read_request
from intake.protocol.card import CardError, Role, issue_card, parse_card
from intake.protocol.entry import OPERATOR, Entry, EntryError, parse_entry
from intake.protocol.requests import RequestError, parse_base
from intake.protocol.wire import Index, ItemRow, TipRow, WireError, decode_sealed, encode_sealed, parse_index
from intake.report.payloads import Message, PayloadFormatError, Report

T = TypeVar("T")
Check = Callable[[bytes], None]

_HYBRID = HybridIdentity.from_seed(bytes(range(32)))
_CLASSICAL = X25519Identity(bytes(range(32)))
_SIGNING = SigningKey.from_seed("fuzz", bytes(range(32)))


@dataclass(frozen=True, slots=True)
class Target:
    """One parser: what to call with any bytes, and inputs that it accepts, to start from."""

    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


class RoundTripError(AssertionError):
    """What was accepted does not serialise back to the same bytes."""


def _require_same(data: bytes, again: bytes) -> None:
    if again != data:
        raise RoundTripError


def _round_trip(read: Callable[[bytes], T], write: Callable[[T], bytes], error: type[Exception]) -> Check:
    """What parses serialises back to the same bytes; anything else raises `error` and nothing besides."""

    def check(data: bytes) -> None:
        try:
            value = read(data)
        except (error, _NotTextError):
            return
        _require_same(data, write(value))

    return check


def _stable(read: Callable[[bytes], T], write: Callable[[T], bytes], error: type[Exception]) -> Check:
    """The same for a form that has several spellings: what is written is read and written alike."""

    def check(data: bytes) -> None:
        try:
            once = write(read(data))
        except (error, _NotTextError):
            return
        _require_same(once, write(read(once)))

    return check


class _NotTextError(Exception):
    """Bytes that are not UTF-8 never get as far as a parser of text."""


def _of_text(read: Callable[[str], T]) -> Callable[[bytes], T]:
    def decoded(data: bytes) -> T:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise _NotTextError from None
        return read(text)

    return decoded


def _header(data: bytes) -> None:
    source = io.BytesIO(data)
    try:
        header = read_header(source)
    except HeaderError:
        return
    _require_same(data[: source.tell()], header)


def _file(data: bytes) -> None:
    with suppress(AgeError):
        decrypt(io.BytesIO(data), io.BytesIO(), [_HYBRID, _CLASSICAL])


def _passphrase(data: bytes) -> None:
    # A larger work factor would only burn time.
    if b" 1\n" in data:
        with suppress(AgeError):
            decrypt(io.BytesIO(data), io.BytesIO(), [ScryptIdentity("passphrase")])


def _armor(data: bytes) -> None:
    try:
        content = ArmorReader(io.BytesIO(data)).readall() or b""
    except ArmorError:
        return
    again = io.BytesIO()
    armor = ArmorWriter(cast(BinaryIO, again))
    armor.write(content)
    armor.finish()
    # White space around an armor and the kind of its line ends are free; all else has one spelling.
    _require_same(b"\n".join(data.split()), b"\n".join(again.getvalue().split()))


def _armored(data: bytes) -> bytes:
    target = io.BytesIO()
    encrypt(io.BytesIO(data), target, [_CLASSICAL.recipient], armored=True)
    return target.getvalue()


_CHECKPOINT = Checkpoint("fuzz", 3, EMPTY_ROOT).text
_FILES = (seal(b"data", [_CLASSICAL.recipient]), seal(b"data", [_HYBRID.recipient]))
_FRONTIER = Frontier.empty().append(leaf_hash(b"")).append(leaf_hash(b"")).append(leaf_hash(b""))
_ACT: dict[str, str | tuple[str, ...]] = {"when": "1999"}
_NOTE = bytes(Note(_CHECKPOINT, (_SIGNING.sign(_CHECKPOINT),)))
_ISSUED = issue_card(Role.AUDITOR, _SIGNING, None)
_CARD = _ISSUED.text.encode()
_INDEX = Index(
    (TipRow("0" * 32, "2026-01-01", str(_HYBRID.recipient), "1" * 64),),
    (ItemRow("2" * 32, "0" * 32, "message", "2026-01-01", 2500, blob=False),),
).to_json()
_BASE = (
    '"@method": GET\n"@authority": desk.test\n"@path": /v1/index\n"@query": ?\n'
    f'"content-digest": sha-256=:{"A" * 43}=:\n'
    '"@signature-params": ("@method" "@authority" "@path" "@query" "content-digest")'
    f';created=1700000000;keyid="{"0" * 32}";nonce="{"1" * 32}";tag="fuzz"'
)
_ENTRY = Entry(
    datetime(2026, 1, 1, tzinfo=UTC), OPERATOR, Action.ENROL, (f"member/{_ISSUED.key_id}",), card=_ISSUED.text
).to_bytes()

TARGETS: dict[str, Target] = {
    "age-header": Target(_header, _FILES),
    "age-file": Target(_file, _FILES),
    "age-passphrase": Target(_passphrase, (seal(b"data", [ScryptRecipient("passphrase", 1)]),)),
    "age-armor": Target(_armor, (_armored(b"data"), _armored(bytes(200)))),
    "age-identity": Target(
        _stable(_of_text(parse_identity), lambda key: str(key).encode(), HeaderError),
        (str(_HYBRID).encode(), str(_CLASSICAL).encode()),
    ),
    "age-recipient": Target(
        _stable(_of_text(parse_recipient), lambda key: str(key).encode(), HeaderError),
        (str(_CLASSICAL.recipient).encode(), str(_HYBRID.recipient).encode()),
    ),
    "note": Target(_round_trip(parse_note, bytes, NoteError), (_NOTE,)),
    "verifier": Target(
        _round_trip(_of_text(parse_verifier), lambda key: str(key).encode(), NoteError),
        (str(_SIGNING.verifier).encode(),),
    ),
    "checkpoint": Target(
        _round_trip(_of_text(parse_checkpoint), lambda head: head.text.encode(), CheckpointError),
        (_CHECKPOINT.encode(),),
    ),
    "tile-path": Target(
        _round_trip(_of_text(parse_tile_path), lambda ref: ref.path.encode(), TileError),
        (b"tile/0/x001/x234/067", b"tile/entries/273.p/112"),
    ),
    "bundle": Target(_round_trip(decode_bundle, encode_bundle, TileError), (encode_bundle([b"one", b""]),)),
    "frontier": Target(
        _stable(
            lambda data: Frontier.from_bytes(data[0] if data else 0, data[1:]),
            lambda edge: bytes([edge.size]) + edge.to_bytes(),
            FrontierError,
        ),
        (b"\x03" + _FRONTIER.to_bytes(),),
    ),
    "codename": Target(
        _stable(_of_text(parse), lambda codename: " ".join(codename.words).encode(), CodenameError),
        tuple(" ".join(encode(tag, bytes(10)).words).encode() for tag in ("en", "zh-Hans", "tr")),
    ),
    "card": Target(_round_trip(_of_text(parse_card), lambda card: card.text.encode(), CardError), (_CARD,)),
    "entry": Target(_round_trip(parse_entry, Entry.to_bytes, EntryError), (_ENTRY,)),
    "signature-base": Target(
        _round_trip(
            _of_text(lambda text: parse_base(text, bytes(64))), lambda signed: signed.base.encode(), RequestError
        ),
        (_BASE.encode(),),
    ),
    "read-request": Target(
        _stable(parse_read_request, ReadRequest.to_json, ActionError), (ReadRequest(("0" * 32,), ()).to_json(),)
    ),
    "index": Target(_stable(parse_index, Index.to_json, WireError), (_INDEX,)),
    "bulk-answer": Target(
        _stable(decode_sealed, lambda parts: encode_sealed(*parts), WireError), (encode_sealed({"0" * 32: b"x"}, {}),)
    ),
    "message": Target(_stable(Message.from_json, Message.to_json, PayloadFormatError), (Message(0, "text").to_json(),)),
    "report": Target(
        _stable(Report.from_json, Report.to_json, PayloadFormatError),
        (Report("en", 1, {"narrative": "text", "demand": ("return",), "acts": (_ACT,)}).to_json(),),
    ),
}
