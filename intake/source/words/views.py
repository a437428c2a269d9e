"""Eight words: made, shown, tested, and a way back with them."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from crypto.codename import generate, is_word
from intake.source.current import current_server
from intake.source.forms.base import CheckForm, SignInForm
from intake.source.marks import Cost, marked
from intake.source.pages import render
from intake.source.problems import show_again
from intake.source.session.visits import (
    asked_words,
    is_without_words,
    kept_seed,
    kept_words,
    show_words,
    tell,
    words_language,
)
from intake.source.text.gettext import gettext as _
from intake.source.text.gettext import number
from intake.source.text.languages import codename_language
from intake.source.tip.correspondence import require_reviewers
from intake.source.words.typed import sign_in

blueprint = Blueprint("words", __name__)


def return_page(notice: str = "", form: SignInForm | None = None) -> str:
    """The page that asks for the codename."""
    return render("return.html", form=form or SignInForm(), notice=notice)


def first_page(notice: str = "") -> str:
    """The page that offers a codename."""
    return render("first.html", notice=notice)


def _check_page(notice: str = "", form: CheckForm | None = None) -> str:
    if not kept_words():
        return first_page(notice)
    form = form or CheckForm()
    for field, position in zip((form.first, form.second), asked_words(), strict=True):
        field.label.text = _("Word %(position)s", position=number(position + 1))
    return render("check.html", form=form, notice=notice)


@blueprint.post("/words")
@marked(Cost.WORDS)
@show_again(first_page)
def make_codename() -> ResponseReturnValue:
    """Make a codename, unless one is still being shown."""
    if is_without_words():
        # Nobody could come back to what they have sent.
        return redirect(url_for("thread.tip"), 303)
    require_reviewers(current_server())
    if not kept_words() or words_language() != codename_language():
        show_words(generate(codename_language()))
    return redirect(url_for("words.codename"), 303)


@blueprint.get("/words")
@marked(Cost.PAGE)
def codename() -> ResponseReturnValue:
    """Show the codename, until its owner goes on to the report."""
    if words := kept_words():
        return render("codename.html", words=words, words_language=words_language())
    return redirect(url_for("start.start" if kept_seed() is None else "report.report"), 303)


@blueprint.route("/words/check", methods=["GET", "POST"])
@marked(Cost.PAGE)
@show_again(_check_page)
def check() -> ResponseReturnValue:
    """Ask for two words of the codename that is still being shown, whoever wants to be asked."""
    words, form = kept_words(), CheckForm()
    if not words:
        return codename()
    if form.is_submitted() and not form.is_here:
        form = CheckForm(formdata=None)
        return _check_page(_("You have other words now. It is these that you are asked for."), form), 400
    if form.validate_on_submit():
        fields = dict(zip((form.first, form.second), asked_words(), strict=True))
        wrong = [field for field, position in fields.items() if not is_word(words[position], field.data or "")]
        if not wrong:
            tell(_("Right. You have kept your eight words."))
            return redirect(url_for("report.report"), 303)
        for field in wrong:
            field.errors = [_("This is not the word. You can go back and look at your eight words once more.")]
    return _check_page(form=form), 400 if form.is_submitted() else 200


@blueprint.route("/return", methods=["GET", "POST"])
@marked(Cost.WORDS)
@show_again(return_page)
def come_back() -> ResponseReturnValue:
    """Take a codename; a typing error is told from a codename that nobody has."""
    if is_without_words():
        return redirect(url_for("thread.tip"), 303)
    form = SignInForm()
    if form.validate_on_submit() and sign_in(current_server(), form.codename):
        return redirect(url_for("thread.tip"), 303)
    return return_page(form=form), 400 if form.is_submitted() else 200
