"""What of a report could tell whose it is: numbers, addresses and names, each as a key that finds it in another text.

A key says nothing of where it stands, and is the same however the detail was written: with other digits, capitals,
accents, spaces in a number, or characters that don't show.
"""

import json
import re
import sqlite3
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from itertools import accumulate
from types import MappingProxyType
from unicodedata import category, normalize

from intake.report import labels
from intake.report.definition import Entry, forms
from intake.triage.book.search.letters import FOLDED, UNSPACED, Letters, folded
from intake.triage.book.search.words import Reading, Writing
from intake.triage.reading.opentip import OpenTip

SCHEMA = """
CREATE TABLE detail (key TEXT, place INTEGER, PRIMARY KEY (key, place)) WITHOUT ROWID;
"""

_SHARED = """
SELECT key, count(*), min(place), max(place) FROM detail
WHERE key IN (SELECT value FROM json_each(?)) AND place IS NOT (SELECT place FROM queue WHERE tip = ?)
GROUP BY key
"""

NUMBER, ADDRESS, NAME, PART = "#", "@", "=", "~"
"""What a key begins with. `PART`: one word of a name."""

LONGEST_NAME = 6
"""Words of a name, of which more are not compared."""

_SHORTEST_PART, _LONGEST_WORD = 4, 64
_LONGEST_ENDING = 3
"""Letters that a language may hang on to a name."""

_WORD = re.compile(f"[{UNSPACED}]|[^ {UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{UNSPACED}]")
_PIECES = re.compile(r"[,;:()\[\]|\r\n/、，；：。（）؛،]+")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_ACCOUNT = re.compile(r"(?<![\w@.])@([\w.]{3,64})")
_KEPT = "@._-+"

_IN_ADDRESS = Letters(folded, lambda sign: found if (found := normalize("NFKC", sign)) in _KEPT else " ")

_NAMES: Mapping[str, bool] = MappingProxyType(
    {
        "region": True,
        "contact_channel": True,
        "acts.place": True,
        "acts.relayed_by": True,
        "acts.phones": True,
        "acts.accounts": True,
        "acts.emails": True,
        "acts.plates": True,
        "acts.documents": True,
        "places.name": True,
        "places.address": True,
        "people.pseudonym": True,
        "actor_details.name": False,
    }
)
"""The questions whose answers are names of something, and whether they say something of the source's own life."""

_OF_PEOPLE = frozenset({"acts.relayed_by", "people.pseudonym", "actor_details.name", "places.name"})
"""Those of which one word is a detail already."""


@dataclass(frozen=True, slots=True, order=True)
class Naming:
    """Who names something: how many reports, and the first and the last of them, by their places in the book."""

    reports: int
    first: int
    last: int


class Words:
    """The words of a text as they are compared, a letter each in scripts that write no spaces."""

    def __init__(self, text: str) -> None:
        self._text = text
        letters = text.translate(FOLDED)
        found = [match.span() for match in _WORD.finditer(letters)]
        self._spans = [part for span in found for part in _cut(*span)]
        self.words: Sequence[str] = [letters[start:end] for start, end in self._spans]

    @cached_property
    def _ends(self) -> Sequence[int]:
        """Up to where what stands for each letter of the text goes; asked of few texts."""
        return list(accumulate(len(FOLDED[ord(letter)]) for letter in self._text))

    def written(self, first: int, last: int) -> str:
        """What stands in the text from one of its words to another, both included."""
        start, end = self._spans[first][0], self._spans[last][1]
        return self._text[self._place(start) : self._place(end - 1) + 1]

    def _place(self, at: int) -> int:
        low, high = 0, len(self._ends) - 1
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._ends[middle] <= at else (low, middle)
        return low

    def rows(self) -> Iterator[tuple[str, int, int]]:
        """Every row of a few words, with its first and its last."""
        for first in range(len(self.words)):
            for last in range(first, min(first + LONGEST_NAME, len(self.words))):
                yield " ".join(self.words[first : last + 1]), first, last


class Candidates:
    """Every key that a text could have in common with a report, and what stands in the text for each."""

    def __init__(self, text: str) -> None:
        self._read = Words(text)
        self._places: dict[str, str | tuple[int, int]] = dict(_numbers(text))
        for row, first, last in self._read.rows():
            self._places.setdefault(NAME + row, (first, last))
        for place, word in enumerate(self._read.words):
            for end in range(max(len(word) - _LONGEST_ENDING, _SHORTEST_PART), len(word) + 1):
                self._places.setdefault(PART + word[:end], (place, place))

    @property
    def keys(self) -> Collection[str]:
        """All of them."""
        return self._places.keys()

    def written(self, key: str) -> str:
        """What stands there."""
        found = self._places[key]
        return found if isinstance(found, str) else self._read.written(*found)


def details(tip: OpenTip) -> set[str]:
    """The keys of all that a report names."""
    return set(_named(tip, _NAMES))


def of_source(tip: OpenTip) -> set[str]:
    """The keys of what it says of its source's own life."""
    return set(_named(tip, [path for path, is_own in _NAMES.items() if is_own]))


def told(tip: OpenTip) -> Iterator[str]:
    """All that a source wrote."""
    yield tip.narrative
    yield from (line.text for line in tip.conversation if not line.author)
    yield from (text for _, text in _answers(tip))
    yield from (text for file in tip.files.values() for text in (file.about.name, file.about.shows))


