"""The encodings and derivations that every part of the format uses (section "Conventions used in this document")."""

import base64
import binascii
import secrets
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crypto.age.errors import HeaderError

FILE_KEY_SIZE: Final = 16
WRAPPED_SIZE: Final = FILE_KEY_SIZE + 16

_ZERO_NONCE = bytes(12)


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
