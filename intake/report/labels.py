"""The form's words for people: each answer in those of the version of the form that it was given to.

A key that this version doesn't have, or whose version isn't known here, stands for itself: nothing told is left out.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from babel import Locale

from intake.report import definition
from intake.report.definition import (
    NARRATIVE,
    UNANSWERED,
    Choice,
    Entry,
    Field,
    country_codes,
    forms,
    load_form,
)
from intake.report.told import Account, Told

NO_ANSWER = "–"

_COUNTRIES: Mapping[str, str] = Locale("en").territories


def countries() -> list[tuple[str, str]]:
    """Codes and names of all countries, by name."""
    return sorted(((code, _COUNTRIES.get(code, code)) for code in country_codes()), key=lambda country: country[1])


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """A question with its answer. `item`: the id of what that came with, if it is known.

    `before`: what had been answered, oldest first, each with its day.
    """

    question: str
    answer: str
    item: str = ""
    before: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Consent:
    """What a source lets be done with its report: the question in the words that it read, its answer and since when.

    `key`: of its question; `value`: of the answer, whose `item` and what was `before` are as those of a `Line`.
    """

    key: str
    question: str
    value: str
    answer: str
    since: str
    before: tuple[tuple[str, str], ...]
    item: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Section:
    """One of several things told of a kind, such as an event. `item`: the id of what it came with, if it is known."""

    title: str
    lines: list[Line]
    item: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Group:
    """What was told to one group of the form: to what is asked once, and the things that were told several of.

    `key`: the group's own, or one of no group for what no version that is known here asks.
    """

    key: str
    title: str
    lines: list[Line]
    sections: list[Section]


_ELSEWHERE = "elsewhere"


def question(key: str) -> str:
    """A question, as the newest version puts it that has it. `key`: its own, or its path (`Form.closed`)."""
    return next((field.question for field in _versions(key)), key)


def choices(key: str, occurring: Collection[str]) -> dict[str, str]:
    """Those choices of a question that occur, in their order, with the newest words that any version has for each."""
    words: dict[str, str] = {}
    for field in _versions(key):
        for choice in filter(occurring.__contains__, field.choices):
            words.setdefault(choice, _choice(field, choice))
    return words | {choice: choice for choice in sorted(occurring) if choice not in words}


def answer(key: str, told: Told[Choice] | None) -> str:
    """The answer to one question that is asked once for a report."""
    return NO_ANSWER if told is None else _answer(_field(told.form, key), told.value)


def consent_answer(key: str, value: str) -> str:
    """An answer to the question of a consent; one that the source never came to is none."""
    field = next((field for field in _versions(key)), None)
    return _answer(field, value or (field.default if field else ""))


def groups(account: Account) -> list[Group]:
    """All that was told, group by group in the order of the form; what no version that is known here asks comes last.

    Not the narrative, and not the consents.
    """
    versions = list(forms().values())
    groups = [group for form in versions for group in form.groups if group.place != "file"]
    titles = {group.key: group.title for group in reversed(groups)}
    of = {key: group.key for group in reversed(groups) for key in _keys(group)}
    apart = {NARRATIVE, *(field.key for field in load_form().consents)}
    order = list(dict.fromkeys(key for group in groups for key in _keys(group)))
    found: dict[str, Group] = {key: Group(key, titles[key], [], []) for key in dict.fromkeys(g.key for g in groups)}
    found[_ELSEWHERE] = Group(_ELSEWHERE, "Other answers", [], [])
    for key in (key for key in _sorted(account.once, order) if key not in apart):
        found[of.get(key, _ELSEWHERE)].lines.append(told(key, account))
    for key in _sorted(account.entries, order):
        sections = [_section(key, number, told) for number, told in enumerate(account.entries[key], 1)]
        found[of.get(key, _ELSEWHERE)].sections.extend(sections)
    return [group for group in found.values() if group.lines or group.sections]


def consents(account: Account) -> list[Consent]:
    """Every use that the form asks about, in its order; one that the source never came to is not consented to."""
    return [_consent(field.key, account) for field in load_form().consents]


def told(key: str, account: Account) -> Line:
    """What was answered to a question that is asked once, and was answered."""
    given = account.once[key]
    before = tuple((_answer(_field(each.form, key), each.value), each.day) for each in account.before.get(key, ()))
    return replace(_line(_field(given.form, key), key, given.value), item=given.item, before=before)


def about_file(form: int, told: Mapping[str, Choice]) -> list[Line]:
    """What a source says of a file, question by question. `form`: the version that `told` answers."""
    known = forms().get(form)
    return _lines(() if known is None else known.file_fields, told)


def _keys(group: definition.Group) -> Iterator[str]:
    yield from (field.key for field in group.fields)
    if group.entries is not None:
        yield group.entries.key


def _consent(key: str, account: Account) -> Consent:
    given = account.once.get(key)
    if given is None:
        field = load_form().by_key[key]
        return Consent(key, field.question, field.default, _answer(field, field.default), "", ())
    line = told(key, account)
    value = given.value if isinstance(given.value, str) else ""
    return Consent(key, line.question, value, line.answer, given.day, line.before, line.item)


def _versions(key: str) -> Iterator[Field]:
    """A question in every version that has it, the newest first."""
    found = (form.by_key.get(key) or form.closed.get(key) for form in forms().values())
    return (field for field in found if field is not None)


def _field(form: int, key: str) -> Field | None:
    known = forms().get(form)
    return None if known is None else known.by_key.get(key)


def _sorted(keys: Iterable[str], order: Iterable[str]) -> list[str]:
    """Keys as they stand in the newest form that has them, then those that none has."""
    places = {key: place for place, key in enumerate(dict.fromkeys(order))}
    return sorted(keys, key=lambda key: places.get(key, len(places)))


def _section(key: str, number: int, told: Told[Entry]) -> Section:
    form = forms().get(told.form)
    kind = next((kind for kind in form.entries if kind.key == key), None) if form else None
    title, fields = (key, ()) if kind is None else (kind.title, kind.fields)
    return Section(f"{title} {number}", _lines(fields, told.value), told.item)


def _lines(fields: Iterable[Field], told: Mapping[str, Choice]) -> list[Line]:
    known = {field.key: field for field in fields}
    given = (key for key in _sorted(told, known) if told[key] != UNANSWERED)
    return [_line(known.get(key), key, told[key]) for key in given]


def _line(field: Field | None, key: str, value: Choice) -> Line:
    return Line(key if field is None else field.question, _answer(field, value))


def _answer(field: Field | None, value: Choice) -> str:
    parts = (value,) if isinstance(value, str) else value
    return "; ".join(parts if field is None else (_choice(field, part) for part in parts))


def _choice(field: Field, key: str) -> str:
    if field.kind == "country" and not field.choices.get(key):
        return _COUNTRIES.get(key, key)
    return field.choices.get(key, key)