def shared(database: sqlite3.Connection, keys: Collection[str], but: str) -> dict[str, Naming]:
    """Those of these keys that reports have beside one, and which reports."""
    found = database.execute(_SHARED, (json.dumps(list(keys)), but))
    return {key: Naming(*naming) for key, *naming in found}


def write(database: sqlite3.Connection, place: int, keys: Iterable[str]) -> None:
    """Note what a report names, in whose place nothing is noted yet."""
    database.executemany("INSERT INTO detail VALUES (?, ?)", ((key, place) for key in keys))


def erase(database: sqlite3.Connection, place: int, keys: Iterable[str]) -> None:
    """Take out what was noted."""
    database.executemany("DELETE FROM detail WHERE key = ? AND place = ?", ((key, place) for key in keys))


def _named(tip: OpenTip, paths: Collection[str]) -> Iterator[str]:
    for text in told(tip):
        yield from (key for key, _ in _numbers(text))
    for text in (tip.narrative, *(line.text for line in tip.conversation if not line.author)):
        yield from (NAME + name for name in _introduced(text))
    for path, text in _answers(tip):
        if path in paths:
            yield from _names(text, is_of_people=path in _OF_PEOPLE)


def _answers(tip: OpenTip) -> Iterator[tuple[str, str]]:
    """Every answer that is a text, with the path of its question."""
    entries: list[tuple[str, Entry]] = [("", {key: each.value for key, each in tip.account.once.items()})]
    entries += [(f"{kind}.", each.value) for kind, all_told in tip.account.entries.items() for each in all_told]
    for kind, values in entries:
        yield from ((kind + key, value) for key, value in values.items() if isinstance(value, str))


def _numbers(text: str) -> Iterator[tuple[str, str]]:
    """The keys of numbers however they are grouped, of e-mail addresses and accounts, each with what it is."""
    numbers = Reading(text, Writing.NUMBERS)
    for place, number in enumerate(numbers.words):
        yield NUMBER + number[1:], text[slice(*numbers.span(place, place))]
    address = text.translate(_IN_ADDRESS)
    yield from ((ADDRESS + mail, mail) for mail in _MAIL.findall(address))
    yield from ((ADDRESS + account.strip("."), f"@{account}") for account in _ACCOUNT.findall(address))


def _names(text: str, *, is_of_people: bool) -> Iterator[str]:
    for piece in _PIECES.split(text):
        found = Words(piece).words
        if _tells(found):
            yield NAME + " ".join(found[:LONGEST_NAME])
        if is_of_people and len(found) <= LONGEST_NAME:
            yield from (PART + word for word in found if len(word) >= _SHORTEST_PART and _tells([word]))


def _introduced(text: str) -> Iterator[str]:
    """The names that follow on words such as "my name is"."""
    letters = text.translate(FOLDED)
    if not any(sign.search(letters) for sign in _signs()):
        # Which words there are, and where, need not be known of most texts.
        return
    read = Words(text)
    row = read.words
    for at, word in enumerate(row):
        for phrase in _introducing().get(word, ()):
            first = at + len(phrase)
            if tuple(row[at:first]) != phrase:
                continue
            for last in range(first, min(first + 3, len(row))):
                if not read.written(first, last)[0].islower() and _tells(row[first : last + 1]):
                    yield " ".join(row[first : last + 1])


@cache
def _signs() -> Sequence[re.Pattern[str]]:
    """What stands in the letters of a text that holds one of these phrases, and in few others."""
    phrases = [phrase for phrases in _introducing().values() for phrase in phrases]
    return [re.compile(" *".join(map(re.escape, phrase))) for phrase in phrases]


@cache
def _introducing() -> Mapping[str, Sequence[tuple[str, ...]]]:
    """By its first word, each phrase after which somebody's name stands."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in (tuple(Words(phrase).words) for phrases in _data("introductions").values() for phrase in phrases):
        found.setdefault(phrase[0], []).append(phrase)
    return found


def _tells(row: Sequence[str]) -> bool:
    """Whether this can be somebody's or something's name, and not a word that the form itself uses."""
    is_unspaced = any(map(_IS_UNSPACED.match, row))
    letters = sum(map(len, row))
    is_common = " ".join(row) in _common() or all(word in _common() for word in row)
    return letters >= (2 if is_unspaced else 3) and not is_common


@cache
def _common() -> Collection[str]:
    """The words of the form, the names of countries, and what else everybody says."""
    says: list[str] = [name for _, name in labels.countries()]
    for form in forms().values():
        fields = [*form.by_key.values(), *form.closed.values(), *form.file_fields]
        fields += [field for entries in form.entries for field in entries.fields]
        says += [text for field in fields for text in (field.question, field.hint, *field.choices.values())]
    # As a whole: the letters of a word of Han may be those of a name.
    commonplace = {" ".join(Words(text).words) for texts in _data("commonplace").values() for text in texts}
    return commonplace | frozenset(
        word for text in says for word in Words(text).words if not category(word[0]).startswith("N")
    )


@cache
def _data(of: str) -> Mapping[str, Sequence[str]]:
    found: Mapping[str, Sequence[str]] = tomllib.loads(files(__package__).joinpath("names.toml").read_text("utf-8"))[of]
    return found


def _cut(start: int, end: int) -> Iterator[tuple[int, int]]:
    return ((at, min(at + _LONGEST_WORD, end)) for at in range(start, end, _LONGEST_WORD))
