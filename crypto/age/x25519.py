"""The X25519 recipient type (section "The X25519 recipient type"), for exchange with other age programs."""

from collections.abc import Sequence
from typing import Self

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from crypto.age import bech32
from crypto.age.errors import HeaderError, NoMatch
from crypto.age.header import Stanza
from crypto.age.primitives import (
    WRAPPED_SIZE,
    FileKey,
    decode_base64,
    encode_base64,
    hkdf,
    unwrap,
    usable_x25519,
    wrap,
)

TYPE = "X25519"
RECIPIENT_PREFIX = "age"
IDENTITY_PREFIX = "age-secret-key-"
_INFO = b"age-encryption.org/v1/X25519"
_KEY_SIZE = 32


class X25519Recipient:
    """Who a file can be sealed to. `str()` gives `age1…`."""

    label = ""

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_SIZE:
            raise HeaderError("an X25519 recipient has 32 bytes")
        self._key = key
        self._public = usable_x25519(key)

    def __str__(self) -> str:
        return bech32.encode(RECIPIENT_PREFIX, self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, X25519Recipient) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(self._key)

    def wrap(self, file_key: FileKey) -> Stanza:
        """A stanza that only the holder of the identity can open."""
        ephemeral = X25519PrivateKey.generate()
        share = ephemeral.public_key().public_bytes_raw()
        secret = ephemeral.exchange(self._public)
        key = hkdf(secret, salt=share + self._key, info=_INFO)
        return Stanza((TYPE, encode_base64(share)), wrap(key, file_key))


class X25519Identity:
    """A private key. `str()` gives `AGE-SECRET-KEY-1…`; nothing else shows it."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != _KEY_SIZE:
            raise HeaderError("an X25519 identity has 32 bytes")
        self._private = X25519PrivateKey.from_private_bytes(secret)

    @classmethod
    def generate(cls) -> Self:
        """A new identity."""
        return cls(X25519PrivateKey.generate().private_bytes_raw())

    @property
    def recipient(self) -> X25519Recipient:
        """The public half."""
        return X25519Recipient(self._private.public_key().public_bytes_raw())

    def __str__(self) -> str:
        return bech32.encode(IDENTITY_PREFIX, self._private.private_bytes_raw()).upper()

    def __repr__(self) -> str:
        return "<X25519Identity>"

    def unwrap(self, stanzas: Sequence[Stanza]) -> FileKey:
        """The file key; `NoMatch` if no stanza is for this identity, `HeaderError` if one of its type is malformed."""
        for stanza in stanzas:
            if stanza.type == TYPE and (file_key := self._unwrap(stanza)) is not None:
                return file_key
        raise NoMatch("no stanza is for this identity")

    def _unwrap(self, stanza: Stanza) -> FileKey | None:
        if len(stanza.arguments) != 2:
            raise HeaderError("an X25519 stanza has two arguments")
        share = decode_base64(stanza.arguments[1])
        # The length of the body is checked before it is decrypted, against partitioning oracles.
        if len(share) != _KEY_SIZE or len(stanza.body) != WRAPPED_SIZE:
            raise HeaderError("an X25519 stanza has a wrong length")
        try:
            secret = self._private.exchange(X25519PublicKey.from_public_bytes(share))
        except ValueError:
            raise HeaderError("an X25519 stanza has a share of low order") from None
        own = self._private.public_key().public_bytes_raw()
        return unwrap(hkdf(secret, salt=share + own, info=_INFO), stanza.body)
