"""The pages' part of the one form definition: a form for each group of questions."""

from functools import cache
from typing import Any

from wtforms import (
    Field,
    Form,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    TextAreaField,
)
from wtforms.validators import StopValidation

from intake.report import definition
from intake.report.definition import UNANSWERED, Answer, AnswerError, Group
from intake.source.forms import MISSING, TOO_LONG, Printable, SignInForm, SourceForm, line_feeds
from intake.source.languages import countries
from intake.source.words import gettext
from intake.source.words import lazy_gettext as _

_PROBLEMS = {
    "required": MISSING,
    "too long": TOO_LONG,
    "contradictory": _("One of these answers can't be combined with others."),
}
_WRONG = _("Please choose again.")


class GroupForm(SourceForm):
    """One group of the form definition; made by `group_form`."""

    group: Group

    def answers(self) -> dict[str, Answer]:
        """Every question of the group with its answer."""
        return {question.key: _answer(question, self[question.key].data) for question in self.group.fields}

    def is_blank(self) -> bool:
        """Whether every question was passed over."""
        return all(value == UNANSWERED for value in self.answers().values())


class LaterGroupForm(GroupForm, SignInForm):
    """A group that is added to a report, whose codename it takes if the session has ended."""


class AsDefined:
    """The form definition's own check of an answer."""

    def __init__(self, question: definition.Field) -> None:
        self._question = question

    def __call__(self, _form: Form, field: Field) -> None:
        """Raise `StopValidation` if the form does not offer this answer."""
        try:
            self._question.check(_answer(self._question, field.data))
        except AnswerError as error:
            raise StopValidation(str(_PROBLEMS.get(error.problem, _WRONG))) from None


@cache
def group_form(key: str) -> type[GroupForm]:
    """The form of the group with this key."""
    group = next(group for group in definition.load_form().groups if group.key == key)
    base = GroupForm if group.first else LaterGroupForm
    fields = {question.key: _field(question) for question in group.fields}
    return type(f"{key}_form", (base,), {"group": group, **fields})


def _answer(question: definition.Field, data: Any) -> Answer:
    if question.kind == "several":
        return tuple(data) if data else UNANSWERED
    return str(data) if data and data.strip() else UNANSWERED


def _field(question: definition.Field) -> Any:
    common: dict[str, Any] = {
        "label": _(question.question),
        "description": _(question.hint) if question.hint else "",
        "validators": [Printable(), AsDefined(question)],
    }
    match question.kind:
        case "text":
            return TextAreaField(filters=[line_feeds], **common)
        case "one":
            return RadioField(choices=lambda: _choices(question), validate_choice=False, **common)
        case "several":
            return SelectMultipleField(choices=lambda: _choices(question), validate_choice=False, **common)
        case "country":
            return SelectField(choices=lambda: _countries(question), validate_choice=False, **common)


def _choices(question: definition.Field) -> list[Any]:
    return [SelectChoice(key, gettext(label)) for key, label in question.choices.items()]


def _countries(question: definition.Field) -> list[Any]:
    # Only the answers that are no country have a label in the definition.
    others = [SelectChoice(key, gettext(label)) for key, label in question.choices.items() if label]
    return [SelectChoice("", "–"), *others, *(SelectChoice(code, name) for code, name in countries())]
