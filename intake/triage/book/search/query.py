"""What somebody typed into the search: words, "phrases", beginnings* and fields, whatever it is.

Nothing typed is an error. What can't be searched for is left out, and said.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TypeVar

from intake.report import labels
from intake.report.definition import offered
from intake.triage.book.search.patterns import How, Pattern, patterns
from intake.triage.book.search.texts import PARTS, choice_word
from intake.triage.book.search.words import Writing, number, words

MOST_LETTERS, MOST_TERMS = 1000, 20

_QUOTES = str.maketrans("“”„‟«»「」『』＂：＊", '"""""""""""' + ":*")
_ITEM = re.compile(
    r'(?:(?P<field>[^\W_][\w.]*):(?P<gap>\s*)(?=\S))?(?:"(?P<phrase>[^"]*)(?P<end>"?)(?P<star>\*?)|(?P<word>[^\s"]+))'
)
_DIGITS = re.compile(r"[+(]*[0-9][0-9().\-/]*")
_DAYS = ("after", "before")
_DAY = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?")
_SHORTEST_BEGINNING = 2

NOTHING = "What has neither a letter nor a digit can't be searched for: it was left out."
UNCLOSED = "A quotation mark has no other: the phrase was taken to go on to the end."
OPERATORS = "AND, OR and NOT are no commands here and were left out: every word has to be there. Small ones are words."
SHORT = "An asterisk needs two letters before it: without them it was left out."
LONG = f"Only the first {MOST_LETTERS:,} characters and {MOST_TERMS} words or phrases were searched for."
NO_DAY = "before: and after: want a day, a month or a year, such as 2026-05-31: what was none was left out."
NO_CHOICE = "{field}: has no such choice: it was left out."
NO_FIELD = "What stands before a colon there is the name of no part and no question: it was searched for as a word."

Names = Mapping[str, Mapping[str, str]]
"""What reviewers have settled and can be searched by: by name of the field, each choice of the queue with its words."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False)
class Term:
    """One of the things that have to be there: one of `patterns`, in `parts` if any are named, or one of `choices`."""

    patterns: tuple[Pattern, ...]
    parts: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Query:
    """What is searched for. Days are between `after` and `before`, where there are such; `left_out`: what is not.

    `settled`: fields of the queue, each with the choices any of which has to be there.
    """

    terms: tuple[Term, ...]
    how: How = How.USUAL
    after: str = ""
    before: str = ""
    settled: tuple[tuple[str, tuple[str, ...]], ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to search for."""
        return not (self.terms or self.after or self.before or self.settled)


@dataclass(frozen=True, slots=True)
class _Narrowing:
    """What stands before a colon: parts that words are looked for in, and questions whose choices count as well."""

    parts: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


@dataclass(slots=True, repr=False)
class _Item:
    """One word or phrase as it was typed."""

    field: str
    text: str
    begins: bool = False


def parse(typed: str, how: How = How.USUAL, names: Names = MappingProxyType({})) -> Query:
    """What can be searched for in what was typed."""
    said: list[str] = []
    terms: list[Term] = []
    settled: list[tuple[str, tuple[str, ...]]] = []
    days: dict[str, list[str]] = {name: [] for name in _DAYS}
    for item in _with_numbers(list(_items(typed, names, said))):
        if item.field in days:
            day = _ascii_digits(item.text)
            if _DAY.fullmatch(day):
                days[item.field].append(day)
            else:
                said.append(NO_DAY)
        elif item.field in names:
            if choices := _called([(key, key, label) for key, label in names[item.field].items()], item.text):
                settled.append((item.field, tuple(choices)))
            else:
                said.append(NO_CHOICE.format(field=item.field))
        elif len(terms) == MOST_TERMS:
            said.append(LONG)
        elif term := _term(item, how, said):
            terms.append(term)
    # No day of a month is after this, and no day of the next one before it.
    after = max((f"{day}~" for day in days["after"]), default="")
    before = min(days["before"], default="")
    return Query(tuple(dict.fromkeys(terms)), how, after, before, tuple(settled), tuple(dict.fromkeys(said)))


