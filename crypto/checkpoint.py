"""Checkpoints, the signed heads of a log (C2SP tlog-checkpoint).

The text of a checkpoint is three lines, each ending in a newline: origin, tree size, root hash.

    example.com/behind-the-sofa
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""

import re
from dataclasses import dataclass

from crypto.merkle import HASH_SIZE, LARGEST
from crypto.note import decode_base64, encode_base64

_ORIGIN = re.compile(r"[^\x00-\x1f\ud800-\udfff]+")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class CheckpointError(ValueError):
    """Not a checkpoint, or one that can't be."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of the log named `origin`: how many leaves its tree has, below 2^63, and its 32-byte root."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if _ORIGIN.fullmatch(self.origin) is None:
            raise CheckpointError("the origin of a checkpoint must be one line, not empty")
        if not 0 <= self.size <= LARGEST:
            raise CheckpointError("the size of a tree is out of bounds")
        if len(self.root) != HASH_SIZE:
            raise CheckpointError("the root of a checkpoint must be 32 bytes")

    @property
    def text(self) -> str:
        """The note text to be signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a verified note; `CheckpointError` unless it is the canonical text of a checkpoint.

    Extension lines, which the specification allows and advises against, are refused: no log of ours writes
    any, nobody could audit them, and a server could mark with them which reader got which checkpoint.
    """
    try:
        origin, size, root, end = text.split("\n")
        digest = decode_base64(root)
    except ValueError:
        raise CheckpointError("a checkpoint must be three lines") from None
    # int() alone would take "+1", "1_0" and digits of other scripts.
    if end or _DECIMAL.fullmatch(size) is None:
        raise CheckpointError("the size of a tree must be a canonical decimal")
    return Checkpoint(origin, int(size), digest)
