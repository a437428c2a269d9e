"""Signed notes (C2SP signed-note): text with signature lines below it, and the Ed25519 keys behind these.

    This is the text.

    — example.com/key NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5d…

Only what is canonical is read, so that what parses serialises back to the same bytes.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
"""The signature type of plain Ed25519 signatures, as it goes into key ids and verifier keys."""

# Room for the 16 signatures that a reader must accept, were they post-quantum ones of 5 kB, and for text.
MAX_NOTE_SIZE = 256 * 1024

_NAME = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")

_FIELD = 2**255 - 19
_Y_OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER = frozenset({0, 1, _FIELD - 1, _Y_OF_ORDER_8, _FIELD - _Y_OF_ORDER_8})


class NoteError(ValueError):
    """Not a note, not a key, or not signed as it must be."""


class SignatureError(NoteError):
    """A signature is missing or false."""


def encode_base64(data: bytes) -> str:
    """Standard Base 64 (RFC 4648, section 4)."""
    return binascii.b2a_base64(data, newline=False).decode()


def decode_base64(text: str) -> bytes:
    """Standard Base 64 (RFC 4648, section 4), canonical only; `ValueError` otherwise."""
    data = base64.b64decode(text, validate=True)
    # Decoding ignores the unused bits of the last character: other text would give the same bytes.
    if base64.b64encode(data).decode() != text:
        raise ValueError("not canonical Base 64")
    return data


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the key's name, its 4-byte id, and one byte or more as its type has it."""

    name: str
    key_id: bytes
    signature: bytes

    def __post_init__(self) -> None:
        _require_name(self.name)
        if len(self.key_id) != 4 or not self.signature:
            raise NoteError("a signature line is malformed")

    def __str__(self) -> str:
        return f"— {self.name} {base64.b64encode(self.key_id + self.signature).decode()}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends in a newline, and at least one signature. `bytes()` gives the note as it is sent."""

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        if not self.text.endswith("\n") or _FORBIDDEN.search(self.text):
            raise NoteError("the text of a note must end in a newline and have no other control character")
        if not self.signatures:
            raise NoteError("a note must have a signature")
        if len(bytes(self)) > MAX_NOTE_SIZE:
            raise NoteError("the note is too long")

    def __bytes__(self) -> bytes:
        return (self.text + "\n" + "".join(f"{signature}\n" for signature in self.signatures)).encode()


def parse_note(data: bytes) -> Note:
    """Read a note; `NoteError` if it is none. Its text is worth nothing until a `Verifier` verified it."""
    if len(data) > MAX_NOTE_SIZE:
        raise NoteError("the note is too long")
    try:
        note = data.decode()
    except UnicodeDecodeError:
        raise NoteError("the note is not UTF-8") from None
    # The text may have empty lines of its own: the last one is the separator.
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise NoteError("the note has no signature lines")
    return Note(text + "\n", tuple(parse_signature(line) for line in lines[:-1].split("\n")))


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name, for signatures of one type, a byte. `str()` gives the text that it is handed on as."""

    name: str
    kind: bytes
    public_key: bytes

    def __post_init__(self) -> None:
        _require_name(self.name)
        if len(self.kind) != 1 or not self.public_key:
            raise NoteError("a verifier key must have a type and a key")

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.kind + self.public_key).decode()}"

    @property
    def id(self) -> bytes:
        """The 4 bytes that, with its name, tell a key from others; no protection against a wilful collision."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.public_key).digest()[:4]

    def signatures(self, note: Note) -> tuple[bytes, ...]:
        """The unverified signatures in the lines of this key; `SignatureError` if there is none."""
        wanted = (self.name, self.id)
        found = tuple(line.signature for line in note.signatures if (line.name, line.key_id) == wanted)
        if not found:
            raise SignatureError(f"the note is not signed by {self.name}")
        return found


