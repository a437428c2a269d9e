"""Forms. What they refuse stays in its field, with plain words beside it."""

import hmac
import re
import secrets
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    Form,
    HiddenField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, StopValidation

from crypto.codename import Seed
from intake.questions.fields import MISSING, TOO_LONG, Printable, SeveralField, Words, leaves, line_feeds
from intake.source.forms.lookout import words_stand_in
from intake.source.session.tokens import BrowserTokens
from intake.source.session.visits import kept_seed, owner_tag
from intake.source.text.gettext import gettext, lazy_gettext
from intake.source.text.gettext import lazy_gettext as _
from intake.source.text.languages import countries, language

LONGEST_MESSAGE = 50_000

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")

WORDS = Words(now=gettext, lazy=lazy_gettext, language=language, countries=countries)
"""How the questions of the form are put on this site."""

EIGHT_WORDS = _(
    "These look like eight words that lead to a report. Reviewers could read them. "
    "Please take them out, or tick “Send it as it is” at the top of the form."
)


class SourceForm(FlaskForm):  # type: ignore[misc]
    """A form that takes only what it asks for. `token` makes sending the same form twice harmless."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf_class = BrowserTokens

        def get_translations(self, _form: Any) -> None:
            """Nothing of the library's own words is ever shown, and its catalogues would be read for every request."""

    token = HiddenField(default=lambda: secrets.token_urlsafe(16))

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether the form can be used; what is wrong is in `errors`."""
        valid = bool(super().validate(extra_validators))
        if self._is_whole():
            return valid
        self.refuse()
        return False

    def refuse(self) -> None:
        """Say that the form is none of ours, and make it one."""
        self.form_errors = [gettext("This form did not arrive as it should. Please check it and send it again.")]
        if not self.has_token:
            self.token.data = secrets.token_urlsafe(16)

    @property
    def has_token(self) -> bool:
        """Whether it bears a token of the form's."""
        return _TOKEN.fullmatch(self.token.data or "") is not None

    @property
    def wrong(self) -> list[Field]:
        """The fields to look at again."""
        return [field for field in leaves(self) if field.errors and not isinstance(field, HiddenField)]

    def _is_whole(self) -> bool:
        """Whether everything that arrived is asked for, is there once, and bears a token of the form's."""
        fields = list(leaves(self))
        single = [field.name for field in fields if not isinstance(field, SeveralField)]
        return (
            request.form.keys() <= {field.name for field in fields}
            and all(len(request.form.getlist(name)) <= 1 for name in single)
            and self.has_token
        )


class WithinLength:
    """A text that is there and not too long."""

    def __init__(self, longest: int, *, required: bool = True) -> None:
        self._longest = longest
        self._required = required

    def __call__(self, _form: Form, field: Field) -> None:
        """Raise `StopValidation` if it isn't."""
        if self._required and not field.data.strip():
            raise StopValidation(gettext(MISSING))
        if len(field.data) > self._longest:
            raise StopValidation(gettext(TOO_LONG))


class SignInForm(SourceForm):
    """The codename: to come back with, or beside a text, for when the session has ended while it was written."""

    codename = StringField(_("Your eight words"), id="eight-words")


class OwnedForm(SignInForm):
    """A form that belongs to a visit. `owner` tells which, so that another window can't make it go elsewhere."""

    owner = HiddenField(default=lambda: owner_tag(kept_seed()))

    @property
    def is_here(self) -> bool:
        """Whether the current visit is the one that its page was made in."""
        seed = kept_seed()
        return seed is not None and self.is_of(seed)

    def is_of(self, seed: Seed) -> bool:
        """Whether its page was made in a visit of these words."""
        return hmac.compare_digest((self.owner.data or "").encode(), owner_tag(seed).encode())

    def take_over(self) -> None:
        """Let it belong to the current visit."""
        self.owner.data = owner_tag(kept_seed())
        self.codename.data = ""
        self.codename.errors = ()


class TextForm(OwnedForm):
    """A form with room for texts. Eight words that would lead its readers to a report are asked about first."""

    as_is = BooleanField(_("Send it as it is"))

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether the form can be used; what is wrong is in `errors`."""
        valid = super().validate(extra_validators)
        return self.is_meant() and valid

    @property
    def asks(self) -> bool:
        """Whether to show the box that says to send it all the same."""
        return bool(self.as_is.errors or self.as_is.data)

    def is_meant(self, *names: str) -> bool:
        """Whether no eight words stand in what is not refused yet, or in these names of files, unless they are meant.

        All together: somebody may have put one word into each field. What is wrong is then in the fields.
        """
        texts = [field for field in leaves(self) if self._is_text(field)]
        if self.as_is.data or not words_stand_in("\n".join((*(field.data for field in texts), *names))):
            return True
        for field in texts:
            if words_stand_in(field.data):
                field.errors = [gettext("They seem to stand here.")]
        self.as_is.errors = [str(EIGHT_WORDS)]
        return False

    def _is_text(self, field: Field) -> bool:
        # What is refused already, and may be of any length, is looked at when it is sent again.
        is_text = isinstance(field, StringField) and not isinstance(field, HiddenField) and field is not self.codename
        return is_text and bool(field.data) and not field.errors


class MessageForm(TextForm):
    """What a source writes after the report."""

    text = TextAreaField(
        _("Your message"), filters=[line_feeds], validators=[Printable(WORDS), WithinLength(LONGEST_MESSAGE)]
    )


class CheckForm(OwnedForm):
    """Two words of the codename, to see whether it has been kept."""

    first = StringField()
    second = StringField()


class EndForm(OwnedForm):
    """Asks once more before a code ends."""

    sure = BooleanField(
        _("Yes, keep my report and switch off my eight words."),
        validators=[InputRequired(_("Please tick this if you want to switch off your eight words."))],
    )


class WithdrawForm(OwnedForm):
    """Asks once more before a report is deleted."""

    sure = BooleanField(
        _("Yes, delete my report, my files and all replies."),
        validators=[InputRequired(_("Please tick this if you want to withdraw your report."))],
    )
