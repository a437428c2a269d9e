"""Bech32 (BIP 173) without its limit on length, for recipients and identities."""

import base64
from functools import reduce
from operator import xor

from crypto.age.errors import HeaderError

_CHARSET = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
# The same five bits as `base64` (RFC 4648, section 6) and `int` write them: a recipient has 1,216 bytes to regroup.
_FROM_BASE32 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _CHARSET)
_TO_DIGITS = bytes.maketrans(_CHARSET, b"0123456789abcdefghijklmnopqrstuv")
_TO_VALUES = bytes.maketrans(_CHARSET, bytes(range(32)))
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def _step(check: int, value: int) -> int:
    feedback = (generator for place, generator in enumerate(_GENERATOR) if check >> 25 + place & 1)
    return reduce(xor, feedback, (check & 0x1FFFFFF) << 5 ^ value)


# What the ten bits that leave the checksum in two steps bring in again, all 1,024 cases.
_FEEDBACK = tuple(_step(_step(top << 20, 0), 0) for top in range(1024))


def encode(prefix: str, data: bytes) -> str:
    """`data` under a lower-case human-readable prefix, in lower case."""
    words = base64.b32encode(data).rstrip(b"=").translate(_FROM_BASE32)
    checksum = _polymod(_expand(prefix) + words.translate(_TO_VALUES) + bytes(6)) ^ 1
    words += bytes(_CHARSET[checksum >> 5 * (5 - place) & 31] for place in range(6))
    return f"{prefix}1{words.decode('ascii')}"


def decode(text: str) -> tuple[str, bytes]:
    """The prefix in lower case, and the data; `HeaderError` if the text is not ASCII, not one case or not Bech32."""
    # Other scripts have characters whose lower case is ASCII, such as the sign of the kelvin.
    if not text.isascii():
        raise HeaderError("a key has a character that it can't have")
    if text not in (text.lower(), text.upper()):
        raise HeaderError("a key must be all upper case or all lower case")
    prefix, separator, end = text.lower().rpartition("1")
    rest = end.encode("ascii")
    # Only these prefixes are ever looked for, so that the rules for odd characters in one don't matter.
    if not separator or not prefix.isprintable() or len(rest) < 6:
        raise HeaderError("a key is malformed")
    if not set(rest) <= set(_CHARSET):
        raise HeaderError("a key has a character that it can't have")
    if _polymod(_expand(prefix) + rest.translate(_TO_VALUES)) != 1:
        raise HeaderError("the checksum of a key is wrong: is it complete?")
    return prefix, _bytes(rest[:-6])


def _expand(prefix: str) -> bytes:
    return bytes([*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix)])


def _polymod(values: bytes) -> int:
    check = _step(1, values[0]) if len(values) % 2 else 1
    rest = values[len(values) % 2 :]
    for first, second in zip(rest[::2], rest[1::2], strict=True):
        check = (check & 0xFFFFF) << 10 ^ first << 5 ^ second ^ _FEEDBACK[check >> 20]
    return check


def _bytes(words: bytes) -> bytes:
    size, padding = divmod(5 * len(words), 8)
    value = int(words.translate(_TO_DIGITS) or b"0", 32)
    # "any incomplete group at the end MUST be 4 bits or less, MUST be all zeroes"
    if padding > 4 or value & (1 << padding) - 1:
        raise HeaderError("the padding of a key is wrong")
    return (value >> padding).to_bytes(size, "big")
