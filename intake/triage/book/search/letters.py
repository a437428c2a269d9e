"""Letters as a search compares them: each alone, whatever stands beside it, so that a hit lies where its letters do.

Nothing here normalises a whole text: to sort a flood of combining marks takes time that grows with its square.
"""

import re
import unicodedata
from collections.abc import Callable
from importlib.metadata import version

from anyascii import anyascii

SYLLABLE = "°"
"""Stands before the sound of a letter of a script that writes no spaces."""

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Han, kana, and the scripts of Thailand, Laos, Burma and Cambodia, in which no space says where a word ends."""

_IS_UNSPACED = re.compile(f"[{UNSPACED}]")
_IS_LEFT_OUT = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0711\u0730-\u074a"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
"""Accents, harakat and points, which many leave out. Vowel signs of Tibet and India are not among them."""

_VARIANTS = {"ي": "ی", "ى": "ی", "ك": "ک", "ھ": "ه", "ہ": "ه", "ة": "ه", "ۃ": "ه"}
"""Letters of the Arabic script that keyboards of different countries put in each other's place."""

_HIDDEN = re.compile(
    "[\u0640\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Tatweel, which only draws a word out, and what can't be seen at all, beside the category of such signs."""

_IN_NUMBERS = frozenset("-./()")

_MOST_KEPT = 0x10000


READ_BY = (unicodedata.unidata_version, version("anyascii"))
"""What says what a letter is, beside this program: under another version, words may be others."""


class Letters(dict[int, str]):
    """For `str.translate`: what stands for each letter; "" for what can't be seen, a space for what ends a word."""

    def __init__(self, stands_for: Callable[[str], str], between: Callable[[str], str] = lambda _: " ") -> None:
        super().__init__()
        self._stands_for = stands_for
        self._between = between

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        kind = unicodedata.category(letter)
        if kind == "Cf" or _HIDDEN.match(letter):
            found = ""
        else:
            found = (self._stands_for if kind[0] in "LMN" else self._between)(letter)
        # Whoever writes in all letters that there are should not fill the memory with them.
        if code < _MOST_KEPT:
            self[code] = found
        return found


def folded(letter: str) -> str:
    # What only looks otherwise, such as bold letters of mathematics, has capitals that show after that.
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letter).casefold())
    return "".join(_plain(part) for part in parts if unicodedata.category(part)[0] in "LMN")


def _plain(letter: str) -> str:
    if letter.isascii():
        return letter
    if _IS_LEFT_OUT.match(letter) or _HIDDEN.match(letter):
        return ""
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    if _is_latin(letter):
        return _ascii(letter)
    return _VARIANTS.get(letter, letter)


def _sounding(letter: str) -> str:
    sound = _ascii(letter)
    if _IS_UNSPACED.match(letter):
        return f" {SYLLABLE}{sound} " if sound else " "
    return sound if letter.isascii() or _is_latin(letter) else sound.upper()


def _ascii(letter: str) -> str:
    return "".join(filter(str.isalnum, anyascii(letter).lower()))


def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(("LATIN", "FULLWIDTH LATIN"))


def _in_number(letter: str) -> str:
    return (
        " "
        if unicodedata.normalize("NFKC", letter) in _IN_NUMBERS or unicodedata.category(letter) in ("Pd", "Zs")
        else "\n"
    )


FOLDED = Letters(folded)
"""Without accents and capitals, one letter for its variants, digits of every script as 0 to 9."""

EXACT = Letters(str.lower)
"""As it was written, but for capitals."""

SOUNDING = Letters(_sounding)
"""As it sounds, about, in Latin letters: small ones for letters that are Latin, capital ones for others."""

NUMBERS = Letters(folded, _in_number)
"""As folded, with a space for what can stand within a number and the end of a line for all else."""
