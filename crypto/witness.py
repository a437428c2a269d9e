"""What a log asks of a witness: to cosign a checkpoint that extends the one before (C2SP tlog-witness, add-checkpoint).

old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=

example.com/behind-the-sofa
20852163
…
"""

import re
from dataclasses import dataclass

from crypto.merkle import MOST_HASHES, ProofError, require_possible
from crypto.note import MAX_NOTE_SIZE, Note, Signature, decode_base64, encode_base64, parse_note, parse_signature

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
LONGEST = MAX_NOTE_SIZE + (MOST_HASHES + 1) * 64
"""Bytes of a request: a note, and a line for each hash."""


class WitnessFormatError(ValueError):
    """Not a request to a witness, or not an answer of one."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A checkpoint, and the proof that its tree extends the one of `old` leaves. `bytes()` gives the request's body."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: Note

    def __post_init__(self) -> None:
        try:
            require_possible(self.old, self.proof)
        except ProofError as error:
            raise WitnessFormatError(str(error)) from error

    def __bytes__(self) -> bytes:
        lines = [f"old {self.old}", *map(encode_base64, self.proof), ""]
        return "".join(f"{line}\n" for line in lines).encode() + bytes(self.checkpoint)


def parse_add_checkpoint(data: bytes) -> AddCheckpoint:
    """Read a request's body; `WitnessFormatError` unless it is one in its canonical form. Nothing in it is verified."""
    if len(data) > LONGEST:
        raise WitnessFormatError("the request is too long")
    head, empty, note = data.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
        old = _OLD.fullmatch(first)
        if old is None or not empty:
            raise WitnessFormatError("the request does not say which tree is the old one")
        return AddCheckpoint(int(old[1]), tuple(map(decode_base64, lines)), parse_note(note))
    except ValueError as error:
        raise WitnessFormatError("this is not a request to cosign a checkpoint") from error


def parse_cosignatures(data: bytes) -> tuple[Signature, ...]:
    """Read a witness's answer, one or more signature lines; `WitnessFormatError` if it is anything else."""
    try:
        lines = data.decode().removesuffix("\n").split("\n")
        if len(data) > MAX_NOTE_SIZE or not data.endswith(b"\n"):
            raise WitnessFormatError("the answer is too long, or its last line has no end")
        return tuple(map(parse_signature, lines))
    except ValueError as error:
        raise WitnessFormatError("this is not the answer of a witness") from error
