"""What a source takes back: a reply that should not lie here any longer, or the whole report; and the way out."""

from datetime import date

from flask import Blueprint, abort, redirect, url_for
from flask.typing import ResponseReturnValue

from intake.source.admission.origin import comes_from_elsewhere
from intake.source.current import current_server
from intake.source.forms.base import EndForm, OwnedForm, WithdrawForm
from intake.source.marks import Cost, marked
from intake.source.pages import render
from intake.source.problems import show_again
from intake.source.session.tokens import exempt
from intake.source.session.visits import end_visits_of, have_ended, is_without_words, kept_seed, tell
from intake.source.session.visits import leave as leave_visit
from intake.source.text.gettext import gettext as _
from intake.source.thread.views import show_tip, to_codename
from intake.source.tip.correspondence import (
    answered,
    delete_reply,
    end_code,
    is_slow,
    leave_slowly,
    stay,
    withdraw_latecomer,
)
from intake.source.words.typed import sender, signed_in
from intake.source.words.views import return_page
from intake.storage.store import Forgotten

blueprint = Blueprint("leaving", __name__)

_CLEARED = {"Clear-Site-Data": '"cache", "cookies", "storage"'}
"""What a browser forgets of this site (https://www.w3.org/TR/clear-site-data/#header)."""


def _withdraw_page(notice: str = "", form: WithdrawForm | None = None) -> str:
    here = signed_in(current_server())
    slow = here is not None and is_slow(current_server(), here.tip)
    return render("withdraw.html", form=form or WithdrawForm(), notice=notice, slow=slow)


def _end_page(notice: str = "", form: EndForm | None = None) -> str:
    return render("end.html", form=form or EndForm(), notice=notice)


def _kept_page(notice: str) -> str:
    return return_page(notice) if signed_in(current_server()) is None else show_tip(notice)


def _replies_page(notice: str, *, reply_id: str) -> str:  # noqa: ARG001 - the view's argument
    return return_page(notice) if signed_in(current_server()) is None else show_tip(notice)


@blueprint.post("/tip/reply/<reply_id>/delete")
@marked(Cost.SENDING)
@show_again(_replies_page)
def forget_reply(reply_id: str) -> ResponseReturnValue:
    """Delete one reply, or one question."""
    here = signed_in(current_server())
    if here is None or not OwnedForm().is_of(here.seed):
        notice = _("This reply belongs to other words. Nothing was deleted. Please come back with those words.")
        return return_page(notice), 400
    try:
        item = bytes.fromhex(reply_id)
    except ValueError:
        abort(404)
    found = answered(current_server(), here.seed)
    forgotten = delete_reply(current_server(), here.seed, here.tip, item)
    if forgotten is None:
        abort(404)
    if found is not None and item in found.questions:
        tell(_("The question has been deleted. A yes that you gave to it no longer counts."))
    else:
        tell(_("The reply has been deleted."))
    _tell_of_traces(forgotten)
    return redirect(url_for("thread.tip"), 303)


@blueprint.route("/tip/withdraw", methods=["GET", "POST"])
@marked(Cost.SENDING)
@show_again(_withdraw_page)
def withdraw_tip() -> ResponseReturnValue:
    """Say what withdrawing means, ask once, and do it."""
    server, form = current_server(), WithdrawForm()
    if not form.is_submitted():
        return _withdraw_page(form=form) if signed_in(server) else to_codename()
    if not form.codename.data and have_ended(form.owner.data or ""):
        # The same form, a second time; nobody has seen yet what the first one was answered.
        _tell_of_traces(server.store.forget())
        return redirect(url_for("leaving.withdrawn"), 303)
    valid = form.validate()
    here = sender(server, form)
    if here is None or not valid:
        return _withdraw_page(form=form), 400
    forgotten = leave_slowly(server, here.seed, here.tip)
    if isinstance(forgotten, date):
        # Their page says on which day, and how to keep it.
        return redirect(url_for("thread.tip"), 303)
    end_visits_of(here.seed)
    # Whoever stores one from here on sees the end and withdraws it; this is for who did so before.
    forgotten = withdraw_latecomer(server, here.seed) or forgotten
    _tell_of_traces(forgotten)
    return redirect(url_for("leaving.withdrawn"), 303)


@blueprint.post("/tip/keep")
@marked(Cost.SENDING)
@show_again(_kept_page)
def keep() -> ResponseReturnValue:
    """Take back that the report is to be withdrawn."""
    here = signed_in(current_server())
    if here is None or not OwnedForm().is_of(here.seed):
        return to_codename()
    if stay(current_server(), here.seed, here.tip):
        tell(_("Your report stays. It will not be deleted."))
    return redirect(url_for("thread.tip"), 303)


@blueprint.route("/tip/end", methods=["GET", "POST"])
@marked(Cost.SENDING)
@show_again(_end_page)
def end() -> ResponseReturnValue:
    """Say what ending the code means, ask once, and do it."""
    if is_without_words():
        return redirect(url_for("thread.tip"), 303)
    server, form = current_server(), EndForm()
    if not form.is_submitted():
        return _end_page(form=form) if signed_in(server) else to_codename()
    if not form.codename.data and have_ended(form.owner.data or ""):
        # The same form, a second time; nobody has seen yet what the first one was answered.
        return redirect(url_for("leaving.ended"), 303)
    valid = form.validate()
    here = sender(server, form)
    if here is None or not valid:
        return _end_page(form=form), 400
    end_code(server, here.seed, here.tip)
    end_visits_of(here.seed)
    return redirect(url_for("leaving.ended"), 303)


@blueprint.get("/ended")
@marked(Cost.PAGE)
def ended() -> str:
    """What remains."""
    return render("ended.html")


@blueprint.get("/withdrawn")
@marked(Cost.PAGE)
def withdrawn() -> str:
    """What is gone and what remains."""
    return render("withdrawn.html")


@blueprint.post("/leave")
@marked(Cost.NOTHING)
@exempt
def leave() -> ResponseReturnValue:
    """End the visit. Without a token: this must work from a page of yesterday, and harms nobody."""
    leave_visit()
    return redirect(url_for("leaving.left"), 303), _CLEARED


@blueprint.get("/left")
@marked(Cost.NOTHING)
def left() -> ResponseReturnValue:
    """How to get rid of traces. Loaded again, it doesn't end what was begun since."""
    return render("left.html"), {} if kept_seed() or comes_from_elsewhere() else _CLEARED


@blueprint.get("/page")
@marked(Cost.NOTHING)
def out() -> ResponseReturnValue:
    """End the visit while somebody is looking: by a link, to what looks like a page that isn't there."""
    if comes_from_elsewhere():
        return render("nothing.html"), 404
    leave_visit()
    return render("nothing.html"), 404, _CLEARED


def _tell_of_traces(forgotten: Forgotten) -> None:
    """Say on the next page that something of what was deleted still lies in the server's files, if it does."""
    if forgotten is Forgotten.PENDING:
        tell(
            _(
                "What you have deleted can no longer be seen here. Traces of it may stay on the server for a little "
                "while; they disappear by themselves."
            )
        )
