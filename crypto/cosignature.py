"""Cosignatures of checkpoints (C2SP tlog-cosignature), Ed25519 (type 0x04) and ML-DSA-44 (type 0x06).

A cosigner states that of this log it has seen no tree that this one does not extend. A log signs its own checkpoints
with a cosignature of the second type as well, with the time 0, which states no time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from crypto.checkpoint import Checkpoint, CheckpointError, parse_checkpoint
from crypto.note import (
    Note,
    NoteError,
    Signature,
    SignatureError,
    Verifier,
    VerifierKey,
    parse_verifier_key,
)

SEED_SIZE = 32
_ML_DSA_44_KEY_SIZE = 1312
_TIME_SIZE = 8
_LATEST = 2**63 - 1
_LABEL = b"subtree/v1\n\x00"
_LONGEST_NAME = 255


class Algorithm(Enum):
    """What a cosigner signs with. The value is its signature type in key ids and verifier keys."""

    ED25519 = b"\x04"
    ML_DSA_44 = b"\x06"


@dataclass(frozen=True, slots=True)
class Cosigner:
    """The public half of a cosigner's key. `str()` gives its verifier key."""

    name: str
    algorithm: Algorithm
    public_key: bytes

    def __post_init__(self) -> None:
        _ = self.key
        if self.algorithm is Algorithm.ED25519:
            # Which refuses keys that bind nobody.
            Verifier(self.name, self.public_key)
        elif len(self.public_key) != _ML_DSA_44_KEY_SIZE or len(self.name.encode()) > _LONGEST_NAME:
            raise NoteError("this is not the key of an ML-DSA-44 cosigner")

    def __str__(self) -> str:
        return str(self.key)

    @property
    def key(self) -> VerifierKey:
        """As a key whose lines can be looked for."""
        return VerifierKey(self.name, self.algorithm.value, self.public_key)

    def verify(self, note: Note) -> int:
        """The POSIX time, the latest if there are several, at which this key cosigned the checkpoint.

        Raises `SignatureError` unless there is a cosignature of this key and every one is true.
        """
        return max(self._time(note.text, line) for line in self.key.signatures(note))

    def _time(self, text: str, line: bytes) -> int:
        time = int.from_bytes(line[:_TIME_SIZE], "big")
        try:
            self._verify(_message(self.name, self.algorithm, text, time), line[_TIME_SIZE:])
        except CheckpointError:
            raise SignatureError(f"what {self.name} signed can't be a cosignature of this") from None
        return time

    def _verify(self, message: bytes, signature: bytes) -> None:
        if self.algorithm is Algorithm.ED25519:
            Verifier(self.name, self.public_key).verify_bytes(message, signature)
            return
        try:
            MLDSA44PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature:
            raise SignatureError(f"the cosignature is not {self.name}'s") from None


def parse_cosigner(text: str) -> Cosigner:
    """Read the verifier key of a cosigner; `NoteError` if it is anything else."""
    key = parse_verifier_key(text)
    try:
        return Cosigner(key.name, Algorithm(key.kind), key.public_key)
    except ValueError as error:
        raise NoteError("this is not the verifier key of a cosigner") from error


class CosigningKey:
    """A cosigner's private key under a name."""

    __slots__ = ("_private", "cosigner")

    cosigner: Cosigner

    def __init__(self, name: str, algorithm: Algorithm, private: Ed25519PrivateKey | MLDSA44PrivateKey) -> None:
        self._private = private
        self.cosigner = Cosigner(name, algorithm, private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return "<CosigningKey>"

    @classmethod
    def from_seed(cls, name: str, algorithm: Algorithm, seed: bytes) -> Self:
        """The key of a 32-byte seed (RFC 8032, FIPS 204); `NoteError` if it is not one, or can't have this name."""
        if len(seed) != SEED_SIZE:
            raise NoteError("the seed of a cosigner's key must be 32 bytes")
        return cls(name, algorithm, _FROM_SEED[algorithm](seed))

    @property
    def seed(self) -> bytes:
        """The secret itself: for the file it is kept in, readable by its owner only."""
        return self._private.private_bytes_raw()

    def cosign(self, text: str, time: int) -> Signature:
        """A cosignature of the checkpoint with this text at `time`, in POSIX seconds.

        The caller has verified before that this checkpoint extends every one of this log that it has cosigned.
        `CheckpointError` if the text is no checkpoint, so that the key is never made to sign anything else.
        """
        cosigner = self.cosigner
        signature = self._private.sign(_message(cosigner.name, cosigner.algorithm, text, time))
        return Signature(cosigner.name, cosigner.key.id, time.to_bytes(_TIME_SIZE, "big") + signature)


_FROM_SEED: dict[Algorithm, Callable[[bytes], Ed25519PrivateKey | MLDSA44PrivateKey]] = {
    Algorithm.ED25519: Ed25519PrivateKey.from_private_bytes,
    Algorithm.ML_DSA_44: MLDSA44PrivateKey.from_seed_bytes,
}


def _message(name: str, algorithm: Algorithm, text: str, time: int) -> bytes:
    """What is signed of the checkpoint with this text; `CheckpointError` if that can't be."""
    checkpoint = parse_checkpoint(text)
    if not 0 <= time <= _LATEST:
        raise CheckpointError("the time of a cosignature is out of bounds")
    if algorithm is Algorithm.ED25519:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    return _cosigned_message(name, checkpoint, time)


def _cosigned_message(name: str, checkpoint: Checkpoint, time: int) -> bytes:
    """The structure `cosigned_message` of the specification, for all of a tree: it starts at 0."""
    if len(checkpoint.origin.encode()) > _LONGEST_NAME:
        raise CheckpointError("the origin of this log is too long for an ML-DSA-44 cosignature")
    numbers = [number.to_bytes(8, "big") for number in (time, 0, checkpoint.size)]
    return b"".join(
        (_LABEL, _short(name), numbers[0], _short(checkpoint.origin), numbers[1], numbers[2], checkpoint.root)
    )


def _short(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes() + data
