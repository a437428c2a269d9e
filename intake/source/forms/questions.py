"""The pages' part of the one form definition: a form for each group of questions."""

from functools import cache
from typing import Any

from markupsafe import Markup
from wtforms import BooleanField, FormField

from intake.questions.fields import N_, question_field
from intake.questions.parts import Part, fields_of
from intake.report import definition
from intake.report.definition import Answer, Group
from intake.report.payloads import SLOWLY, WITHOUT, Leaving
from intake.source.forms.base import WORDS, TextForm
from intake.source.forms.pages import pieces
from intake.source.session.visits import had_words
from intake.source.text.gettext import lazy_gettext as _
from intake.source.text.languages import language
from intake.source.text.templates import template

_ANOTHER = "another"

AT_ONCE = "at_once"

COMING_BACK = definition.Field(
    key="back",
    kind="one",
    question=N_("If somebody comes back with your eight words"),
    hint=N_(
        "Could somebody force you to give them your eight words? Then don't choose the first answer. This can't "
        "be changed later."
    ),
    choices={
        AT_ONCE: N_("The report can be withdrawn, and is then deleted at once."),
        SLOWLY: N_(
            "The report can be withdrawn, but is deleted only after seven days. Until then you can come back and keep "
            "it."
        ),
        WITHOUT: N_(
            "Nobody can come back here: I send it without eight words. I then read no answer and can't withdraw it "
            "later. Only until I leave this site I can still add to it."
        ),
    },
    default=AT_ONCE,
)
"""What is asked once, where the report is sent: it is no part of the report, and decides who can undo it."""


class GroupForm(TextForm):
    """One group of the form definition, or a piece of it; made by `group_form`. `question`: see there."""

    group: Group
    question: str

    @property
    def part(self) -> Part:
        """The questions of the group."""
        return Part(self.group, self, _ANOTHER)

    @property
    def entries(self) -> list[FormField]:
        """The entries on the page."""
        return self.part.entries

    @property
    def can_grow(self) -> bool:
        """Whether there may be another entry."""
        return self.part.can_grow

    def grow(self) -> bool:
        """Add an entry if the button for it was pressed and the page has room for another; whether it was added."""
        return self.can_grow and self.part.grow()

    @property
    def wants_another(self) -> bool:
        """Whether the button for another entry was pressed."""
        return self.group.entries is not None and bool(self.part.another.data)

    def answers(self) -> dict[str, Answer]:
        """Every question of the group with its answer, and the entries that hold anything."""
        return self.part.answers()

    def is_blank(self) -> bool:
        """Whether everything was passed over."""
        return self.part.is_blank()

    @property
    def is_untouched(self) -> bool:
        """Whether every question is as on a page that nobody has written on yet."""
        return not self.is_submitted() and self.part.is_as_made


class FirstGroupForm(GroupForm):
    """The group that a report begins with. Whoever no longer has the words that it was begun with can have others."""

    new_words = BooleanField(_("I don't have them any more. Give me eight new words."))
    back = question_field(COMING_BACK, WORDS)

    @property
    def is_here(self) -> bool:
        """Whether the current visit is the one that its page was made in, with words or, since then, without."""
        return super().is_here or had_words(self.owner.data or "")

    @property
    def leaving(self) -> Leaving | None:
        """What is decided about leaving; None where nothing stands in the way of it."""
        return None if self.back.data == AT_ONCE else Leaving(self.back.data)


@cache
def group_form(key: str, question: str = "") -> type[GroupForm]:
    """The form of the group with this key, or of the piece of it that begins with this question (`forms/pages.py`)."""
    group = next(group for group in definition.load_form().groups if group.key == key)
    group = pieces(group)[question] if question else group
    base = FirstGroupForm if group.place == "first" else GroupForm
    fields: dict[str, Any] = fields_of(group, WORDS, _ANOTHER)
    return type(f"{key}_form", (base,), {"group": group, "question": question, **fields})


def questions(form: GroupForm) -> Markup:
    """The questions of a form, as HTML."""
    return _blank(language(), form.group.key, form.question) if form.is_untouched else _html(form)


@cache
def _blank(_language: str, key: str, question: str) -> Markup:
    """The questions of a form without an answer, made once a language, of a form that nothing was written in.

    Never stale: the form's definition, the catalogues and the templates are read once in a process.
    """
    return _html(group_form(key, question)(formdata=None))


def _html(form: GroupForm) -> Markup:
    return Markup(template("questions.html").module.questions(form.part))  # type: ignore[attr-defined]  # noqa: S704 - a macro's
