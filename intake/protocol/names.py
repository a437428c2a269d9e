"""Names that can be told apart: which characters one may have, and when two look alike (UTS #39, section 4).

Everything is read from a kept table and holds only characters that every Python in use knows: whether a name can be
enrolled is the same on a server and on every auditor's machine.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

TABLE = Path(__file__).with_name("lookalikes.txt")


class UnfitNameError(ValueError):
    """The name holds something that can't be told apart from something else, in words for whoever chose it."""


class _Characters:
    """Characters, held by their first and last of each span: the single ones of all scripts would take 17 MiB."""

    def __init__(self, spans: Iterable[str]) -> None:
        ends = sorted(tuple(int(end, 16) for end in span.split("..")) for span in spans)
        self._firsts = [first for first, _ in ends]
        self._lasts = [last for _, last in ends]

    def __contains__(self, character: str) -> bool:
        place = bisect_right(self._firsts, ord(character)) - 1
        return place >= 0 and ord(character) <= self._lasts[place]

    def has_all(self, text: str) -> bool:
        """Whether a text has no others."""
        return all(character in self for character in text)


@dataclass(frozen=True, slots=True)
class _Table:
    """`plain`: what a name may hold; `invisible`: what shows as nothing; `looks`: what a character looks like."""

    plain: _Characters
    invisible: _Characters
    looks: dict[str, str]


def require_plain(name: str) -> None:
    """Raise `UnfitNameError` unless the name is made of letters, marks, digits and a few signs that show."""
    if not _table().plain.has_all(name):
        raise UnfitNameError("a name may have letters, digits and signs such as - . ' only, none that don't show")


def alike(one: str, other: str) -> bool:
    """Whether somebody who sees one of the names may take it for the other, or write it so."""
    return not _skeletons(one).isdisjoint(_skeletons(other))


@lru_cache(maxsize=10_000)
def _skeletons(name: str) -> frozenset[str]:
    """What the name looks like as it is written, in small letters and in capitals.

    All three: only in capitals does Greek look like Latin, and only the capital of `igor` looks like an l.
    """
    plain = unicodedata.normalize("NFKC", _visible(name))
    return frozenset(map(_skeleton, (plain, plain.casefold(), "".join(map(_capital, plain)))))


def _skeleton(text: str) -> str:
    visible = _visible(unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text)))
    looks = _table().looks
    return unicodedata.normalize("NFD", "".join(looks.get(character, character) for character in visible))


def _visible(text: str) -> str:
    return "".join(character for character in text if character not in _table().invisible)


def _capital(character: str) -> str:
    # A later Unicode may bring a capital to a letter that has none yet; all else stays as it is.
    capital = character.upper()
    return capital if _table().plain.has_all(capital) else character


@cache
def _table() -> _Table:
    rows = [line.split() for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
    return _Table(
        plain=_Characters(row[1] for row in rows if row[0] == "+"),
        invisible=_Characters(row[1] for row in rows if row[0] == "-"),
        looks={chr(int(row[1], 16)): "".join(chr(int(code, 16)) for code in row[2:]) for row in rows if row[0] == "="},
    )
