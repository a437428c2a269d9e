"""The report form as data: each version that was ever in force (`forms/`), and the checks that follow from it.

An answer is a string (`one`, `country`, `line`, `text`), a tuple of strings (`several`), or, for what can be told
several times over (acts, places, people), a tuple of entries, each a mapping from keys to answers. A field that was
passed over is `UNANSWERED`, or its default if it has one; "I don't know" and "I'd rather not say" are values of their
own.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

UNANSWERED = "unanswered"
NARRATIVE = "narrative"
"""The key of what happened, in the source's own words."""

CONSENTS = "consents"
"""The key of the group of questions about what may be done with a report."""

FORMS = files(__package__) / "forms"

Kind = Literal["one", "several", "country", "line", "text"]
Choice = str | tuple[str, ...]
Entry = dict[str, Choice]
Answer = Choice | tuple[Entry, ...]
Answers = Mapping[str, Answer]


class AnswerError(ValueError):
    """An answer that the form does not offer. Names the field, never what was given."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Apart:
    """Choices of a question that stand in a list of their own, which nobody has to open, under a `title`."""

    title: str
    choices: frozenset[str]


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `choices` maps keys to English labels and includes the ones that are always there.

    `default`: what it comes to where it was never answered; `unsaid`: the label of what is chosen beforehand and says
    nothing, so that an earlier answer stays.
    """

    key: str
    kind: Kind
    question: str
    choices: Mapping[str, str]
    hint: str = ""
    summary: bool = False
    required: bool = False
    longest: int = 0
    alone: frozenset[str] = frozenset()
    default: str = UNANSWERED
    unsaid: str = ""
    apart: Apart | None = None

    @property
    def passed_over(self) -> str:
        """What a page says on which it was passed over."""
        return UNANSWERED if self.unsaid else self.default

    @property
    def is_text(self) -> bool:
        """Whether it is answered in the source's own words."""
        return self.kind in ("line", "text")

    def check(self, answer: Answer) -> None:
        """Raise `AnswerError` unless the form allows this answer."""
        match answer:
            case str() if answer == UNANSWERED:
                if self.required:
                    raise AnswerError(self.key, "required")
            case str() if self.is_text:
                if len(answer) > self.longest:
                    raise AnswerError(self.key, "too long")
                if self.kind == "line" and "\n" in answer:
                    raise AnswerError(self.key, "more than a line")
            case str() if self.kind != "several":
                self._check_choices((answer,))
            case tuple() if self.kind == "several" and answer:
                self._check_choices(answer)
            case _:
                raise AnswerError(self.key, "wrong kind of answer")

    def _check_choices(self, answer: tuple[object, ...]) -> None:
        chosen = tuple(choice for choice in answer if isinstance(choice, str))
        if chosen != answer:
            raise AnswerError(self.key, "wrong kind of answer")
        if len(set(chosen)) != len(chosen) or not set(chosen) <= self.choices.keys():
            raise AnswerError(self.key, "not a choice")
        if len(chosen) > 1 and self.alone & set(chosen):
            raise AnswerError(self.key, "contradictory")


