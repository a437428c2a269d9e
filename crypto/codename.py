"""Codenames: eight words that somebody keeps in their head, and the secrets derived from them.

A codename is 80 random bits and 8 bits of checksum, cut into eight 11-bit indices into a list of 2,048 words.
The checksum tells a typing error from a codename that nobody has. Reading forgives whatever a hurried person on
a foreign keyboard leaves out; no error repeats what was typed.
"""

import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from threading import BoundedSemaphore
from types import MappingProxyType
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from mnemonic import Mnemonic

# Language tags (BCP 47) and the word lists for them.
LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "en": "english",
        "fr": "french",
        "es": "spanish",
        "it": "italian",
        "pt": "portuguese",
        "cs": "czech",
        "tr": "turkish",
        "ru": "russian",
        "zh-Hans": "chinese_simplified",
        "zh-Hant": "chinese_traditional",
        "ja": "japanese",
        "ko": "korean",
    }
)
_UNSPACED = frozenset({"zh-Hans", "zh-Hant"})
"""Written without spaces, and every character is a word."""
WORDS = 8
ENTROPY_SIZE = 10
SEED_SIZE = 32
LONGEST = 500
"""Characters that `parse` looks at: the longest codename, decomposed, numbered and widely spaced, has far fewer."""

_WORD_BITS = 11
_LONGEST_WORD = 100
_MOST_FOLDED = 20_000
_WORD_MASK = 2**_WORD_BITS - 1
_CHECKSUM_DOMAIN = b"codename checksum v1\n"
_MARK_DOMAIN = b"codename mark v1\n"
_MARK_SIZE = 4
_MARKS_TOLD = 6
_MARKS_WITHIN = 16
_IDENTITY_INFO = b"codename v1: identity"
_LOOKUP_INFO = b"codename v1: lookup"
_SIGNING_INFO = b"codename v1: signing"

_HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
# Chinese is typed without spaces: every character is a word. Anything that is no letter or digit parts words.
_TOKEN = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+")
# Dotless i has no decomposition; Katakana is Hiragana from an input method that was set to it.
_ALIKE = {ord("ı"): "i"} | {code: chr(code - 0x60) for code in range(0x30A1, 0x30F7)}


class CodenameError(ValueError):
    """Not a codename. Shows nothing of what was typed, and neither does any of its kinds."""


class LengthError(CodenameError):
    """The text is far longer than any codename."""

    def __init__(self) -> None:
        super().__init__(f"a codename has at most {LONGEST} characters")


class WordCountError(CodenameError):
    """There are `count` words, not eight."""

    def __init__(self, count: int) -> None:
        super().__init__(f"a codename has {WORDS} words, not {count}")
        self.count = count


class UnknownWordError(CodenameError):
    """The word at `position`, counted from 1, is not in the list that most of the others are in."""

    def __init__(self, position: int) -> None:
        super().__init__(f"word {position} is not one that codenames are made of")
        self.position = position


class ChecksumError(CodenameError):
    """Every word exists, but never in this order: one is wrong, or two are swapped."""

    def __init__(self) -> None:
        super().__init__("these words are not a codename")


@dataclass(frozen=True, slots=True)
class Argon2Parameters:
    """Argon2id (RFC 9106): memory in KiB, passes, lanes, salt."""

    memory: int
    passes: int
    lanes: int
    salt: bytes


# One salt for all: there is no user name to look another one up by, and 80 random bits need none. What a salt of
# one's own prevents, trying a guess on n people at once, gains an attacker log2(n) of these 80 bits.
PARAMETERS: Mapping[int, Argon2Parameters] = MappingProxyType(
    {1: Argon2Parameters(memory=16 * 1024, passes=1, lanes=1, salt=b"codename argon2id v1")}
)
CURRENT_VERSION = 1

# More derivations at once than cores finish none sooner, and each holds its memory until it ends.
_derivations = BoundedSemaphore(os.cpu_count() or 1)


