"""The report: the form's first page, sealed and stored before anything else is asked."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from crypto.codename import Seed, generate
from intake.report.definition import load_form
from intake.report.payloads import Report
from intake.source.csrf import exempt, require_token
from intake.source.forms import MessageForm
from intake.source.languages import codename_language, language
from intake.source.pages import current_server, render
from intake.source.problems import show_again
from intake.source.questions import GroupForm, group_form
from intake.source.session import forget_words, keep_codename, kept_seed, kept_words, words_language
from intake.source.thread import show_tip
from intake.source.tips import Arrival, find, receive_report, require_reviewers
from intake.source.words import gettext as _

blueprint = Blueprint("report", __name__)


def _report_page(notice: str = "", form: GroupForm | None = None) -> str:
    return render(
        "report.html",
        form=form or _form(),
        notice=notice,
        words=kept_words(),
        words_language=words_language(),
    )


@blueprint.route("/report", methods=["GET", "POST"])
@exempt  # _take makes the check, but not of somebody whose session has ended.
@show_again(_report_page)
def report() -> ResponseReturnValue:
    """The first page of the form, and its arrival."""
    return _take() if request.method == "POST" else _ask()


def _ask() -> ResponseReturnValue:
    """Show the empty form; whoever gets here has gone on, so that the codename is not shown again."""
    server, seed = current_server(), kept_seed()
    require_reviewers(server)
    forget_words()
    if seed is None:
        return render("first.html")
    if find(server, seed) is not None:
        return redirect(url_for("thread.tip"), 303)
    return _report_page()


def _take() -> ResponseReturnValue:
    seed = kept_seed()
    if seed is None:
        return _begin_again(), 400
    require_token()
    form = _form()
    return _store(form, seed) if form.validate() else (_report_page(form=form), 400)


def _begin_again() -> str:
    """The session has ended while they wrote: their text stays, and with it comes a new codename to keep."""
    require_reviewers(current_server())
    keep_codename(generate(codename_language()))
    return _report_page(
        _("Your text is still here, and nothing was sent yet. Keep this codename first, then send your report.")
    )


def _store(form: GroupForm, seed: Seed) -> ResponseReturnValue:
    sent = Report(language=language(), form=load_form().version, answers=form.answers())
    arrival = receive_report(current_server(), seed, sent, form.token.data)
    forget_words()
    if arrival is Arrival.OTHER_REPORT:
        text = MessageForm(formdata=None, text=form["narrative"].data)
        notice = _(
            "Your report has arrived before. What you wrote now was not sent yet: it stands below, as a message."
        )
        return show_tip(notice, text), 409
    flash(_("Thank you. Your report has arrived, and nobody but the team can open it."))
    return redirect(url_for("thread.tip"), 303)


def _form() -> GroupForm:
    return group_form(load_form().first_group.key)()
