"""The post-quantum recipient type (section "The MLKEM768-X25519 (i.e. X-Wing) hybrid post-quantum recipient type")."""

import hashlib
import secrets
from collections.abc import Sequence
from functools import cached_property
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from crypto.age import bech32
from crypto.age.errors import HeaderError, NoMatch
from crypto.age.header import Stanza
from crypto.age.primitives import WRAPPED_SIZE, FileKey, decode_base64, encode_base64, usable_x25519

TYPE = "mlkem768x25519"
RECIPIENT_PREFIX = "age1pq"
IDENTITY_PREFIX = "age-secret-key-pq-"

_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_INFO = b"age-encryption.org/mlkem768x25519"
_SEED_SIZE = 32
_MLKEM_SEED_SIZE = 64
_MLKEM_KEY_SIZE = 1184
_KEY_SIZE = _MLKEM_KEY_SIZE + 32
_ENC_SIZE = 1088 + 32


class HybridRecipient:
    """Who a file can be sealed to, secure against a quantum computer of later. `str()` gives `age1pq1…`."""

    label = "postquantum"

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_SIZE:
            raise HeaderError(f"a hybrid recipient has {_KEY_SIZE} bytes")
        try:
            mlkem = MLKEM768PublicKey.from_public_bytes(key[:_MLKEM_KEY_SIZE])
        except ValueError:
            raise HeaderError("this hybrid recipient is not a valid key") from None
        self._key = key
        self._public = MLKEM768X25519PublicKey(mlkem, usable_x25519(key[_MLKEM_KEY_SIZE:]))

    def __str__(self) -> str:
        return bech32.encode(RECIPIENT_PREFIX, self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HybridRecipient) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def wrap(self, file_key: FileKey) -> Stanza:
        """A stanza that only the holder of the identity can open."""
        sealed = _SUITE.encrypt(file_key.secret, self._public, info=_INFO)
        return Stanza((TYPE, encode_base64(sealed[:_ENC_SIZE])), sealed[_ENC_SIZE:])


class HybridIdentity:
    """A private key, 32 bytes of seed. `str()` gives `AGE-SECRET-KEY-PQ-1…`; nothing else shows it."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != _SEED_SIZE:
            raise HeaderError("a hybrid identity has 32 bytes")
        self._seed = seed

    @classmethod
    def generate(cls) -> Self:
        """A new identity."""
        return cls(secrets.token_bytes(_SEED_SIZE))

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The identity of a 32-byte seed."""
        return cls(seed)

    @property
    def seed(self) -> bytes:
        """What `from_seed` makes it of. As secret as itself."""
        return self._seed

    @cached_property
    def recipient(self) -> HybridRecipient:
        """The public half."""
        mlkem, x25519 = self._keys
        return HybridRecipient(mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw())

    @cached_property
    def hpke_key(self) -> MLKEM768X25519PrivateKey:
        """The private key as HPKE takes it. Holds secrets."""
        return MLKEM768X25519PrivateKey(*self._keys)

    def __str__(self) -> str:
        return bech32.encode(IDENTITY_PREFIX, self._seed).upper()

    def __repr__(self) -> str:
        return "<HybridIdentity>"

    def unwrap(self, stanzas: Sequence[Stanza]) -> FileKey:
        """The file key; `NoMatch` if no stanza is for this identity, `HeaderError` if one of its type is malformed."""
        for stanza in stanzas:
            if stanza.type == TYPE and (file_key := self._unwrap(stanza)) is not None:
                return file_key
        raise NoMatch("no stanza is for this identity")

    def _unwrap(self, stanza: Stanza) -> FileKey | None:
        if len(stanza.arguments) != 2:
            raise HeaderError("a hybrid stanza has two arguments")
        enc = decode_base64(stanza.arguments[1])
        # The length of the body is checked before it is decrypted, against partitioning oracles.
        if len(enc) != _ENC_SIZE or len(stanza.body) != WRAPPED_SIZE:
            raise HeaderError("a hybrid stanza has a wrong length")
        try:
            return FileKey(_SUITE.decrypt(enc + stanza.body, self.hpke_key, info=_INFO))
        except (InvalidTag, ValueError):
            self._require_honest(enc)
            return None

    def _require_honest(self, enc: bytes) -> None:
        # HPKE fails alike for another's stanza and for a share of low order; only the first may be passed over.
        try:
            self._keys[1].exchange(X25519PublicKey.from_public_bytes(enc[-32:]))
        except ValueError:
            raise HeaderError("a hybrid stanza has a share of low order") from None

    @cached_property
    def _keys(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        expanded = hashlib.shake_256(self._seed).digest(_MLKEM_SEED_SIZE + 32)
        return (
            MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_SIZE]),
            X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_SIZE:]),
        )
