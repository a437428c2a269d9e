"""age v1 (C2SP age.md): the one format of everything that is sealed.

Hybrid recipients, secure against a quantum computer of later, are the default; X25519, passphrases and armor are there
so that any other age program can open what we seal, and the reverse.
"""

from crypto.age.armor import looks_armored
from crypto.age.errors import AgeError, ArmorError, HeaderError, MacError, NoMatch, PayloadError
from crypto.age.file import (
    Decryptor,
    Encryptor,
    Parts,
    admit,
    decrypt,
    encrypt,
    exchange_stanza,
    read_header,
    rewrap,
    seal,
    split,
    stanza_count,
    unseal,
)
from crypto.age.header import Stanza
from crypto.age.hybrid import HybridIdentity, HybridRecipient
from crypto.age.keys import Identity, Recipient, parse_identity, parse_recipient
from crypto.age.primitives import FileKey
from crypto.age.scrypt import ScryptIdentity, ScryptRecipient
from crypto.age.x25519 import X25519Identity, X25519Recipient

__all__ = [
    "AgeError",
    "ArmorError",
    "Decryptor",
    "Encryptor",
    "FileKey",
    "HeaderError",
    "HybridIdentity",
    "HybridRecipient",
    "Identity",
    "MacError",
    "NoMatch",
    "Parts",
    "PayloadError",
    "Recipient",
    "ScryptIdentity",
    "ScryptRecipient",
    "Stanza",
    "X25519Identity",
    "X25519Recipient",
    "admit",
    "decrypt",
    "encrypt",
    "exchange_stanza",
    "looks_armored",
    "parse_identity",
    "parse_recipient",
    "read_header",
    "rewrap",
    "seal",
    "split",
    "stanza_count",
    "unseal",
]
