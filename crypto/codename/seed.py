"""The seed that is derived slowly from a codename, and the keys that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from types import MappingProxyType
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from crypto.codename.errors import CodenameError

SEED_SIZE = 32

_IDENTITY_INFO = b"codename v1: identity"
_LOOKUP_INFO = b"codename v1: lookup"
_SIGNING_INFO = b"codename v1: signing"


@dataclass(frozen=True, slots=True)
class Argon2Parameters:
    """Argon2id (RFC 9106): memory in KiB, passes, lanes, salt."""

    memory: int
    passes: int
    lanes: int
    salt: bytes


# One salt for all: there is no user name to look another one up by, and 80 random bits need none. What a salt of
# one's own prevents, trying a guess on n people at once, gains an attacker log2(n) of these 80 bits.
PARAMETERS: Mapping[int, Argon2Parameters] = MappingProxyType(
    {1: Argon2Parameters(memory=16 * 1024, passes=1, lanes=1, salt=b"codename argon2id v1")}
)
CURRENT_VERSION = 1

# One at a time: each holds its memory until it ends, and a process does a hundred of them a second all the same.
_deriving = Lock()


class Seed:
    """The 32 bytes derived from a codename, and the keys that follow from it."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SEED_SIZE:
            raise CodenameError(f"a seed must be {SEED_SIZE} bytes")
        self._secret = secret

    def __repr__(self) -> str:
        return "<Seed>"

    def identity_seed(self) -> bytes:
        """32 secret bytes, for the key pair of whoever has the codename."""
        return self._expand(_IDENTITY_INFO)

    def lookup_key(self) -> bytes:
        """32 bytes to find a record by; they tell nothing about the codename or the identity."""
        return self._expand(_LOOKUP_INFO)

    def signing_seed(self) -> bytes:
        """32 secret bytes, for the Ed25519 key that whoever has the codename signs with."""
        return self._expand(_SIGNING_INFO)

    def to_bytes(self) -> bytes:
        """The secret itself, for an encrypted session."""
        return self._secret

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The reverse of `to_bytes`; `CodenameError` if the length is wrong."""
        return cls(data)

    def _expand(self, info: bytes) -> bytes:
        return HKDFExpand(SHA256(), SEED_SIZE, info).derive(self._secret)


def derive_seed(version: int, material: bytes) -> Seed:
    """The seed of some secret bytes under the parameters of a version; takes 16 MiB and some 10 ms."""
    parameters = PARAMETERS[version]
    with _deriving:
        return Seed(_argon2id(parameters, material))


def _argon2id(parameters: Argon2Parameters, material: bytes) -> bytes:
    return Argon2id(
        salt=parameters.salt,
        length=SEED_SIZE,
        iterations=parameters.passes,
        lanes=parameters.lanes,
        memory_cost=parameters.memory,
    ).derive(material)
