"""The keys of a log. It signs each checkpoint with both, so that what it signed stands when one algorithm falls.

Ed25519 is what tools of today ask for (C2SP tlog-tiles); ML-DSA-44, what the specification recommends, is its
cosignature of its own checkpoint at the time 0 (tlog-checkpoint, tlog-cosignature).
"""

import hashlib
import textwrap
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from crypto.checkpoint import Checkpoint, CheckpointError, parse_checkpoint
from crypto.cosignature import Algorithm, Cosigner, CosigningKey, parse_cosigner
from crypto.note import Note, NoteError, Signature, SigningKey, Verifier, parse_note, parse_verifier

_NO_TIME = 0


@dataclass(frozen=True, slots=True)
class LogVerifier:
    """The public keys of a log, both under one name: its origin. `str()` gives their verifier keys side by side.

    `ml_dsa` is None for whoever was told only the other one, before logs had two.
    """

    ed25519: Verifier
    ml_dsa: Cosigner | None

    def __post_init__(self) -> None:
        if self.ml_dsa and (self.ml_dsa.name, self.ml_dsa.algorithm) != (self.name, Algorithm.ML_DSA_44):
            raise NoteError("these are not the two keys of one log")

    def __str__(self) -> str:
        return " ".join(map(str, self.keys))

    @property
    def name(self) -> str:
        """The log's origin."""
        return self.ed25519.name

    @property
    def keys(self) -> tuple[Verifier | Cosigner, ...]:
        """Those that are known."""
        return (self.ed25519,) if self.ml_dsa is None else (self.ed25519, self.ml_dsa)

    @property
    def fingerprint(self) -> str:
        """128 bits of the SHA-256 of the keys, in groups of four hex digits, to be read aloud."""
        return " ".join(textwrap.wrap(hashlib.sha256(str(self).encode()).hexdigest()[:32], 4))

    @property
    def first(self) -> "LogVerifier":
        """The first key alone, which signed also what is from before logs had two."""
        return LogVerifier(self.ed25519, None)

    def extends(self, other: "LogVerifier") -> bool:
        """Whether these are the same keys, or one more than was known before."""
        return self.ed25519 == other.ed25519 and other.ml_dsa in (None, self.ml_dsa)

    def verify(self, note: Note) -> None:
        """Raise `SignatureError` unless each of the keys signed the note."""
        self.ed25519.verify(note)
        if self.ml_dsa is not None:
            self.ml_dsa.verify(note)

    def open(self, signed: bytes) -> Checkpoint:
        """The checkpoint in a note; `NoteError` or `CheckpointError` unless it is one that this log signed."""
        note = parse_note(signed)
        self.verify(note)
        checkpoint = parse_checkpoint(note.text)
        if checkpoint.origin != self.name:
            raise CheckpointError("the checkpoint belongs to another log")
        return checkpoint


def parse_log_verifier(text: str) -> LogVerifier:
    """Read the verifier keys of a log, with a space between them; `NoteError` if they are anything else."""
    ed25519, *ml_dsa = text.split(" ")
    if len(ml_dsa) > 1:
        raise NoteError("a log has two keys")
    return LogVerifier(parse_verifier(ed25519), parse_cosigner(ml_dsa[0]) if ml_dsa else None)


class LogSigner:
    """The private keys of a log, under its name. `verifier` has their public halves."""

    __slots__ = ("_ed25519", "_ml_dsa", "verifier")

    verifier: LogVerifier

    def __init__(self, ed25519: SigningKey, ml_dsa: CosigningKey) -> None:
        self._ed25519 = ed25519
        self._ml_dsa = ml_dsa
        self.verifier = LogVerifier(ed25519.verifier, ml_dsa.cosigner)

    def __repr__(self) -> str:
        return "<LogSigner>"

    @classmethod
    def generate(cls, name: str) -> Self:
        """New keys; `NoteError` if a log can't have this name."""
        ml_dsa = CosigningKey(name, Algorithm.ML_DSA_44, MLDSA44PrivateKey.generate())
        return cls(SigningKey(name, Ed25519PrivateKey.generate()), ml_dsa)

    @classmethod
    def from_seeds(cls, name: str, ed25519: bytes, ml_dsa: bytes) -> Self:
        """The keys of two seeds of 32 bytes; `NoteError` if they are none, or a log can't have this name."""
        return cls(SigningKey.from_seed(name, ed25519), CosigningKey.from_seed(name, Algorithm.ML_DSA_44, ml_dsa))

    @property
    def seeds(self) -> tuple[bytes, bytes]:
        """The secrets themselves, as `from_seeds` takes them: for the file they are kept in."""
        return self._ed25519.seed, self._ml_dsa.seed

    def sign(self, text: str) -> Signature:
        """The Ed25519 signature of a checkpoint's text: the one that is kept with each tree there ever was."""
        return self._ed25519.sign(text)

    def also_sign(self, note: Note) -> Note:
        """A checkpoint that bears the first signature, with the second one as well: as it is shown to anybody."""
        self.verifier.ed25519.verify(note)
        return Note(note.text, (*note.signatures, self._ml_dsa.cosign(note.text, _NO_TIME)))
