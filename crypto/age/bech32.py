"""Bech32 (BIP 173) without its limit on length, for recipients and identities."""

from functools import reduce
from operator import xor

from crypto.age.errors import HeaderError

_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
# What the five bits that leave the checksum bring in again, all 32 cases.
_FEEDBACK = tuple(
    reduce(xor, (generator for place, generator in enumerate(_GENERATOR) if top >> place & 1), 0) for top in range(32)
)


def encode(prefix: str, data: bytes) -> str:
    """`data` under a lower-case human-readable prefix, in lower case."""
    words = _regroup(data, 8, 5, pad=True)
    checksum = _polymod([*_expand(prefix), *words, *bytes(6)]) ^ 1
    words += [checksum >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join(_CHARSET[word] for word in words)


def decode(text: str) -> tuple[str, bytes]:
    """The prefix in lower case, and the data; `HeaderError` if the text is not ASCII, not one case or not Bech32."""
    # Other scripts have characters whose lower case is ASCII, such as the sign of the kelvin.
    if not text.isascii():
        raise HeaderError("a key has a character that it can't have")
    if text not in (text.lower(), text.upper()):
        raise HeaderError("a key must be all upper case or all lower case")
    prefix, separator, rest = text.lower().rpartition("1")
    # Only these prefixes are ever looked for, so that the rules for odd characters in one don't matter.
    if not separator or not prefix.isprintable() or len(rest) < 6:
        raise HeaderError("a key is malformed")
    if not set(rest) <= set(_CHARSET):
        raise HeaderError("a key has a character that it can't have")
    words = [_CHARSET.index(character) for character in rest]
    if _polymod([*_expand(prefix), *words]) != 1:
        raise HeaderError("the checksum of a key is wrong: is it complete?")
    return prefix, bytes(_regroup(words[:-6], 5, 8, pad=False))


def _expand(prefix: str) -> list[int]:
    return [*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix)]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        check = (check & 0x1FFFFFF) << 5 ^ value ^ _FEEDBACK[check >> 25]
    return check


def _regroup(values: bytes | list[int], width: int, wanted: int, *, pad: bool) -> list[int]:
    bits, held, groups = 0, 0, []
    for value in values:
        held = (held << width | value) & 0xFFFF
        bits += width
        while bits >= wanted:
            bits -= wanted
            groups.append(held >> bits & (1 << wanted) - 1)
    if pad and bits:
        groups.append(held << wanted - bits & (1 << wanted) - 1)
    elif not pad and (bits >= width or held & (1 << bits) - 1):
        raise HeaderError("the padding of a key is wrong")
    return groups