@dataclass(frozen=True, slots=True)
class Entries:
    """What can be told several times over. `title` names one entry, `add` is on the button for another."""

    key: str
    title: str
    add: str
    fields: tuple[Field, ...]
    most: int = 20


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that are asked and saved together. `place`: on the first page, on a page later, or beside each file."""

    key: str
    title: str
    fields: tuple[Field, ...] = ()
    entries: Entries | None = None
    hint: str = ""
    place: Literal["first", "later", "file"] = "later"


@dataclass(frozen=True)
class Form:
    """One version of the whole form, in the order in which it is asked."""

    version: int
    groups: tuple[Group, ...]

    @property
    def fields(self) -> Iterator[Field]:
        """Every field that is asked once for a report."""
        return (field for group in self.groups if group.place != "file" for field in group.fields)

    @property
    def entries(self) -> Iterator[Entries]:
        """Everything that can be told several times over."""
        return (group.entries for group in self.groups if group.entries is not None)

    @cached_property
    def by_key(self) -> Mapping[str, Field]:
        """Every field that is asked once for a report, in their order."""
        return MappingProxyType({field.key: field for field in self.fields})

    @cached_property
    def closed(self) -> Mapping[str, Field]:
        """Every closed question by its path: its key, after that of what it is asked of if it can be asked again."""
        asked_again = {entries.key: entries.fields for entries in self.entries} | {"file": self.file_fields}
        fields = {field.key: field for field in self.fields}
        for of, each in asked_again.items():
            fields |= {f"{of}.{field.key}": field for field in each}
        return MappingProxyType({path: field for path, field in fields.items() if not field.is_text})

    @cached_property
    def consents(self) -> tuple[Field, ...]:
        """What is asked about further uses of a report."""
        return next((group.fields for group in self.groups if group.key == CONSENTS), ())

    @property
    def summary_fields(self) -> tuple[Field, ...]:
        """The closed-choice fields that go into the sealed summary (`S` in the report's specification)."""
        return tuple(field for field in self.fields if field.summary)

    @property
    def first_group(self) -> Group:
        """What the first page asks."""
        return next(group for group in self.groups if group.place == "first")

    @property
    def later_groups(self) -> tuple[Group, ...]:
        """What is asked once the report is stored, one group a page."""
        return tuple(group for group in self.groups if group.place == "later")

    @property
    def file_fields(self) -> tuple[Field, ...]:
        """What is asked about each file."""
        return tuple(field for group in self.groups if group.place == "file" for field in group.fields)

    def complete(self, answers: Answers) -> dict[str, Answer]:
        """Every summary field with its answer, `UNANSWERED` where there is none."""
        return {field.key: answers.get(field.key, UNANSWERED) for field in self.summary_fields}


@cache
def forms() -> Mapping[int, Form]:
    """Every version of the form that was ever in force, by number, the newest first."""
    numbers = (entry.name.removesuffix(".toml") for entry in FORMS.iterdir() if entry.name.endswith(".toml"))
    return MappingProxyType({number: _read(number) for number in sorted(map(int, numbers), reverse=True)})


@cache
def offered() -> Mapping[str, frozenset[str]]:
    """By path of a closed question (`Form.closed`), every choice that any version of the form ever offered."""
    found: dict[str, frozenset[str]] = {}
    for form in forms().values():
        for path, field in form.closed.items():
            found[path] = found.get(path, frozenset()) | field.choices.keys()
    return MappingProxyType(found)


def load_form() -> Form:
    """The version in force: the newest."""
    return next(iter(forms().values()))


@cache
def country_codes() -> tuple[str, ...]:
    """The 249 officially assigned codes of ISO 3166-1 alpha-2."""
    return tuple(files(__package__).joinpath("countries.txt").read_text("ascii").split())


def _read(number: int) -> Form:
    data = tomllib.loads(FORMS.joinpath(f"{number}.toml").read_text("utf-8"))
    return Form(number, tuple(_group(group, data["always"]) for group in data["groups"]))


def _group(data: dict[str, Any], always: dict[str, str]) -> Group:
    entries = data.pop("entries", None)
    return Group(
        fields=_fields(data.pop("fields", ()), always),
        entries=None if entries is None else Entries(fields=_fields(entries.pop("fields"), always), **entries),
        **data,
    )


def _fields(data: Iterable[dict[str, Any]], always: dict[str, str]) -> tuple[Field, ...]:
    return tuple(_field(field, always) for field in data)


def _field(data: dict[str, Any], always: dict[str, str]) -> Field:
    choices = dict(data.pop("choices", ()))
    if data["kind"] == "country":
        choices = dict.fromkeys(country_codes(), "")
    # What has a default is decided by it: there is nothing not to know.
    if data["kind"] not in ("line", "text") and "default" not in data:
        choices |= always
    apart = data.pop("apart", None)
    return Field(
        choices=choices,
        alone=frozenset(data.pop("alone", ())) | always.keys(),
        apart=None if apart is None else Apart(apart["title"], frozenset(apart["choices"])),
        **data,
    )
