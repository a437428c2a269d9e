"""The report: the form's first page, sealed and stored before anything else is asked."""

from typing import cast

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from crypto.codename import Seed, generate
from intake.report.definition import load_form
from intake.report.payloads import Report
from intake.source.admission.origin import comes_from_elsewhere
from intake.source.current import current_server
from intake.source.forms.base import MessageForm
from intake.source.forms.questions import FirstGroupForm, group_form, questions
from intake.source.marks import Brings, Cost, marked
from intake.source.pages import render
from intake.source.problems import show_again
from intake.source.session.visits import (
    forget_words,
    have_ended,
    kept_seed,
    kept_words,
    owner_tag,
    show_words,
    tell,
    words_language,
)
from intake.source.text.gettext import gettext as _
from intake.source.text.languages import codename_language, language
from intake.source.thread.views import show_tip
from intake.source.tip.correspondence import (
    Arrival,
    find_before_report,
    receive_report,
    require_reviewers,
    withdraw_latecomer,
)
from intake.source.words.typed import author
from intake.source.words.views import first_page

blueprint = Blueprint("report", __name__)


def _report_page(notice: str = "", form: FirstGroupForm | None = None) -> str:
    form = form or _form()
    return render(
        "report.html",
        form=form,
        questions=questions,
        notice=notice,
        # Words of another window would mislead.
        words=kept_words() if form.is_here else (),
        words_language=words_language(),
    )


@blueprint.route("/report", methods=["GET", "POST"])
@marked(Cost.SENDING, Brings.TEXT)
@show_again(_report_page)
def report() -> ResponseReturnValue:
    """The first page of the form, and its arrival."""
    return _take() if request.method == "POST" else _ask()


def _ask() -> ResponseReturnValue:
    """Show the empty form; whoever gets here has gone on, so that the codename is not shown again."""
    server, seed = current_server(), kept_seed()
    if seed is None:
        require_reviewers(server)
        return first_page()
    sent_before = find_before_report(server, seed) is not None
    if not comes_from_elsewhere():
        forget_words()
    if sent_before:
        return redirect(url_for("thread.tip"), 303)
    return _report_page()


def _take() -> ResponseReturnValue:
    form = _form()
    if form.new_words.data and not form.is_here:
        return _with_new_words(form), 400
    valid = form.validate()
    seed = author(current_server(), form)
    if seed is None or not valid:
        return _report_page(form=form), 400
    return _store(form, seed)


def _with_new_words(form: FirstGroupForm) -> str:
    """Their text stays, and with it comes a new codename to keep."""
    require_reviewers(current_server())
    show_words(generate(codename_language()))
    form.take_over()
    form.new_words.data = False
    return _report_page(
        _("Your text is still here, and nothing was sent yet. Keep these words first, then send your report."), form
    )


def _store(form: FirstGroupForm, seed: Seed) -> ResponseReturnValue:
    sent = Report(language=language(), form=load_form().version, answers=form.answers())
    arrival = receive_report(current_server(), seed, sent, form.token.data, slowly=bool(form.slowly.data))
    forget_words()
    if arrival is Arrival.STORED and have_ended(owner_tag(seed)):
        # It was sent twice, and withdrawn before the second one was there.
        withdraw_latecomer(current_server(), seed)
        return redirect(url_for("leaving.withdrawn"), 303)
    if arrival is Arrival.OTHER_REPORT:
        text = MessageForm(formdata=None, text=form["narrative"].data)
        notice = _(
            "Your report has arrived before. What you wrote now was not sent yet: it stands below, as a message."
        )
        return show_tip(notice, text), 409
    tell(_("It has arrived. This is enough. You may leave."))
    return redirect(url_for("thread.tip"), 303)


def _form() -> FirstGroupForm:
    return cast(FirstGroupForm, group_form(load_form().first_group.key)())
