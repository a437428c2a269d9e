"""Proofs that an entry is in a log, which anybody can check without asking it (C2SP tlog-proof).

c2sp.org/tlog-proof@v1
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=

example.com/fancylog
109482
…
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from crypto.checkpoint import Checkpoint
from crypto.logkey import LogVerifier
from crypto.merkle import ProofError, inclusion_proof, require_possible, verify_inclusion
from crypto.note import MAX_NOTE_SIZE, Note, decode_base64, encode_base64, parse_note

_TITLE = "c2sp.org/tlog-proof@v1"
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_LONGEST_EXTRA = 64 * 1024
LONGEST = MAX_NOTE_SIZE + 2 * _LONGEST_EXTRA


class LogProofError(ValueError):
    """Not a proof, or not one of what is asked."""


@dataclass(frozen=True, slots=True)
class LogProof:
    """That an entry is at `index`: hashes from its sibling up, and the signed checkpoint. `bytes()` gives the file.

    `extra` means what an application says; nothing vouches for it.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: Note
    extra: bytes | None = None

    def __post_init__(self) -> None:
        try:
            require_possible(self.index, self.hashes)
        except ProofError as error:
            raise LogProofError(str(error)) from error
        if self.extra is not None and len(self.extra) > _LONGEST_EXTRA:
            raise LogProofError("the proof holds too much that it doesn't prove")

    @classmethod
    def of(cls, leaves: Sequence[bytes], index: int, checkpoint: Note, extra: bytes | None = None) -> Self:
        """Of one leaf, by the hashes of all leaves of the tree that the checkpoint signs."""
        return cls(index, tuple(inclusion_proof(leaves, index)), checkpoint, extra)

    def __bytes__(self) -> bytes:
        lines = [_TITLE]
        if self.extra is not None:
            lines.append(f"extra {encode_base64(self.extra)}")
        lines += [f"index {self.index}", *map(encode_base64, self.hashes), ""]
        return "".join(f"{line}\n" for line in lines).encode() + bytes(self.checkpoint)

    def verify(self, leaf: bytes, log: LogVerifier) -> Checkpoint:
        """The log's checkpoint, of a tree that holds the leaf with this hash at `index`.

        Raises `LogProofError` if it doesn't, or the log didn't sign it.
        """
        try:
            checkpoint = log.open(bytes(self.checkpoint))
            verify_inclusion(self.index, checkpoint.size, leaf, self.hashes, checkpoint.root)
        except ValueError as error:
            raise LogProofError("this does not prove that the entry is in the log") from error
        return checkpoint


def parse_log_proof(data: bytes) -> LogProof:
    """Read a proof; `LogProofError` unless it is one in its canonical form. It proves nothing until it is verified."""
    if len(data) > LONGEST:
        raise LogProofError("the proof is too long")
    head, empty, note = data.partition(b"\n\n")
    try:
        title, *lines = head.decode("ascii").split("\n")
        extra = _after("extra", lines.pop(0)) if lines and lines[0].startswith("extra ") else None
        index = _after("index", lines.pop(0))
        hashes = tuple(map(decode_base64, lines))
        if title != _TITLE or not empty or _DECIMAL.fullmatch(index) is None:
            raise LogProofError("this is not a proof")
        return LogProof(int(index), hashes, parse_note(note), None if extra is None else decode_base64(extra))
    except (ValueError, IndexError) as error:
        raise LogProofError("this is not a proof in its canonical form") from error


def _after(name: str, line: str) -> str:
    found, _, value = line.partition(" ")
    if found != name:
        raise LogProofError(f"the proof does not say its {name}")
    return value
