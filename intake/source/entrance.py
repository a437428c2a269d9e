"""The way in and the way out: guidance, a codename, coming back, leaving."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from crypto.codename import generate, is_word
from intake.source.codenames import sign_in
from intake.source.csrf import exempt
from intake.source.forms import CheckForm, SignInForm
from intake.source.languages import codename_language
from intake.source.pages import current_server, render
from intake.source.problems import show_again
from intake.source.session import asked_words, end_visit, keep_codename, kept_seed, kept_words, words_language
from intake.source.tips import require_reviewers
from intake.source.words import gettext as _
from intake.source.words import number

blueprint = Blueprint("entrance", __name__)


def _return_page(notice: str = "", form: SignInForm | None = None) -> str:
    return render("return.html", form=form or SignInForm(), notice=notice)


@blueprint.get("/")
def home() -> str:
    """What this is, the safety guidance, and two ways on."""
    return render("home.html")


@blueprint.post("/codename")
def make_codename() -> ResponseReturnValue:
    """Make a codename, unless one is still being shown."""
    require_reviewers(current_server())
    if not kept_words():
        keep_codename(generate(codename_language()))
    return redirect(url_for("entrance.codename"), 303)


@blueprint.get("/codename")
def codename() -> ResponseReturnValue:
    """Show the codename, until its owner goes on to the report."""
    if words := kept_words():
        return render("codename.html", words=words, words_language=words_language())
    return redirect(url_for("entrance.home" if kept_seed() is None else "report.report"), 303)


@blueprint.route("/codename/check", methods=["GET", "POST"])
def check() -> ResponseReturnValue:
    """Ask for two words of the codename that is still being shown, whoever wants to be asked."""
    words, form = kept_words(), CheckForm()
    if not words:
        return codename()
    first, second = asked_words()
    fields = {form.first: first, form.second: second}
    for field, position in fields.items():
        field.label.text = _("Word %(position)s", position=number(position + 1))
    if form.validate_on_submit():
        wrong = [field for field, position in fields.items() if not is_word(words[position], field.data or "")]
        if not wrong:
            flash(_("Right. You have kept your codename."))
            return redirect(url_for("report.report"), 303)
        for field in wrong:
            field.errors = [_("This is not the word. You can go back and look at your codename once more.")]
    return render("check.html", form=form), 400 if form.is_submitted() else 200


@blueprint.route("/return", methods=["GET", "POST"])
@show_again(_return_page)
def come_back() -> ResponseReturnValue:
    """Take a codename; a typing error is told from a codename that nobody has."""
    form = SignInForm()
    if form.validate_on_submit() and sign_in(current_server(), form.codename):
        return redirect(url_for("thread.tip"), 303)
    return _return_page(form=form), 400 if form.is_submitted() else 200


@blueprint.post("/leave")
@exempt
def leave() -> ResponseReturnValue:
    """End the visit. Without a token: this must work from a page of yesterday, and harms nobody."""
    end_visit()
    return redirect(url_for("entrance.left"), 303)


@blueprint.get("/left")
def left() -> str:
    """How to get rid of traces."""
    return render("left.html")
