"""The targets. Each takes any bytes; it fails if the parser raises anything but its own error, or if what it accepted
does not serialise back to the same bytes, or is nothing that it could have accepted."""

import base64
import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import BinaryIO, TypeVar, cast

from werkzeug.exceptions import HTTPException

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
    split,
)
from crypto.age.armor import ArmorReader, ArmorWriter
from crypto.checkpoint import Checkpoint, CheckpointError, parse_checkpoint
from crypto.codename import CodenameError, encode, parse
from crypto.cosignature import Algorithm, CosigningKey, parse_cosigner
from crypto.logkey import LogSigner
from crypto.merkle import (
    EMPTY_ROOT,
    HASH_SIZE,
    Frontier,
    FrontierError,
    ProofError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from crypto.note import Note, NoteError, SigningKey, Verifier, parse_note, parse_verifier
from crypto.policy import PolicyError, parse_policy
from crypto.proof import LogProof, LogProofError, parse_log_proof
from crypto.tiles import TileError, decode_bundle, encode_bundle, parse_tile_path
from crypto.witness import AddCheckpoint, WitnessFormatError, parse_add_checkpoint, parse_cosignatures
from intake.protocol.actions import Action, ActionError, ReadRequest, parse_read_request
from intake.protocol.audit import replay
from intake.protocol.card import CardError, Role, issue_card, key_id, parse_card
from intake.protocol.entry import OPERATOR, Entry, EntryError, parse_entry
from intake.protocol.evidence import Evidence, EvidenceError, Received, attest, parse_evidence
from intake.protocol.index import (
    Day,
    DayIndex,
    Days,
    ItemRow,
    TipRow,
    WithdrawalRow,
    parse_day,
    parse_days,
    parse_span,
    sha256_hex,
)
from intake.protocol.logstate import LogState, StateError, parse_state
from intake.protocol.newtip import NewTip, parse_new_tip
from intake.protocol.queries import Made, first_wanted, from_query, have_query, kept_digest, made_query, what_was_made
from intake.protocol.renewal import Renewals, Renewed, parse_renewals, parse_renewed
from intake.protocol.renewal import body_of as renewals_body
from intake.protocol.requests import RequestError, SignedRequest, parse_base, sign, verify
from intake.protocol.wire import WireError, decode_entries, decode_sealed, encode_entries, encode_sealed
from intake.report.definition import Answer
from intake.report.documents import Document, read
from intake.report.events import ConsentRequest, Status
from intake.report.payloads import (
    About,
    Addition,
    Chain,
    ConsentAnswer,
    Deletion,
    FromSource,
    Message,
    Newer,
    Opened,
    PayloadFormatError,
    Reply,
    Report,
    Summary,
    to_document,
)
from intake.report.signed import Link, SourceItem, Unsigned
from intake.serving.head import circuit_of, read_head
from intake.source.session import base64url
from intake.source.session.cookie import KEY_SIZE, CookieError, CookieSeal
from intake.source.upload.parts import IncomingParts, IncomingText
from intake.triage.files.view.answer import AnswerError, Failure, Picture, Rendered, RenderError, failed, parse_answer
from intake.triage.files.view.kinds import SORTS, look
from intake.triage.outbox.unsent import OutboxError, Unsent, parse_unsent
from intake.triage.pages.filenames import saved_name

T = TypeVar("T")
Check = Callable[[bytes], None]

_FEW = 7
_SEAL = CookieSeal(bytes(KEY_SIZE))
_COOKIE = _SEAL.seal({"seed": "a secret"}).encode()

_HYBRID = HybridIdentity.from_seed(bytes(range(32)))
_CLASSICAL = X25519Identity(bytes(range(32)))
_SIGNING = SigningKey.from_seed("fuzz", bytes(range(32)))
_LOG_KEY = LogSigner.from_seeds("fuzz", bytes(range(32)), bytes(range(32)))
_COSIGNING = CosigningKey.from_seed("witness", Algorithm.ED25519, bytes(32))
_COSIGNER = _COSIGNING.cosigner


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


def _round_trip(
    read: Callable[[bytes], T], write: Callable[[T], bytes], error: type[Exception] | tuple[type[Exception], ...]
) -> Check:
    """What parses serialises back to the same bytes; anything else raises `error` and nothing besides."""

    def check(data: bytes) -> None:
        try:
            value = read(data)
        except error:
            return
        except _NotTextError:
            return
        _require_same(data, write(value))

    return check


def _sealed(summaries: dict[str, bytes], items: dict[str, bytes]) -> bytes:
    return b"".join(encode_sealed(summaries.items(), items.items()))


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


def _answer(data: bytes) -> None:
    with suppress(RenderError):
        _round_trip(parse_answer, Rendered.to_bytes, AnswerError)(data)


def _kind(data: bytes) -> None:
    looked = look(data, data)
    if not {looked.sort, *looked.others} <= SORTS.keys():
        raise InventedError


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


class InventedError(AssertionError):
    """What was read is not in what was sent, or a proof holds for whatever it should prove."""


class _Pieces:
    """Bytes that arrive a few at a time."""

    def __init__(self, data: bytes) -> None:
        self._source = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        """The next few."""
        return self._source.read(min(size, _FEW))


def _multipart(data: bytes) -> None:
    """The first line is the boundary, the rest the body: it comes all at once, in pieces, and unwanted after a file."""
    boundary, _, body = data.partition(b"\n")
    name = boundary.decode("latin-1")
    with suppress(HTTPException):
        _read_parts(IncomingParts(io.BytesIO(body), name, len(body), len(body)), body)
    with suppress(HTTPException):
        _read_parts(IncomingParts(cast(BinaryIO, _Pieces(body)), name, None, _FEW * _FEW), body)
    with suppress(HTTPException):
        incoming = IncomingParts(cast(BinaryIO, _Pieces(body)), name, len(body), len(body))
        for _ in incoming:
            incoming.limit(len(body))


def _read_parts(incoming: IncomingParts, body: bytes) -> None:
    for part in incoming:
        _require_in(part.text.encode() if isinstance(part, IncomingText) else b"".join(part.content), body)


def _require_in(part: bytes, whole: bytes) -> None:
    if part not in whole:
        raise InventedError


def _cookie(data: bytes) -> None:
    with suppress(CookieError, UnicodeDecodeError):
        _SEAL.open(data.decode())
        # Nothing opens but what was sealed.
        _require_same(_COOKIE, data)


def _inclusion(data: bytes) -> None:
    index, size, (leaf, root, *proof) = _proof_of(data)
    if _holds(lambda: verify_inclusion(index, size, leaf, proof, root)) and _holds(
        lambda: verify_inclusion(index, size, leaf, proof, _other(root))
    ):
        raise InventedError


def _consistency(data: bytes) -> None:
    old_size, new_size, (old, new, *proof) = _proof_of(data)
    if _holds(lambda: verify_consistency(old_size, new_size, old, new, proof)) and _holds(
        lambda: verify_consistency(old_size, new_size, _other(old), new, proof)
    ):
        raise InventedError


def _holds(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except ProofError:
        return False
    return True


def _other(root: bytes) -> bytes:
    return root[:-1] + bytes([root[-1] ^ 1]) if root else b"\x00"


def _proof_of(data: bytes) -> tuple[int, int, list[bytes]]:
    """Two numbers and two hashes or more, of which the last ones may be too short."""
    first, second = (int.from_bytes(data[at : at + 8], "big", signed=True) for at in (0, 8))
    hashes = [data[at : at + HASH_SIZE] for at in range(16, max(len(data), 16 + HASH_SIZE + 1), HASH_SIZE)]
    return first, second, hashes


def _proof_bytes(first: int, second: int, *hashes: bytes) -> bytes:
    return first.to_bytes(8, "big", signed=True) + second.to_bytes(8, "big", signed=True) + b"".join(hashes)


def _evidence(data: bytes) -> None:
    def write(found: Evidence) -> bytes:
        # The signature of the one witness is deterministic, and this is the only key that anything here is signed with.
        return bytes(Note(found.text, (_SIGNING.sign(found.text),)))

    _round_trip(parse_evidence, write, EvidenceError)(data)


def _document(found: Document) -> bytes:
    match found:
        case Unsigned():
            place = {"place": found.place} if isinstance(found.payload, Message | Addition) else {}
            return to_document({**found.payload.document(), "v": 1, **place})
        case Newer():
            return to_document(found.document())
    return found.to_json()


def _signed(payload: FromSource | Newer, number: int) -> bytes:
    link = Link("0" * 32, "1" * 32, number, "2" * 64 if number > 1 else "", ("3" * 32,))
    return SourceItem(payload, link).signed_by(_SIGNING).to_json()


def _armored(data: bytes) -> bytes:
    target = io.BytesIO()
    encrypt(io.BytesIO(data), target, [_CLASSICAL.recipient], armored=True)
    return target.getvalue()


_CHECKPOINT = Checkpoint("fuzz", 3, EMPTY_ROOT).text
_FILES = (seal(b"data", [_CLASSICAL.recipient]), seal(b"data", [_HYBRID.recipient]))
_FRONTIER = Frontier.empty().append(leaf_hash(b"")).append(leaf_hash(b"")).append(leaf_hash(b""))
_LEAVES = [leaf_hash(bytes([number])) for number in range(7)]
_ROOT = root_hash(_LEAVES)
_ACT: dict[str, str | tuple[str, ...]] = {"when": "1999"}
_ANSWERS: dict[str, Answer] = {"narrative": "text", "demand": ("return",), "acts": (_ACT,)}
_NOTE = bytes(Note(_CHECKPOINT, (_SIGNING.sign(_CHECKPOINT),)))
_LOG_PROOF = LogProof.of(_LEAVES, 3, _LOG_KEY.also_sign(Note(_CHECKPOINT, (_LOG_KEY.sign(_CHECKPOINT),))))
_ISSUED = issue_card(Role.AUDITOR, _SIGNING, None)
_CARD = _ISSUED.text.encode()
_ROW = ItemRow("2" * 32, "0" * 32, "message", "2026-01-01", 2500, blob=False)
_UNSENT = replace(Unsent.typed("form", "0" * 32, Status("new")), sealed=b"sealed")
_DAY = "2026-01-01"
_ROWS = DayIndex(
    _DAY,
    (TipRow("0" * 32, _DAY, "1" * 64, "2" * 64, "3" * 64),),
    (_ROW,),
    (WithdrawalRow("3" * 32, _DAY, "4" * 128),),
).to_json()
_NEW_TIP = NewTip(
    str(_HYBRID.recipient), "0" * 64, seal(b"", [_HYBRID.recipient]), b"payload", b"chain", b"first"
).to_json()
_SEALED = split(seal(b"", [_HYBRID.recipient]))
_RENEWED = Renewed(str(_HYBRID.recipient), _SEALED.header, _SEALED.payload)
_OPENED = Renewals((_RENEWED.of("0" * 32, "1" * 64, "2" * 64),), opens=True)
_RENEWALS = Renewals((_RENEWED.of("0" * 32, "1" * 64, "2" * 64),), ("3" * 32, "4" * 32))
_DAYS = Days((Day(_DAY, 1, 1, sha256_hex(_ROWS)),)).to_json()
_MULTIPART = (
    b"fuzz\n--fuzz\r\n"
    b'Content-Disposition: form-data; name="token"\r\n\r\ntext\r\n--fuzz\r\n'
    b'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    b"data, and a line\r\n--fuz of more\r\n--fuzz\r\n"
    b'Content-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--fuzz--\r\n'
)
_BASE = (
    '"@method": GET\n"@authority": desk.test\n"@path": /v1/index\n"@query": ?\n'
    f'"content-digest": sha-256=:{"A" * 43}=:\n'
    '"@signature-params": ("@method" "@authority" "@path" "@query" "content-digest")'
    f';created=1700000000;keyid="{"0" * 32}";nonce="{"1" * 32}";tag="fuzz"'
)


class _Asked:
    """A request that has these fields, a line each."""

    method = "GET"
    url = "http://desk.test/v1/index"

    def __init__(self, fields: str) -> None:
        self.headers: dict[str, str] = dict(zip(_SIGNING_FIELDS, fields.split("\n", 2), strict=False))

    @property
    def fields(self) -> str:
        return "\n".join(self.headers.values())


class _Enrolled:
    def verifier(self, key: str) -> Verifier | None:
        return _SIGNING.verifier if key == key_id(_SIGNING.verifier) else None


def _fields_of(signed: SignedRequest) -> bytes:
    parameters = signed.base.rpartition('"@signature-params": ')[2]
    digest, signature = (base64.b64encode(data).decode() for data in (signed.digest, signed.signature))
    return f"sha-256=:{digest}:\nintake={parameters}\nintake=:{signature}:".encode()


_SIGNING_FIELDS = ("Content-Digest", "Signature-Input", "Signature")
_SIGNED = _Asked("")
sign(_SIGNED, b"", _SIGNING, "fuzz", datetime(2026, 1, 1, tzinfo=UTC))
_ENROLLED = Entry(
    datetime(2026, 1, 1, tzinfo=UTC), OPERATOR, Action.ENROL, (f"member/{_ISSUED.key_id}",), card=_ISSUED.text
)
_ENTRIES = (
    _ENROLLED,
    replace(_ENROLLED, version=1),
    replace(_ENROLLED, confirmed=True),
    Entry(_ENROLLED.at, OPERATOR, Action.CLOCK),
)

_, _STATE = replay(LogState.empty("fuzz"), [_ENROLLED.to_bytes()], lambda _: ())

_HEADS = (
    b"PROXY TCP6 fc00:dead:beef:4dad::0:29 ::1 65535 42\r\nPOST /en/ HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde",
    b"\r\nPOST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
)


def _request_head(data: bytes) -> None:
    head = read_head(data)
    if head is None:
        return
    if head.size > len(data) or not data[: head.size].endswith(b"\r\n\r\n") or (head.body or 0) < 0:
        raise AssertionError("this is no head")
    if read_head(data[: head.size]) != head or circuit_of(data[: head.size]) != circuit_of(data):
        raise AssertionError("what follows a head changes it")


_SIGNED_HEADS = [
    bytes(_LOG_KEY.also_sign(Note(text, (_LOG_KEY.sign(text),))))
    for text in (Checkpoint("fuzz", size, root).text for size, root in ((3, EMPTY_ROOT), (3, _ROOT), (7, _ROOT)))
]
_RECEIVED = [Received(datetime(2026, 1, 1, tzinfo=UTC), head) for head in _SIGNED_HEADS]
_EVIDENCE = [
    attest(_SIGNING, _LOG_KEY.verifier, one, other, leaves)
    for one, other, leaves in (
        (_RECEIVED[0], _RECEIVED[1], None),
        (_RECEIVED[0], _RECEIVED[2], _LEAVES),
        (_RECEIVED[2], _RECEIVED[0], None),
    )
]
_COSIGNED = [
    Received(head.at, bytes(Note(note.text, (*note.signatures, _COSIGNING.cosign(note.text, 1)))))
    for head in _RECEIVED
    for note in (parse_note(head.note),)
]
_EVIDENCE.append(attest(_SIGNING, _LOG_KEY.verifier, _COSIGNED[0], _COSIGNED[1], None, [_COSIGNER]))

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
    "cosigner": Target(
        _round_trip(_of_text(parse_cosigner), lambda key: str(key).encode(), NoteError),
        (str(_LOG_KEY.verifier.ml_dsa).encode(), str(_COSIGNER).encode()),
    ),
    "policy": Target(
        _stable(parse_policy, bytes, PolicyError),
        (
            f"log {_LOG_KEY.verifier.ed25519}\nwitness w {_COSIGNER}\ngroup g any w\nquorum g\n".encode(),
            b"quorum none\n",
        ),
    ),
    "witness-request": Target(
        _round_trip(parse_add_checkpoint, bytes, WitnessFormatError),
        (bytes(AddCheckpoint(2, (bytes(32), EMPTY_ROOT), parse_note(_NOTE))), b"old 0\n\n" + _NOTE),
    ),
    "witness-answer": Target(
        _round_trip(
            parse_cosignatures, lambda lines: "".join(f"{line}\n" for line in lines).encode(), WitnessFormatError
        ),
        (_NOTE.partition(b"\n\n")[2],),
    ),
    "log-proof": Target(_round_trip(parse_log_proof, bytes, LogProofError), (bytes(_LOG_PROOF),)),
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
    "entry": Target(
        _round_trip(parse_entry, Entry.to_bytes, EntryError), tuple(entry.to_bytes() for entry in _ENTRIES)
    ),
    "log-state": Target(
        _round_trip(parse_state, LogState.to_bytes, StateError), (LogState.empty("fuzz").to_bytes(), _STATE.to_bytes())
    ),
    "evidence": Target(_evidence, tuple(_EVIDENCE)),
    "signature-base": Target(
        _round_trip(
            _of_text(lambda text: parse_base(text, bytes(64))), lambda signed: signed.base.encode(), RequestError
        ),
        (_BASE.encode(),),
    ),
    "signed-request": Target(
        _round_trip(_of_text(lambda text: verify(_Asked(text), b"", _Enrolled(), "fuzz")), _fields_of, RequestError),
        (_SIGNED.fields.encode(),),
    ),
    "read-request": Target(
        _stable(parse_read_request, ReadRequest.to_json, ActionError), (ReadRequest(("0" * 32,), ()).to_json(),)
    ),
    "item-query": Target(
        _stable(_of_text(first_wanted), lambda start: from_query(start).encode(), ActionError), (b"", b"?from=1", b"?")
    ),
    "days": Target(_round_trip(parse_days, Days.to_json, WireError), (_DAYS,)),
    "day": Target(_round_trip(partial(parse_day, _DAY), DayIndex.to_json, WireError), (_ROWS,)),
    "span": Target(
        _round_trip(_of_text(parse_span), lambda span: str(span).encode(), WireError),
        (b"2026-01-01", b"2026-01-01--2026-02-28"),
    ),
    "made-query": Target(
        _round_trip(_of_text(what_was_made), lambda made: made_query(made).encode(), ActionError),
        (made_query(Made("0" * 64, "f" * 64)).encode(),),
    ),
    "new-tip": Target(_round_trip(parse_new_tip, NewTip.to_json, WireError), (_NEW_TIP,)),
    "renewals": Target(
        _round_trip(parse_renewals, Renewals.to_bytes, ActionError), (_RENEWALS.to_bytes(), _OPENED.to_bytes())
    ),
    "renewed": Target(
        _round_trip(parse_renewed, lambda found: renewals_body(*found), (WireError, ActionError)),
        (renewals_body(_RENEWALS, [_RENEWED]),),
    ),
    "log-entries": Target(_round_trip(decode_entries, encode_entries, WireError), (b"", b"{}", b"{}\n{}")),
    "have-query": Target(
        _stable(_of_text(kept_digest), lambda have: have_query(have).encode(), ActionError),
        (b"", b"?have=" + b"0" * 64, b"?"),
    ),
    "bulk-answer": Target(
        _stable(decode_sealed, lambda parts: _sealed(*parts), WireError), (_sealed({"0" * 32: b"x"}, {}),)
    ),
    "unsent": Target(_stable(parse_unsent, Unsent.to_json, OutboxError), (_UNSENT.to_json(),)),
    "rendered": Target(
        _answer,
        (Rendered(text="text").to_bytes(), Rendered(picture=Picture(1, 1, b"rgb")).to_bytes(), failed(Failure.LOCKED)),
    ),
    "file-kind": Target(_kind, (b"%PDF-1.7", b"PK\x03\x04PK\x05\x06", b"From: a\nTo: b\nDate: c\n", b"\xff\xd8\xff")),
    "saved-name": Target(
        _stable(_of_text(saved_name), str.encode, _NotTextError), ("photo\u202egpj.exe".encode(), b"CON. .tar .gz")
    ),
    "base64url": Target(
        _round_trip(_of_text(base64url.decode), lambda data: base64url.encode(data).encode(), base64url.Base64Error),
        (b"", b"YQ", b"_-8"),
    ),
    "cookie": Target(_cookie, (_COOKIE,)),
    "multipart": Target(_multipart, (_MULTIPART,)),
    "request-head": Target(_request_head, _HEADS),
    "inclusion-proof": Target(
        _inclusion, tuple(_proof_bytes(at, 7, _LEAVES[at], _ROOT, *inclusion_proof(_LEAVES, at)) for at in (0, 3, 6))
    ),
    "consistency-proof": Target(
        _consistency,
        tuple(
            _proof_bytes(size, 7, root_hash(_LEAVES[:size]), _ROOT, *consistency_proof(_LEAVES, size))
            for size in (0, 3, 4, 7)
        ),
    ),
    "document": Target(
        _stable(read, _document, PayloadFormatError),
        (
            _signed(Report("en", 1, _ANSWERS), 1),
            _signed(Message("text"), 2),
            _signed(Addition(1, "people", _ANSWERS), 3),
            _signed(About("0" * 32, "name.jpg", "image/jpeg", 4, "1" * 64, "text", 1, {"kept": "yes"}), 4),
            _signed(Deletion("0" * 32), 5),
            _signed(Newer("message", 3, {"text": "text", "tone": 1}), 6),
            _document(Unsigned(Message("text"), 2)),
            _document(Unsigned(Report("en", 1, _ANSWERS), 0)),
            _document(Newer("translation", 1, {"text": "text"})),
            Chain(1, "1" * 64).to_json(),
            Reply("text", 1).to_json(),
            Status("new").to_json(),
            _signed(ConsentAnswer("0" * 32, "1" * 64, "yes", "text", ""), 7),
            ConsentRequest("0" * 32, "en", "text", "", "text", taken_back=False, number=2).to_json(),
            Opened().to_json(),
            Summary((str(_HYBRID),), str(_HYBRID.recipient), "1" * 64, "en", 1, _ANSWERS).to_json(),
        ),
    ),
}
