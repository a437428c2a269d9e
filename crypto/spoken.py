"""Twelve words for 128 public bits, to be compared by voice: how BIP 39 writes them ("Generating the mnemonic").

Whoever reads hex digits aloud over a bad line mistakes one for another; of these words no two begin with the same
four letters. They are no secret, and nothing is derived from them.
"""

import hashlib
from collections.abc import Sequence

from crypto.codename.lists import word_list

SIZE = 16
WORDS = 12

_WORD_BITS = 11
_WORD_MASK = 2**_WORD_BITS - 1
_CHECKSUM_BITS = WORDS * _WORD_BITS - SIZE * 8


def spoken(data: bytes) -> Sequence[str]:
    """The words of 16 bytes, in English; the last one bears four bits of their SHA-256."""
    if len(data) != SIZE:
        raise ValueError(f"only {SIZE} bytes are written in {WORDS} words")
    checksum = hashlib.sha256(data).digest()[0] >> (8 - _CHECKSUM_BITS)
    bits = int.from_bytes(data, "big") << _CHECKSUM_BITS | checksum
    words = word_list("en")
    return [words[bits >> shift & _WORD_MASK] for shift in range((WORDS - 1) * _WORD_BITS, -1, -_WORD_BITS)]
