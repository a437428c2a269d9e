"""The pages' part of the one form definition: a form for each group of questions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from markupsafe import Markup
from wtforms import (
    BooleanField,
    Field,
    FieldList,
    Form,
    FormField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

from intake.report import definition
from intake.report.definition import UNANSWERED, Answer, AnswerError, Choice, Group
from intake.source.forms.base import MISSING, TOO_LONG, Printable, SeveralField, TextForm, leaves, line_feeds
from intake.source.text.gettext import gettext
from intake.source.text.gettext import lazy_gettext as _
from intake.source.text.languages import countries, language
from intake.source.text.templates import template

_PROBLEMS = {
    "required": MISSING,
    "too long": TOO_LONG,
    "more than a line": _("Please write this in one line."),
    "contradictory": _("One of these answers can't be combined with others."),
}
_WRONG = _("Please choose again.")


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers that a question offers."""

    key: str
    label: str


class Options:
    """What a question offers, made once a language. Never stale: form and catalogues are read once in a process."""

    def __init__(self, question: definition.Field) -> None:
        self._question = question
        self._of_languages: dict[str, Sequence[Option]] = {}

    def here(self) -> Sequence[Option]:
        """In the language of the current page."""
        tag = language()
        if tag not in self._of_languages:
            self._of_languages[tag] = self._made()
        return self._of_languages[tag]

    def _made(self) -> Sequence[Option]:
        choices = self._question.choices.items()
        if self._question.kind != "country":
            return [Option(key, gettext(label)) for key, label in choices]
        # Only the answers that are no country have a label in the definition.
        others = [Option(key, gettext(label)) for key, label in choices if label]
        return [Option("", "–"), *others, *(Option(code, name) for code, name in countries())]


class OneField(Field):  # type: ignore[misc]
    """One answer out of several; what arrives is checked by the form definition alone."""

    def __init__(self, *args: Any, options: Options, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options = options

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what arrived, if anything did."""
        if valuelist:
            self.data = valuelist[0]


class CountryField(OneField):
    """The same out of a long list."""


class ManyField(SeveralField):
    """Any of several answers."""

    def __init__(self, *args: Any, options: Options, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options = options


class GroupForm(TextForm):
    """One group of the form definition; made by `group_form`."""

    group: Group

    def answers(self) -> dict[str, Answer]:
        """Every question of the group with its answer, and the entries that hold anything."""
        answers: dict[str, Answer] = {**_answers(self.group.fields, self)}
        if self.group.entries is not None:
            told = [_answers(self.group.entries.fields, entry.form) for entry in self.entries]
            answers[self.group.entries.key] = tuple(entry for entry in told if not _is_blank(entry))
        return answers

    def is_blank(self) -> bool:
        """Whether everything was passed over."""
        return _is_blank(self.answers())

    @property
    def is_untouched(self) -> bool:
        """Whether every question is as on a page that nobody has written on yet."""
        keys = [question.key for question in self.group.fields]
        fields = leaves([*(self[key] for key in keys), *self.entries])
        return not self.is_submitted() and all(
            (field.data or None) == field.default and not field.errors for field in fields
        )

    @property
    def entries(self) -> list[FormField]:
        """The entries on the page."""
        return [] if self.group.entries is None else list(self[self.group.entries.key])

    @property
    def can_grow(self) -> bool:
        """Whether there may be another entry."""
        return self.group.entries is not None and len(self.entries) < self.group.entries.most

    def grow(self) -> bool:
        """Add an entry if the button for it was pressed; whether it was."""
        entries = self.group.entries
        if entries is None or not self["another"].data:
            return False
        if self.can_grow:
            self[entries.key].append_entry()
        return True


class FirstGroupForm(GroupForm):
    """The group that a report begins with. Whoever no longer has the words that it was begun with can have others."""

    new_words = BooleanField(_("I don't have it any more. Give me a new codename."))


class AsDefined:
    """The form definition's own check of an answer."""

    def __init__(self, question: definition.Field) -> None:
        self._question = question

    def __call__(self, _form: Form, field: Field) -> None:
        """Raise `StopValidation` if the form does not offer this answer."""
        try:
            self._question.check(answer_of(self._question, field.data))
        except AnswerError as error:
            raise StopValidation(str(_PROBLEMS.get(error.problem, _WRONG))) from None


@cache
def group_form(key: str) -> type[GroupForm]:
    """The form of the group with this key."""
    group = next(group for group in definition.load_form().groups if group.key == key)
    base = FirstGroupForm if group.place == "first" else GroupForm
    fields = {question.key: question_field(question) for question in group.fields}
    if group.entries is not None:
        entry = type(f"{key}_entry", (Form,), {q.key: question_field(q) for q in group.entries.fields})
        fields[group.entries.key] = FieldList(FormField(entry), min_entries=1, max_entries=group.entries.most)
        fields["another"] = SubmitField(_(group.entries.add))
    return type(f"{key}_form", (base,), {"group": group, **fields})


def _answers(questions: Iterable[definition.Field], form: BaseForm) -> definition.Entry:
    return {question.key: answer_of(question, form[question.key].data) for question in questions}


def _is_blank(answers: Mapping[str, Answer]) -> bool:
    return all(value in (UNANSWERED, ()) for value in answers.values())


def answer_of(question: definition.Field, data: Any) -> Choice:
    """The answer that a field's data is."""
    if question.kind == "several":
        return tuple(data) if data else question.default
    return str(data) if data and data.strip() else question.default


def question_field(question: definition.Field) -> Any:
    """The field of a page for a question of the form."""
    common: dict[str, Any] = {
        "label": _(question.question),
        "description": _(question.hint) if question.hint else "",
        "validators": [Printable(), AsDefined(question)],
    }
    match question.kind:
        case "text":
            return TextAreaField(filters=[line_feeds], **common)
        case "line":
            return StringField(**common)
        case "one":
            default = None if question.default == UNANSWERED else question.default
            return OneField(options=Options(question), default=default, **common)
        case "several":
            return ManyField(options=Options(question), **common)
        case "country":
            return CountryField(options=Options(question), **common)


def questions(form: GroupForm) -> Markup:
    """The questions of a form, as HTML."""
    return _blank(language(), form.group.key) if form.is_untouched else _html(form)


@cache
def _blank(_language: str, key: str) -> Markup:
    """The questions of a group without an answer, made once a language, of a form that nothing was written in.

    Never stale: the form's definition, the catalogues and the templates are read once in a process.
    """
    return _html(group_form(key)(formdata=None))


def _html(form: GroupForm) -> Markup:
    return Markup(template("parts.html").module.questions(form))  # type: ignore[attr-defined]  # noqa: S704 - a macro's
