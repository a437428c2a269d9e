"""Fields for the questions of the form definition, whoever is asked, in whichever language."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from wtforms import Field, FieldList, Form, FormField, StringField, TextAreaField
from wtforms.validators import StopValidation

from intake.report import definition
from intake.report.definition import UNANSWERED, AnswerError, Choice


def N_(message: str) -> str:  # noqa: N802 - what the catalogues' tools know it by
    """Marks a sentence that is translated where it is shown."""
    return message


MISSING = N_("Please write something here.")
TOO_LONG = N_("This text is too long. Send a part of it now and the rest as a message afterwards.")
_UNPRINTABLE = N_("Some characters in this text can't be sent. Please write it again.")
_PROBLEMS = {
    "required": MISSING,
    "too long": TOO_LONG,
    "more than a line": N_("Please write this in one line."),
    "contradictory": N_("One of these answers can't be combined with others."),
}
_WRONG = N_("Please choose again.")


@dataclass(frozen=True, slots=True)
class Words:
    """How a site says things. `now`: a sentence in the language of the current page, whose tag is `language`.

    `lazy`: one that is looked up when it is shown; `countries`: codes and names, in their order.
    """

    now: Callable[[str], str]
    lazy: Callable[[str], Any]
    language: Callable[[], str]
    countries: Callable[[], Iterable[tuple[str, str]]]


def line_feeds(text: str | None) -> str:
    """A text with one character for a line break, as people count; browsers send two."""
    return (text or "").replace("\r\n", "\n")


def leaves(fields: Iterable[Field]) -> Iterator[Field]:
    """The fields that a browser sends, of a form and of the forms in it."""
    for field in fields:
        if isinstance(field, FieldList | FormField):
            yield from leaves(field)
        else:
            yield field


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers that a question offers."""

    key: str
    label: str


class Options:
    """What a question offers, made once a language. Never stale: form and catalogues are read once in a process."""

    def __init__(self, question: definition.Field, words: Words) -> None:
        self._question = question
        self._words = words
        self._of_languages: dict[str, Sequence[Option]] = {}
        self._as_html: dict[str, Markup] = {}

    @property
    def apart(self) -> str:
        """The title of what stands in a list of its own; empty if all stands in one."""
        return "" if self._question.apart is None else self._words.now(self._question.apart.title)

    def listed(self, *, apart: bool) -> Sequence[Option]:
        """Those of the list of their own, or all the others, in the language of the current page."""
        of = frozenset() if self._question.apart is None else self._question.apart.choices
        return [option for option in self.here() if (option.key in of) is apart]

    def here(self) -> Sequence[Option]:
        """In the language of the current page."""
        tag = self._words.language()
        if tag not in self._of_languages:
            self._of_languages[tag] = self._made()
        return self._of_languages[tag]

    def as_html(self, chosen: str | None) -> Markup:
        """The options of a list, one of them chosen. A form may show a list of all countries forty times over."""
        tag = self._words.language()
        if tag not in self._as_html:
            options = (Markup('<option value="{}">{}</option>\n').format(each.key, each.label) for each in self.here())
            self._as_html[tag] = Markup("").join(options)
        if chosen is None:
            return self._as_html[tag]
        plain, marked = (
            Markup('<option value="{}">').format(chosen),
            Markup('<option value="{}" selected>').format(chosen),
        )
        return self._as_html[tag].replace(plain, marked, 1)

    def _made(self) -> Sequence[Option]:
        choices = self._question.choices.items()
        if self._question.unsaid:
            return [
                Option(key, self._words.now(label)) for key, label in ((UNANSWERED, self._question.unsaid), *choices)
            ]
        if self._question.kind != "country":
            return [Option(key, self._words.now(label)) for key, label in choices]
        # Only the answers that are no country have a label in the definition.
        others = [Option(key, self._words.now(label)) for key, label in choices if label]
        return [Option("", "–"), *others, *(Option(code, name) for code, name in self._words.countries())]


class SeveralField(Field):  # type: ignore[misc]
    """A field that may arrive several times over."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take all that arrived."""
        self.data = list(valuelist)


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


class Printable:
    """A text can hold anything but NUL, which no keyboard makes and some programs stumble over."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def __call__(self, _form: Form, field: Field) -> None:
        """Raise `StopValidation` if it does."""
        values = field.data if isinstance(field.data, list) else [field.data or ""]
        if any("\0" in value for value in values):
            raise StopValidation(self._words.now(_UNPRINTABLE))


class AsDefined:
    """The form definition's own check of an answer."""

    def __init__(self, question: definition.Field, words: Words) -> None:
        self._question = question
        self._words = words

    def __call__(self, _form: Form, field: Field) -> None:
        """Raise `StopValidation` if the form does not offer this answer."""
        try:
            self._question.check(answer_of(self._question, field.data))
        except AnswerError as error:
            raise StopValidation(self._words.now(_PROBLEMS.get(error.problem, _WRONG))) from None


def answer_of(question: definition.Field, data: Any) -> Choice:
    """The answer that a field's data is."""
    if question.kind == "several":
        return tuple(data) if data else question.passed_over
    return str(data) if data and data.strip() else question.passed_over


def question_field(question: definition.Field, words: Words) -> Any:
    """The field of a page for a question of the form."""
    common: dict[str, Any] = {
        "label": words.lazy(question.question),
        "description": words.lazy(question.hint) if question.hint else "",
        "validators": [Printable(words), AsDefined(question, words)],
    }
    match question.kind:
        case "text":
            return TextAreaField(filters=[line_feeds], **common)
        case "line":
            return StringField(**common)
        case "one":
            chosen = UNANSWERED if question.unsaid else None if question.default == UNANSWERED else question.default
            return OneField(options=Options(question, words), default=chosen, **common)
        case "several":
            return ManyField(options=Options(question, words), **common)
        case "country":
            return CountryField(options=Options(question, words), **common)
