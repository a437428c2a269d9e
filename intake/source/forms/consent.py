"""The answer to a question whether one particular thing may be done with a report."""

from typing import Any

from wtforms import TextAreaField
from wtforms.validators import InputRequired

from intake.questions.fields import MISSING, N_, AsDefined, OneField, Options, Printable, line_feeds
from intake.report import definition
from intake.report.events import ConsentRequest
from intake.report.payloads import ConsentAnswer
from intake.source.forms.base import WORDS, TextForm, WithinLength
from intake.source.text.gettext import gettext
from intake.source.text.gettext import lazy_gettext as _

LONGEST_TEXT = 5_000

_ANSWER = definition.Field(
    key="answer",
    kind="one",
    question=N_("May we do this?"),
    choices={"yes": N_("Yes"), "no": N_("No"), "later": N_("Ask me again later")},
)


class ConsentForm(TextForm):
    """The answer to one question, of which there may be several on a page. `item`: its id in hex."""

    check = TextAreaField(
        _("Your answer, so that we know that it is you"),
        filters=[line_feeds],
        validators=[Printable(WORDS), WithinLength(LONGEST_TEXT, required=False)],
    )
    answer = OneField(
        _(_ANSWER.question),
        options=Options(_ANSWER, WORDS),
        validators=[InputRequired(_("Please choose one of the answers.")), AsDefined(_ANSWER, WORDS)],
    )
    condition = TextAreaField(
        _("Only on a condition? Write it here"),
        filters=[line_feeds],
        validators=[Printable(WORDS), WithinLength(LONGEST_TEXT, required=False)],
    )

    def __init__(self, item: str, **options: Any) -> None:
        super().__init__(**options)
        self.item = item
        for field in self:
            field.id = f"{field.id}-{item}"

    def is_complete(self, request: ConsentRequest) -> bool:
        """Whether it answers all of the question: whoever says yes has to answer the check question too."""
        if self.answer.data == "yes" and request.check and not self.check.data.strip() and not self.check.errors:
            self.check.errors = [gettext(MISSING)]
        return not self.check.errors

    def payload(self, request: ConsentRequest) -> ConsentAnswer:
        """What is answered, to exactly these words."""
        texts = (self.condition.data.strip(), self.check.data.strip())
        return ConsentAnswer(self.item, request.digest, self.answer.data, *texts)

    @property
    def written(self) -> str:
        """All that was typed."""
        return "\n\n".join(filter(None, (self.check.data.strip(), self.condition.data.strip())))
