"""Padding, so that a sealed document's size says little about its length.

Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", 2019,
section 4): sizes with few significant bits, at most 12 % larger, that tell only O(log log n) bits.
"""


class PaddingError(ValueError):
    """A document is longer than the size that it should be padded to."""


def padme(size: int) -> int:
    """The Padmé size, in bytes, for `size` bytes; `PaddingError` if that is negative."""
    if size < 0:
        raise PaddingError("a size cannot be negative")
    exponent = max(size.bit_length() - 1, 0)
    # As many low bits become zero as the exponent has more bits than it takes to write the exponent itself.
    zeros = (1 << exponent - exponent.bit_length()) - 1
    return (size + zeros) & ~zeros


def zeros_after(size: int) -> int:
    """How many zero bytes to put after an attachment of `size` bytes."""
    return padme(size) - size


def pad_to(document: bytes, size: int) -> bytes:
    """A JSON document with spaces after it, `size` bytes in all; `PaddingError` if it is longer.

    White space after a JSON text belongs to it (RFC 8259, section 2): any tool reads it padded as it is.
    """
    if len(document) > size:
        raise PaddingError(f"a document of {len(document)} bytes is too long for {size}")
    return document.ljust(size, b" ")


def pad_padme(document: bytes, minimum: int = 2048) -> bytes:
    """A JSON document with spaces after it, up to its Padmé size or that of `minimum`, the larger one."""
    return pad_to(document, padme(max(len(document), minimum)))
