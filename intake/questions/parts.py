"""A group of the form definition on a page: its fields, what was answered, and the entries that can be told again."""

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import Field, FieldList, Form, FormField, SubmitField
from wtforms.form import BaseForm

from intake.questions.fields import Words, answer_of, leaves, question_field
from intake.report import definition
from intake.report.definition import UNANSWERED, Answer, Group


def fields_of(group: Group, words: Words, another: str) -> dict[str, Any]:
    """The fields of a group by their names. `another`: the name of the button for another entry."""
    fields = {question.key: question_field(question, words) for question in group.fields}
    if group.entries is not None:
        asked = {question.key: question_field(question, words) for question in group.entries.fields}
        entry = FormField(type(f"{group.key}_entry", (Form,), asked), words.lazy(group.entries.title))
        fields[group.entries.key] = FieldList(entry, min_entries=1, max_entries=group.entries.most)
        fields[another] = SubmitField(words.lazy(group.entries.add))
    return fields


class Part:
    """The fields of a group in a form that was made of them, whatever else is in that."""

    def __init__(self, group: Group, form: BaseForm, another: str) -> None:
        self.group = group
        self._form = form
        self._another = another

    def __getitem__(self, key: str) -> Field:
        """The field of a question."""
        return self._form[key]

    @property
    def entries(self) -> list[FormField]:
        """The entries on the page."""
        return [] if self.group.entries is None else list(self._form[self.group.entries.key])

    @property
    def another(self) -> Field:
        """The button for another entry."""
        return self._form[self._another]

    @property
    def can_grow(self) -> bool:
        """Whether there may be another entry."""
        return self.group.entries is not None and len(self.entries) < self.group.entries.most

    def grow(self) -> bool:
        """Add an entry if the button for it was pressed; whether it was."""
        entries = self.group.entries
        if entries is None or not self.another.data:
            return False
        if self.can_grow:
            self._form[entries.key].append_entry()
        return True

    def answers(self) -> dict[str, Answer]:
        """Every question of the group with its answer, and the entries that hold anything."""
        answers: dict[str, Answer] = {**_answers(self.group.fields, self._form)}
        if self.group.entries is not None:
            told = [_answers(self.group.entries.fields, entry.form) for entry in self.entries]
            answers[self.group.entries.key] = tuple(entry for entry in told if not _is_blank(entry))
        return answers

    def is_blank(self) -> bool:
        """Whether everything was passed over."""
        return _is_blank(self.answers())

    @property
    def is_as_made(self) -> bool:
        """Whether every question is as on a page that nobody has written on yet."""
        keys = [question.key for question in self.group.fields]
        fields = leaves([*(self[key] for key in keys), *self.entries])
        return all((field.data or None) == field.default and not field.errors for field in fields)


def _answers(questions: Iterable[definition.Field], form: BaseForm) -> definition.Entry:
    return {question.key: answer_of(question, form[question.key].data) for question in questions}


def _is_blank(answers: Mapping[str, Answer]) -> bool:
    return all(value in (UNANSWERED, ()) for value in answers.values())
