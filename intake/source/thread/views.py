"""The tip's own page: replies, writing more, and the rest of the form, group by group."""

from flask import Blueprint, abort, redirect, url_for
from flask.typing import ResponseReturnValue

from intake.report.definition import Group, load_form
from intake.report.payloads import Addition, Message
from intake.source.forms.base import MessageForm
from intake.source.forms.questions import GroupForm, group_form, questions
from intake.source.pages import current_server, render
from intake.source.problems import show_again
from intake.source.session.visits import kept_seed, note_saved, owner_tag, saved_groups, tell
from intake.source.text.gettext import gettext as _
from intake.source.tip.tips import answered, receive
from intake.source.words.typed import Visitor, sender, signed_in

blueprint = Blueprint("thread", __name__)


def show_tip(notice: str = "", form: MessageForm | None = None) -> str:
    """The tip's page; without a valid session only the form, which then asks for the codename too."""
    return _tip_page(signed_in(current_server()), notice, form)


def _tip_page(here: Visitor | None, notice: str = "", form: MessageForm | None = None) -> str:
    return render(
        "tip.html",
        form=form or MessageForm(),
        notice=notice,
        here=here is not None,
        answered=None if here is None else answered(current_server(), here.seed, here.tip),
        groups=load_form().later_groups,
        saved=saved_groups(),
        owner=owner_tag(kept_seed()),
    )


def _group_page(notice: str = "", *, key: str, form: GroupForm | None = None) -> str:
    groups = load_form().later_groups
    group = _group(key)
    return render(
        "group.html",
        form=form or group_form(key)(),
        questions=questions,
        notice=notice,
        here=signed_in(current_server()) is not None,
        group=group,
        number=groups.index(group) + 1,
        groups=groups,
        after=_after(group),
    )


@blueprint.get("/tip")
def tip() -> ResponseReturnValue:
    """What happens next, the replies, and the ways to add something."""
    here = signed_in(current_server())
    return to_codename() if here is None else _tip_page(here)


@blueprint.post("/tip/message")
@show_again(show_tip)
def message() -> ResponseReturnValue:
    """Store a message."""
    server, form = current_server(), MessageForm()
    valid = form.validate()
    here = sender(server, form)
    if here is None or not valid:
        return show_tip(form=form), 400
    receive(server, here.seed, here.tip, Message(form.text.data), form.token.data)
    tell(_("Your message has arrived."))
    return redirect(url_for("thread.tip"), 303)


@blueprint.route("/tip/more/<key>", methods=["GET", "POST"])
@show_again(_group_page)
def more(key: str) -> ResponseReturnValue:
    """One later group of the form."""
    server, group = current_server(), _group(key)
    form = group_form(key)()
    if not form.is_submitted():
        return _group_page(key=key, form=form) if signed_in(server) else to_codename()
    if form.grow():
        return _group_page(key=key, form=form)
    valid = form.validate()
    here = sender(server, form)
    if here is None or not valid:
        return _group_page(key=key, form=form), 400
    if not form.is_blank():
        receive(server, here.seed, here.tip, Addition(load_form().version, key, form.answers()), form.token.data)
        note_saved(key)
        tell(_("Saved."))
    return redirect(_after(group), 303)


def to_codename() -> ResponseReturnValue:
    """Where somebody without a tip goes: to write one, or to say which is theirs."""
    return redirect(url_for("entrance.come_back" if kept_seed() is None else "report.report"), 303)


def _group(key: str) -> Group:
    return next((group for group in load_form().later_groups if group.key == key), None) or abort(404)


def _after(group: Group) -> str:
    groups = load_form().later_groups
    rest = groups[groups.index(group) + 1 :]
    return url_for("thread.more", key=rest[0].key) if rest else url_for("thread.tip")
