"""The report: the form's first page, sealed and stored before anything else is asked."""

from typing import cast

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from crypto.codename import Seed, generate
from intake.report.definition import load_form
from intake.report.payloads import WITHOUT, Leaving, Report
from intake.source.current import current_server
from intake.source.forms.base import MessageForm
from intake.source.forms.questions import FirstGroupForm, group_form, questions
from intake.source.marks import Brings, Cost, marked
from intake.source.pages import render
from intake.source.problems import show_again
from intake.source.session.visits import (
    forget_words,
    go_without_words,
    have_ended,
    is_without_words,
    kept_seed,
    kept_words,
    owner_tag,
    show_words,
    tell,
    wordless,
    words_language,
)
from intake.source.text.gettext import gettext as _
from intake.source.text.languages import codename_language, language
from intake.source.thread.views import show_tip
from intake.source.tip.correspondence import (
    Arrival,
    find,
    find_before_report,
    receive_report,
    require_reviewers,
    withdraw_latecomer,
)
from intake.source.words.typed import author, takes_up_wordless
from intake.source.words.views import first_page

blueprint = Blueprint("report", __name__)


def _report_page(notice: str = "", form: FirstGroupForm | None = None, *, are_new: bool = False) -> str:
    form = form or _form()
    return render(
        "report.html",
        form=form,
        questions=questions,
        notice=notice,
        # Words of another window would mislead.
        words=kept_words() if form.is_here else (),
        are_new=are_new,
        words_language=words_language(),
    )


@blueprint.route("/report", methods=["GET", "POST"])
@marked(Cost.SENDING, Brings.TEXT)
@show_again(_report_page)
def report() -> ResponseReturnValue:
    """The first page of the form, and its arrival."""
    return _take() if request.method == "POST" else _ask()


def _ask() -> ResponseReturnValue:
    """Show the empty form, to whoever has words and has sent nothing with them yet."""
    server, seed = current_server(), kept_seed()
    if seed is None:
        require_reviewers(server)
        return first_page()
    if find_before_report(server, seed) is not None or takes_up_wordless(server):
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
        _("Your text is still here, and nothing was sent yet. Keep these words first, then send your report."),
        form,
        are_new=True,
    )


def _store(form: FirstGroupForm, seed: Seed) -> ResponseReturnValue:
    server = current_server()
    if takes_up_wordless(server):
        seed = kept_seed() or seed
    is_wordless = form.leaving == Leaving(WITHOUT) and not is_without_words() and find(server, seed) is None
    if is_wordless:
        seed = wordless(seed)
    sent = Report(language=language(), form=load_form().version, answers=form.answers())
    arrival = receive_report(server, seed, sent, form.token.data, form.leaving)
    # Only now: what could not be stored is sent again, and they may have changed their mind.
    forget_words()
    if is_wordless:
        go_without_words(seed)
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