class Seed:
    """The 32 bytes derived from a codename, and the keys that follow from it."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SEED_SIZE:
            raise CodenameError(f"a seed must be {SEED_SIZE} bytes")
        self._secret = secret

    def __repr__(self) -> str:
        return "<Seed>"

    def identity_seed(self) -> bytes:
        """32 secret bytes, for the key pair of whoever has the codename."""
        return self._expand(_IDENTITY_INFO)

    def lookup_key(self) -> bytes:
        """32 bytes to find a record by; they tell nothing about the codename or the identity."""
        return self._expand(_LOOKUP_INFO)

    def signing_seed(self) -> bytes:
        """32 secret bytes, for the Ed25519 key that whoever has the codename signs with."""
        return self._expand(_SIGNING_INFO)

    def to_bytes(self) -> bytes:
        """The secret itself, for an encrypted session."""
        return self._secret

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The reverse of `to_bytes`; `CodenameError` if the length is wrong."""
        return cls(data)

    def _expand(self, info: bytes) -> bytes:
        return HKDFExpand(SHA256(), SEED_SIZE, info).derive(self._secret)


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
        parameters = PARAMETERS[version]
        material = LANGUAGES[self.language].encode() + b"\n" + self._entropy
        with _derivations:
            return Seed(_argon2id(parameters, material))


def generate(language: str) -> Codename:
    """A new codename in one of `LANGUAGES`."""
    while True:
        codename = encode(language, secrets.token_bytes(ENTROPY_SIZE))
        # Lists share words: one in forty Chinese codenames is valid in both scripts. And a list may hold what
        # nobody can type: the Russian one of mnemonic 0.21 has a damaged word.
        if len(_readings(_tokens(" ".join(codename.words)))) == 1:
            return codename


def encode(language: str, entropy: bytes) -> Codename:
    """The codename of 10 bytes: `generate` without the dice, and without its check that `parse` reads it."""
    if len(entropy) != ENTROPY_SIZE:
        raise CodenameError(f"the entropy of a codename must be {ENTROPY_SIZE} bytes")
    bits = int.from_bytes(entropy + _checksum(entropy), "big")
    words = _word_list(language)
    indices = [bits >> shift & _WORD_MASK for shift in range((WORDS - 1) * _WORD_BITS, -1, -_WORD_BITS)]
    return Codename(language, entropy, tuple(words[index] for index in indices))


def parse(text: str) -> Codename:
    """Read a codename as somebody typed it, in any of `LANGUAGES`; case, accents and punctuation do not matter.

    Raises `LengthError`, `WordCountError`, `UnknownWordError` or `ChecksumError`.
    """
    # Before anything else: to put n combining marks in order takes n² steps, and no other thread runs meanwhile.
    if len(text) > LONGEST:
        raise LengthError
    tokens = _tokens(text)
    if len(tokens) != WORDS:
        raise WordCountError(len(tokens))
    readings = _readings(tokens)
    if not readings:
        raise _fault(tokens)
    return readings[0]


class Marks:
    """What tells a codename's words in a text where the codename itself is no longer at hand."""

    __slots__ = ("_marks", "_seed")

    def __init__(self, seed: Seed, marks: frozenset[bytes]) -> None:
        self._seed = seed
        self._marks = marks

    def __repr__(self) -> str:
        return "<Marks>"

    @classmethod
    def of(cls, codename: Codename, seed: Seed) -> Self:
        """Those of a codename. A word can be found again with its mark and the seed: they are as secret as the seed."""
        return cls(seed, frozenset(_mark(seed, _fold(word)) for word in codename.words))

    def in_text(self, text: str) -> bool:
        """Whether most of the words stand close together somewhere in a text of any length, in any order."""
        marked = {token: mark for token in set(_tokens(text)) if (mark := _mark(self._seed, token)) in self._marks}
        places = [(place, marked[token]) for place, token in enumerate(_tokens(text)) if token in marked]
        wanted = min(_MARKS_TOLD, len(self._marks))
        for first, (begin, _) in enumerate(places):
            near = places[first : first + _MARKS_WITHIN]
            if len({mark for place, mark in near if place < begin + _MARKS_WITHIN}) >= wanted:
                return True
        return False

    def to_bytes(self) -> bytes:
        """The marks, without the seed."""
        return b"".join(sorted(self._marks))

    @classmethod
    def from_bytes(cls, seed: Seed, data: bytes) -> Self:
        """The reverse of `to_bytes`."""
        return cls(seed, frozenset(data[start : start + _MARK_SIZE] for start in range(0, len(data), _MARK_SIZE)))


