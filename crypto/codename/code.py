"""Codenames themselves: drawn, written in words, read back."""

import hashlib
import secrets
from collections.abc import Sequence

from crypto.codename.errors import (
    LONGEST,
    WORDS,
    ChecksumError,
    CodenameError,
    LengthError,
    UnknownWordError,
    WordCountError,
)
from crypto.codename.lists import LANGUAGES, places, unsaid, word_list
from crypto.codename.seed import CURRENT_VERSION, Seed, derive_seed
from crypto.codename.typed import tokens

ENTROPY_SIZE = 10

_WORD_BITS = 11
_WORD_MASK = 2**_WORD_BITS - 1
_CHECKSUM_DOMAIN = b"codename checksum v1\n"


class Codename:
    """Eight words and the tag of their language. Made by `generate`, `encode` and `parse`."""

    __slots__ = ("_entropy", "_words", "language")

    language: str

    def __init__(self, language: str, entropy: bytes, words: tuple[str, ...]) -> None:
        self.language = language
        self._entropy = entropy
        self._words = words

    def __repr__(self) -> str:
        return "<Codename>"

    @property
    def words(self) -> tuple[str, ...]:
        """The words as they are shown, composed (NFC)."""
        return self._words

    def derive(self, version: int = CURRENT_VERSION) -> Seed:
        """The seed of this codename under the parameters of a version; takes 16 MiB and some 10 ms.

        The same however the words were typed: what goes in is the name of the list and the 80 bits.
        """
        return derive_seed(version, LANGUAGES[self.language].encode() + b"\n" + self._entropy)


def generate(language: str) -> Codename:
    """A new codename in one of `LANGUAGES`, with none of the words that can harm whoever is found with them.

    Whoever guesses and knows what is never drawn still has at least 78 of the 80 bits before them, in every list.
    """
    while True:
        codename = encode(language, secrets.token_bytes(ENTROPY_SIZE))
        # Lists share words: one in forty Chinese codenames is valid in both scripts. And a list may hold what
        # nobody can type: the Russian one has a damaged word.
        if unsaid(language).isdisjoint(codename.words) and len(_readings(tokens(" ".join(codename.words)))) == 1:
            return codename


def encode(language: str, entropy: bytes) -> Codename:
    """The codename of 10 bytes: `generate` without the dice, and without its check that `parse` reads it."""
    if len(entropy) != ENTROPY_SIZE:
        raise CodenameError(f"the entropy of a codename must be {ENTROPY_SIZE} bytes")
    bits = int.from_bytes(entropy + _checksum(entropy), "big")
    words = word_list(language)
    indices = [bits >> shift & _WORD_MASK for shift in range((WORDS - 1) * _WORD_BITS, -1, -_WORD_BITS)]
    return Codename(language, entropy, tuple(words[index] for index in indices))


def parse(text: str) -> Codename:
    """Read a codename as somebody typed it, in any of `LANGUAGES`; case, accents and punctuation do not matter.

    Raises `LengthError`, `WordCountError`, `UnknownWordError` or `ChecksumError`.
    """
    # Before anything else: to put n combining marks in order takes n² steps, and no other thread runs meanwhile.
    if len(text) > LONGEST:
        raise LengthError
    words = tokens(text)
    if len(words) != WORDS:
        raise WordCountError(len(words))
    readings = _readings(words)
    if not readings:
        raise _fault(words)
    return readings[0]


def decode(language: str, typed: Sequence[str]) -> Codename | None:
    """The codename of eight words as `tokens` gives them, or None if they are none in this language."""
    known = places(language)
    bits = 0
    for token in typed:
        if token not in known:
            return None
        bits = bits << _WORD_BITS | known[token]
    data = bits.to_bytes(ENTROPY_SIZE + 1, "big")
    entropy, checksum = data[:ENTROPY_SIZE], data[ENTROPY_SIZE:]
    return encode(language, entropy) if checksum == _checksum(entropy) else None


def _readings(typed: Sequence[str]) -> list[Codename]:
    if len(typed) != WORDS:
        return []
    return [codename for language in LANGUAGES if (codename := decode(language, typed)) is not None]


def _checksum(entropy: bytes) -> bytes:
    return hashlib.sha256(_CHECKSUM_DOMAIN + entropy).digest()[:1]


def _fault(typed: Sequence[str]) -> CodenameError:
    # Judged by the list that fits best, so that one misspelt word is the one reported.
    unknown = min((_unknown(language, typed) for language in LANGUAGES), key=len)
    return UnknownWordError(unknown[0]) if unknown else ChecksumError()


def _unknown(language: str, typed: Sequence[str]) -> list[int]:
    return [position for position, token in enumerate(typed, 1) if token not in places(language)]
