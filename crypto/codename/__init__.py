"""Codenames: eight words that somebody keeps in their head, and the secrets derived from them.

A codename is 80 random bits and 8 bits of checksum, cut into eight 11-bit indices into a list of 2,048 words, or of
2,048 numbers for whoever reads a language that has no list.
The checksum tells a typing error from a codename that nobody has. Reading forgives whatever a hurried person on
a foreign keyboard leaves out; no error repeats what was typed.
"""

from crypto.codename.code import ENTROPY_SIZE, Codename, encode, generate, parse
from crypto.codename.errors import (
    LONGEST,
    WORDS,
    ChecksumError,
    CodenameError,
    LengthError,
    UnknownWordError,
    WordCountError,
)
from crypto.codename.finding import Marks, stands_in
from crypto.codename.lists import LANGUAGES, NUMBERS, WordListError, drawn_for
from crypto.codename.seed import CURRENT_VERSION, PARAMETERS, SEED_SIZE, Argon2Parameters, Seed
from crypto.codename.typed import is_word

__all__ = [
    "CURRENT_VERSION",
    "ENTROPY_SIZE",
    "LANGUAGES",
    "LONGEST",
    "NUMBERS",
    "PARAMETERS",
    "SEED_SIZE",
    "WORDS",
    "Argon2Parameters",
    "ChecksumError",
    "Codename",
    "CodenameError",
    "LengthError",
    "Marks",
    "Seed",
    "UnknownWordError",
    "WordCountError",
    "WordListError",
    "drawn_for",
    "encode",
    "generate",
    "is_word",
    "parse",
    "stands_in",
]
