"""The form to add files: a few rows, each with the form's questions about a file and a field for the file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from werkzeug.datastructures import MultiDict
from wtforms import Field, FileField

from intake.questions.fields import answer_of, question_field
from intake.report.definition import UNANSWERED, Choice, load_form
from intake.source.forms.base import WORDS, TextForm
from intake.source.text.gettext import lazy_gettext as _
from intake.source.upload.parts import IncomingFile, IncomingText

ROWS = 3
"""How many files can be sent at once."""

_FILE = "file"


class FileForm(TextForm):
    """Rows in the order in which a browser sends them: what is said about a file, and then the file, which is sealed
    while it arrives. Made by `file_form`.
    """

    @cached_property
    def rows(self) -> Sequence["Row"]:
        """All rows."""
        return [Row(self, number) for number in range(1, ROWS + 1)]

    def row_of(self, part: str) -> "Row | None":
        """The row whose file is sent under this name."""
        return next((row for row in self.rows if row.file.name == part), None)

    def fill(self, parts: Iterable[IncomingText | IncomingFile]) -> IncomingFile | None:
        """Put what arrives into its fields, until a file begins; None at the end."""
        for part in parts:
            if isinstance(part, IncomingFile):
                return part
            self._put(part)
        return None

    def _put(self, arrived: IncomingText) -> None:
        if arrived.part in self and self[arrived.part].raw_data is None:
            self[arrived.part].process(MultiDict([(arrived.part, arrived.text)]))
            # Not only when its file comes: what is too long must not be looked through for each file before that.
            self[arrived.part].validate(self)
        else:
            # Nothing that the form asks for, or a second time.
            self.refuse()


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

    def check(self) -> bool:
        """Whether what is said about the file can be taken; what is wrong is then in the fields."""
        for field in self.questions:
            field.validate(self.form)
        return not any(field.errors for field in self.questions)

    def clear(self) -> None:
        """Make it as it is on a page that nobody has written on."""
        for field in self.questions:
            field.process(None)

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
            fields[_name(question.key, number)] = question_field(question, WORDS)
        fields[_name(_FILE, number)] = FileField(_("The file"))
    return type("file_form", (FileForm,), fields)


def _name(key: str, number: int) -> str:
    return key if number == 1 else f"{key}_{number}"
