"""The encodings and derivations that every part of the format uses (section "Conventions used in this document")."""

import base64
import binascii
import secrets
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crypto.age.errors import HeaderError

FILE_KEY_SIZE: Final = 16
WRAPPED_SIZE: Final = FILE_KEY_SIZE + 16

_ZERO_NONCE = bytes(12)

_P25519 = 2**255 - 19
_LOW_ORDER = frozenset(
    (
        0,
        1,
        _P25519 - 1,
        0xB8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
        0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
    )
)
"""The points of Curve25519 and its twist with which every exchange comes to zero (https://cr.yp.to/ecdh.html)."""


class FileKey:
    """The 16 bytes that a whole file hangs on (section "Header"). Its `repr` shows nothing, so no traceback does."""

    __slots__ = ("secret",)

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return "<FileKey>"

    @classmethod
    def generate(cls) -> Self:
        """A new one: it must never be used for two files."""
        return cls(secrets.token_bytes(FILE_KEY_SIZE))


def encode_base64(data: bytes) -> str:
    """Base 64 without padding."""
    return base64.b64encode(data).decode().rstrip("=")


def decode_base64(text: str) -> bytes:
    """Canonical Base 64 without padding; `HeaderError` for anything else."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise HeaderError("malformed Base 64") from None
    # Decoding ignores the unused bits of the last character; a second spelling would make the header malleable.
    if encode_base64(data) != text:
        raise HeaderError("Base 64 that is not canonical")
    return data


def hkdf(key: bytes, *, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA-256, 32 bytes."""
    return HKDF(SHA256(), 32, salt, info).derive(key)


def usable_x25519(key: bytes) -> X25519PublicKey:
    """The public key in these 32 bytes; `HeaderError` for a point of low order.

    Nothing can be sealed to such a one (RFC 7748, section 6.1). Of several to whom a file is sealed it would keep that
    from all of them, so it must be refused when it is read, and not when it is used.
    """
    # As an exchange reads it (section 5): the last bit counts for nothing, and there are numbers beyond the prime.
    if (int.from_bytes(key, "little") & (1 << 255) - 1) % _P25519 in _LOW_ORDER:
        raise HeaderError("a recipient of low order")
    return X25519PublicKey.from_public_bytes(key)


def wrap(key: bytes, file_key: FileKey) -> bytes:
    """The body of a stanza: the file key under a key that is used for nothing else.

    The nonce may be fixed because every wrap key is derived from fresh randomness and seals this one message.
    """
    return ChaCha20Poly1305(key).encrypt(_ZERO_NONCE, file_key.secret, None)


def unwrap(key: bytes, body: bytes) -> FileKey | None:
    """The file key, or None if `key` is not the one that wrapped it."""
    try:
        return FileKey(ChaCha20Poly1305(key).decrypt(_ZERO_NONCE, body, None))
    except InvalidTag:
        return None
