"""What a source takes back: a reply that should not lie here any longer, or the whole report."""

from flask import Blueprint, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from intake.source.codenames import sender, signed_in
from intake.source.forms import WithdrawForm
from intake.source.pages import current_server, render
from intake.source.problems import show_again
from intake.source.session import end_visit
from intake.source.thread import to_codename
from intake.source.tips import delete_reply, withdraw
from intake.source.words import gettext as _

blueprint = Blueprint("deletion", __name__)


def _withdraw_page(notice: str = "", form: WithdrawForm | None = None) -> str:
    here = signed_in(current_server()) is not None
    return render("withdraw.html", form=form or WithdrawForm(), notice=notice, here=here)


@blueprint.post("/tip/reply/<reply_id>/delete")
def forget_reply(reply_id: str) -> ResponseReturnValue:
    """Delete one reply."""
    here = signed_in(current_server())
    if here is None:
        return to_codename()
    try:
        item = bytes.fromhex(reply_id)
    except ValueError:
        abort(404)
    if not delete_reply(current_server(), here[1], item):
        abort(404)
    flash(_("The reply has been deleted."))
    return redirect(url_for("thread.tip"), 303)


@blueprint.route("/tip/withdraw", methods=["GET", "POST"])
@show_again(_withdraw_page)
def withdraw_tip() -> ResponseReturnValue:
    """Say what withdrawing means, ask once, and do it."""
    server, form = current_server(), WithdrawForm()
    if not form.is_submitted():
        return _withdraw_page(form=form) if signed_in(server) else to_codename()
    valid = form.validate()
    here = sender(server, form)
    if here is None or not valid:
        return _withdraw_page(form=form), 400
    withdraw(server, here[1])
    end_visit()
    return redirect(url_for("deletion.withdrawn"), 303)


@blueprint.get("/withdrawn")
def withdrawn() -> str:
    """What is gone and what remains."""
    return render("withdrawn.html")
