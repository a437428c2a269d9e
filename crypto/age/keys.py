"""Recipients and identities as text."""

from collections.abc import Sequence
from typing import Protocol

from crypto.age import bech32, hybrid, x25519
from crypto.age.errors import HeaderError
from crypto.age.header import Stanza
from crypto.age.hybrid import HybridIdentity, HybridRecipient
from crypto.age.primitives import FileKey
from crypto.age.x25519 import X25519Identity, X25519Recipient


class Recipient(Protocol):
    """Whoever a file is sealed to. Recipients of different `label` are never combined in a file."""

    @property
    def label(self) -> str:
        """What kind of protection this recipient gives."""

    def wrap(self, file_key: FileKey) -> Stanza:
        """The stanza for this recipient."""


class Identity(Protocol):
    """Whoever can open a file."""

    def unwrap(self, stanzas: Sequence[Stanza]) -> FileKey:
        """The file key, or `NoMatch`."""


def parse_recipient(text: str) -> HybridRecipient | X25519Recipient:
    """`age1pq1…` or `age1…`; `HeaderError` for anything else."""
    prefix, key = bech32.decode(text)
    if prefix == hybrid.RECIPIENT_PREFIX:
        return HybridRecipient(key)
    if prefix == x25519.RECIPIENT_PREFIX:
        return X25519Recipient(key)
    raise HeaderError("this is not a recipient")


def parse_identity(text: str) -> HybridIdentity | X25519Identity:
    """`AGE-SECRET-KEY-PQ-1…` or `AGE-SECRET-KEY-1…`; `HeaderError` for anything else."""
    prefix, secret = bech32.decode(text)
    if prefix == hybrid.IDENTITY_PREFIX:
        return HybridIdentity(secret)
    if prefix == x25519.IDENTITY_PREFIX:
        return X25519Identity(secret)
    raise HeaderError("this is not an identity")
