"""The report form as data: `form.toml`, read once, and the checks that follow from it.

An answer is a string (`one`, `country`, `text`) or a tuple of strings (`several`); a field that was passed over is
`UNANSWERED`, and "I don't know" and "I'd rather not say" are values of their own.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

UNANSWERED = "unanswered"

Kind = Literal["one", "several", "country", "text"]
Answer = str | tuple[str, ...]
Answers = Mapping[str, Answer]


class AnswerError(ValueError):
    """An answer that the form does not offer. Names the field, never what was given."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `choices` maps keys to English labels and includes the ones that are always there."""

    key: str
    kind: Kind
    question: str
    choices: Mapping[str, str]
    hint: str = ""
    summary: bool = False
    required: bool = False
    longest: int = 0
    alone: frozenset[str] = frozenset()

    def check(self, answer: Answer) -> None:
        """Raise `AnswerError` unless the form allows this answer."""
        match answer:
            case str() if answer == UNANSWERED:
                if self.required:
                    raise AnswerError(self.key, "required")
            case str() if self.kind == "text":
                if len(answer) > self.longest:
                    raise AnswerError(self.key, "too long")
            case str() if self.kind != "several":
                self._check_choices((answer,))
            case tuple() if self.kind == "several" and answer:
                self._check_choices(answer)
            case _:
                raise AnswerError(self.key, "wrong kind of answer")

    def _check_choices(self, chosen: tuple[str, ...]) -> None:
        if len(set(chosen)) != len(chosen) or not set(chosen) <= self.choices.keys():
            raise AnswerError(self.key, "not a choice")
        if len(chosen) > 1 and self.alone & set(chosen):
            raise AnswerError(self.key, "contradictory")


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that are asked and saved together."""

    key: str
    title: str
    fields: tuple[Field, ...]
    first: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """The whole form, in the order in which it is asked."""

    version: int
    groups: tuple[Group, ...]

    @property
    def fields(self) -> Iterator[Field]:
        """Every field of every group."""
        return (field for group in self.groups for field in group.fields)

    @property
    def summary_fields(self) -> tuple[Field, ...]:
        """The closed-choice fields that go into the sealed summary (`S` in the report's specification)."""
        return tuple(field for field in self.fields if field.summary)

    @property
    def first_group(self) -> Group:
        """What the first page asks."""
        return next(group for group in self.groups if group.first)

    @property
    def later_groups(self) -> tuple[Group, ...]:
        """What is asked once the report is stored, one group a page."""
        return tuple(group for group in self.groups if not group.first)

    def complete(self, answers: Answers) -> dict[str, Answer]:
        """Every summary field with its answer, `UNANSWERED` where there is none."""
        return {field.key: answers.get(field.key, UNANSWERED) for field in self.summary_fields}


@cache
def load_form() -> Form:
    """The form that ships with this version of the program."""
    data = tomllib.loads(files(__package__).joinpath("form.toml").read_text("utf-8"))
    always: dict[str, str] = data["always"]
    return Form(
        version=data["version"],
        groups=tuple(
            Group(
                key=group["key"],
                title=group["title"],
                first=group.get("first", False),
                fields=tuple(_field(field, always) for field in group["fields"]),
            )
            for group in data["groups"]
        ),
    )


@cache
def country_codes() -> tuple[str, ...]:
    """The 249 officially assigned codes of ISO 3166-1 alpha-2."""
    return tuple(files(__package__).joinpath("countries.txt").read_text("ascii").split())


def _field(data: dict[str, Any], always: dict[str, str]) -> Field:
    choices = dict(data.pop("choices", ()))
    if data["kind"] == "country":
        choices = dict.fromkeys(country_codes(), "")
    if data["kind"] != "text":
        choices |= always
    return Field(choices=choices, alone=frozenset(data.pop("alone", ())) | always.keys(), **data)
