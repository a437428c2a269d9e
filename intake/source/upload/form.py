"""The form to add files: a few rows, each with the form's questions about a file and a field for the file."""

from dataclasses import dataclass
from functools import cache

from wtforms import Field, FileField

from intake.report.definition import UNANSWERED, Choice, load_form
from intake.source.forms.base import TextForm, leaves
from intake.source.forms.questions import answer_of, question_field
from intake.source.text.gettext import lazy_gettext as _

ROWS = 3
"""How many files can be sent at once."""

_FILE = "file"


class FileForm(TextForm):
    """Rows in the order in which a browser sends them: what is said about a file, and then the file, which the view
    reads itself. Made by `file_form`.
    """

    @property
    def rows(self) -> list["Row"]:
        """All rows."""
        return [Row(self, number) for number in range(1, ROWS + 1)]

    def row_of(self, part: str) -> "Row | None":
        """The row whose file is sent under this name."""
        return next((row for row in self.rows if row.file.name == part), None)


@dataclass(frozen=True, slots=True)
class Row:
    """One file's part of the form."""

    form: FileForm
    number: int

    @property
    def file(self) -> Field:
        """The field for the file."""
        return self.form[_name(_FILE, self.number)]

    @property
    def questions(self) -> list[Field]:
        """The fields about the file."""
        return [self.form[_name(question.key, self.number)] for question in load_form().file_fields]

    @property
    def names(self) -> frozenset[str]:
        """Under which names this row is sent."""
        return frozenset(field.name for field in (self.file, *leaves(self.questions)))

    @property
    def is_valid(self) -> bool:
        """Whether what is said about the file can be taken, once the form is validated."""
        return not any(field.errors for field in self.questions)

    @property
    def is_open(self) -> bool:
        """Whether there is something to see beside the first question."""
        return any(field.data or field.errors for field in self.questions[1:])

    def answers(self) -> dict[str, Choice]:
        """Every question about the file with its answer."""
        return {
            question.key: answer_of(question, field.data)
            for question, field in zip(load_form().file_fields, self.questions, strict=True)
        }

    def is_blank(self) -> bool:
        """Whether every question was passed over."""
        return all(answer == UNANSWERED for answer in self.answers().values())


@cache
def file_form() -> type[FileForm]:
    """The form, with as many rows as there are."""
    fields = {}
    for number in range(1, ROWS + 1):
        for question in load_form().file_fields:
            fields[_name(question.key, number)] = question_field(question)
        fields[_name(_FILE, number)] = FileField(_("The file"))
    return type("file_form", (FileForm,), fields)


def _name(key: str, number: int) -> str:
    return key if number == 1 else f"{key}_{number}"