def stands_in(text: str) -> bool:
    """Whether a codename seems to stand in a text of any length: a row of eight words of one list, with their checksum.

    Of other rows one in 256 is taken for one. There are next to none in a text that is written in letters; but in a
    Chinese one nearly every character is such a word, so that only a line of eight counts there.
    """
    tokens = _tokens(text)
    lines = [line for line in map(_tokens, text.splitlines()) if len(line) == WORDS]
    return any(_have_row(language, lines if language in _UNSPACED else [tokens]) for language in LANGUAGES)


def is_word(word: str, typed: str) -> bool:
    """Whether somebody typed this word, as forgivingly as `parse` reads it, and in constant time."""
    return hmac.compare_digest(_fold(word).encode(), "".join(_tokens(typed[:_LONGEST_WORD])).encode())


def _argon2id(parameters: Argon2Parameters, material: bytes) -> bytes:
    return Argon2id(
        salt=parameters.salt,
        length=SEED_SIZE,
        iterations=parameters.passes,
        lanes=parameters.lanes,
        memory_cost=parameters.memory,
    ).derive(material)


def _checksum(entropy: bytes) -> bytes:
    return hashlib.sha256(_CHECKSUM_DOMAIN + entropy).digest()[:1]


@cache
def _word_list(language: str) -> Sequence[str]:
    # Some lists come decomposed: composed, every font shows them as they should be.
    return tuple(unicodedata.normalize("NFC", word) for word in Mnemonic(LANGUAGES[language]).wordlist)


@cache
def _index(language: str) -> Mapping[str, int]:
    return {_fold(word): index for index, word in enumerate(_word_list(language))}


def _fold(text: str) -> str:
    return text.translate(_FOLDS)


def _fold_character(char: str) -> str:
    # Decomposed before and after: lower case can be decomposed where upper case is not, and the reverse.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    return "".join(part for part in folded if not unicodedata.combining(part)).translate(_ALIKE)


class _Folds(dict[int, str]):
    """Every character folded by itself, which comes to the same as the text as a whole, for marks are left out.

    To put n of them in order, which is done to a whole text, takes n² steps.
    """

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        if len(self) < _MOST_FOLDED:
            self[code] = folded
        return folded


_FOLDS = _Folds()


def _tokens(text: str) -> list[str]:
    # Numbers on their own are those of a numbered list.
    return [token for token in _TOKEN.findall(_fold(text)) if not token.isdecimal()]


def _have_row(language: str, texts: Iterable[Sequence[str]]) -> bool:
    index = _index(language)
    for tokens in texts:
        row: list[str] = []
        for token in tokens:
            row = [*row[1 - WORDS :], token] if token in index else []
            if len(row) == WORDS and _decode(language, row) is not None:
                return True
    return False


def _mark(seed: Seed, token: str) -> bytes:
    return hmac.digest(seed.to_bytes(), _MARK_DOMAIN + token.encode(), "sha256")[:_MARK_SIZE]


def _readings(tokens: Sequence[str]) -> list[Codename]:
    if len(tokens) != WORDS:
        return []
    return [codename for language in LANGUAGES if (codename := _decode(language, tokens)) is not None]


def _decode(language: str, tokens: Sequence[str]) -> Codename | None:
    index = _index(language)
    bits = 0
    for token in tokens:
        if token not in index:
            return None
        bits = bits << _WORD_BITS | index[token]
    data = bits.to_bytes(ENTROPY_SIZE + 1, "big")
    entropy, checksum = data[:ENTROPY_SIZE], data[ENTROPY_SIZE:]
    return encode(language, entropy) if checksum == _checksum(entropy) else None


def _fault(tokens: Sequence[str]) -> CodenameError:
    # Judged by the list that fits best, so that one misspelt word is the one reported.
    unknown = min((_unknown(language, tokens) for language in LANGUAGES), key=len)
    return UnknownWordError(unknown[0]) if unknown else ChecksumError()


def _unknown(language: str, tokens: Sequence[str]) -> list[int]:
    return [position for position, token in enumerate(tokens, 1) if token not in _index(language)]