def _items(typed: str, names: Names, said: list[str]) -> Iterator[_Item]:
    if len(typed) > MOST_LETTERS:
        said.append(LONG)
    for match in _ITEM.finditer(typed[:MOST_LETTERS].translate(_QUOTES)):
        field = (match["field"] or "").lower()
        if field and field not in _DAYS and field not in _narrowings() and field not in names:
            # No field of ours: a word like others, as the beginning of an address or an hour is.
            if not (match["gap"] or field.isdecimal() or (match["word"] or "").startswith("//")):
                said.append(NO_FIELD)
            if match["gap"]:
                yield _Item("", field)
            else:
                yield _Item("", f"{field}:{match['word'] or match['phrase']}")
                continue
            field = ""
        if match["word"] is None:
            if not match["end"]:
                said.append(UNCLOSED)
            yield _Item(field, match["phrase"], begins=bool(match["star"]))
        elif match["word"] in ("AND", "OR", "NOT"):
            said.append(OPERATORS)
        else:
            yield _Item(field, match["word"], begins=match["word"].endswith("*"))


def _with_numbers(items: Sequence[_Item]) -> Iterator[_Item]:
    """Groups of digits that make a number together as one."""
    at = 0
    while at < len(items):
        end = at + 1
        if _DIGITS.fullmatch(_ascii_digits(items[at].text)):
            while end < len(items) and not items[end].field and _DIGITS.fullmatch(_ascii_digits(items[end].text)):
                end += 1
        whole = " ".join(item.text for item in items[at:end])
        if end > at + 1 and number(whole):
            yield _Item(items[at].field, whole)
        else:
            yield from items[at:end]
        at = end


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(letter, letter)) for letter in text)


def _term(item: _Item, how: How, said: list[str]) -> Term | None:
    narrowing = _narrowings().get(item.field, _Narrowing())
    choices = tuple(_choices(narrowing.questions, item.text))
    if narrowing.questions and not narrowing.parts:
        if not choices:
            said.append(NO_CHOICE.format(field=item.field))
            return None
        return Term((), choices=choices)
    found = patterns(item.text, how, begins=item.begins and _is_long_enough(item.text, said))
    if not found:
        said.append(NOTHING)
        return None
    return Term(found, narrowing.parts, choices)


def _is_long_enough(text: str, said: list[str]) -> bool:
    last = words(text, Writing.FOLDED)[-1:]
    if last and len(last[0]) < _SHORTEST_BEGINNING:
        said.append(SHORT)
        return False
    return True


def _choices(questions: Sequence[str], typed: str) -> Iterator[str]:
    there = [((question, key), key, label) for question in questions for key, label in _words(question).items()]
    return (choice_word(question, key) for question, key in _called(there, typed))


def _called(there: Sequence[tuple[T, str, str]], typed: str) -> list[T]:
    """Those that are called so by their key or their words, or else those in whose words all these are."""
    wanted = words(typed, Writing.FOLDED)
    if not wanted:
        return []
    alike = [each for each, *named in there if wanted in [words(name, Writing.FOLDED) for name in named]]
    return alike or [each for each, _, label in there if set(wanted) <= set(words(label, Writing.FOLDED))]


def _words(question: str) -> Mapping[str, str]:
    """Every choice that any version of the form ever offered, with its newest words."""
    return labels.choices(question, offered()[question])


@cache
def _narrowings() -> Mapping[str, _Narrowing]:
    return {
        **{part: _Narrowing((part,)) for part in PARTS},
        "place": _Narrowing(("place",), ("places.kind",)),
        "actor": _Narrowing(("actor",), ("actor_kind", "actor_details.kind")),
        "person": _Narrowing(("person",), ("people.relation",)),
        "from": _Narrowing((), ("origin_state",)),
        "in": _Narrowing((), ("host_country",)),
        **{question: _Narrowing((), (question,)) for question in offered()},
    }