def parse_verifier_key(text: str) -> VerifierKey:
    """Read a verifier key (vkey), `name+key id+key`, of whatever type; `NoteError` unless it is canonical."""
    try:
        name, _, encoded = text.split("+", 2)
        data = decode_base64(encoded)
    except ValueError:
        raise NoteError("this is not a verifier key") from None
    key = VerifierKey(name, data[:1], data[1:])
    if str(key) != text:
        raise NoteError("the verifier key's id is not the one of its key")
    return key


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half of an Ed25519 key, 32 bytes, under a name. `str()` gives its verifier key."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        _require_name(self.name)
        _require_binding(self.public_key)

    def __str__(self) -> str:
        return str(self.key)

    @property
    def key(self) -> VerifierKey:
        """As a key for plain signatures."""
        return VerifierKey(self.name, ED25519, self.public_key)

    def verify(self, note: Note) -> None:
        """Raise `SignatureError` unless the note has signature lines of this key, and all are true."""
        for signature in self.key.signatures(note):
            self.verify_bytes(note.text.encode(), signature)

    def verify_bytes(self, data: bytes, signature: bytes) -> None:
        """Raise `SignatureError` unless this is the key's plain Ed25519 signature (RFC 8032) of `data`."""
        try:
            _public_key(self.public_key).verify(signature, data)
        except InvalidSignature:
            raise SignatureError(f"the signature is not {self.name}'s") from None


@lru_cache(maxsize=256)
def _public_key(public_key: bytes) -> Ed25519PublicKey:
    """Kept, since a log is of many signatures by a few keys."""
    return Ed25519PublicKey.from_public_bytes(public_key)


def parse_verifier(text: str) -> Verifier:
    """Read the verifier key of an Ed25519 key for plain signatures; `NoteError` if it is anything else."""
    key = parse_verifier_key(text)
    if key.kind != ED25519:
        raise NoteError("this is not the verifier key of an Ed25519 key")
    return Verifier(key.name, key.public_key)


class SigningKey:
    """An Ed25519 private key under a name."""

    __slots__ = ("_private", "verifier")

    verifier: Verifier

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.verifier = Verifier(name, private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return "<SigningKey>"

    @classmethod
    def generate(cls, name: str) -> Self:
        """A new key; `NoteError` if a key cannot have this name."""
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> Self:
        """The key of a 32-byte seed (the private key of RFC 8032); `NoteError` if it is not one."""
        if len(seed) != 32:
            raise NoteError("the seed of a signing key must be 32 bytes")
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def seed(self) -> bytes:
        """The secret itself: for the file it is kept in, sealed or readable by its owner only."""
        return self._private.private_bytes_raw()

    def sign(self, text: str) -> Signature:
        """A signature line for a note of this text."""
        return Signature(self.verifier.name, self.verifier.key.id, self.sign_bytes(text.encode()))

    def sign_bytes(self, data: bytes) -> bytes:
        """The plain Ed25519 signature of `data`, 64 bytes.

        One key signs notes, cosignatures and whatever a caller passes here: each kind must open with words
        that no other kind can open with.
        """
        return self._private.sign(data)


def parse_signature(line: str) -> Signature:
    """Read a signature line, without its newline; `NoteError` unless it is canonical."""
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    try:
        data = decode_base64(encoded)
    except ValueError:
        raise NoteError("a signature line is not Base 64") from None
    if dash != "—":
        raise NoteError("a signature line does not open with an em dash")
    return Signature(name, data[:4], data[4:])


def _require_name(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise NoteError("the name of a key must not be empty nor contain spaces, control characters or a plus sign")


def _require_binding(public_key: bytes) -> None:
    if len(public_key) != 32:
        raise NoteError("an Ed25519 public key must be 32 bytes")
    # Under a point of small order one signature verifies for many messages: whoever brought such a key could
    # deny all that was signed with it. The top bit is the sign of x; y may be written unreduced.
    if (int.from_bytes(public_key, "little") & (2**255 - 1)) % _FIELD in _SMALL_ORDER:
        raise NoteError("this public key binds nobody to what it signs")
