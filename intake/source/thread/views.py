"""The tip's own page: what the team asks and replies, writing more, and the rest of the form, group by group."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from flask import Blueprint, abort, redirect, url_for
from flask.typing import ResponseReturnValue

from intake.report.definition import Group, load_form
from intake.report.events import ConsentRequest
from intake.report.payloads import Addition, Message
from intake.source.current import current_server
from intake.source.forms.base import MessageForm
from intake.source.forms.consent import ConsentForm
from intake.source.forms.questions import GroupForm, group_form, questions
from intake.source.marks import Brings, Cost, marked
from intake.source.pages import render
from intake.source.problems import show_again
from intake.source.session.visits import is_without_words, kept_seed, note_saved, owner_tag, saved_groups, tell
from intake.source.text.gettext import gettext as _
from intake.source.text.gettext import lazy_gettext
from intake.source.text.languages import language
from intake.source.tip.correspondence import Answered, answered, receive
from intake.source.words.typed import sender, signed_in

blueprint = Blueprint("thread", __name__)

_PASSED = lazy_gettext(
    "This question is not asked any more, or was changed while you answered it. Your answer was not sent. If it stands "
    "below in other words, please read it and answer again. What you had written stands under “Write more”; you can "
    "send it as a message, or delete it."
)


@dataclass(frozen=True, slots=True, repr=False)
class _Question:
    """A question on the page, its day, and the form for the answer. `request`: None if it isn't known who is here."""

    request: ConsentRequest | None
    day: date | None
    form: ConsentForm


def show_tip(notice: str = "", form: MessageForm | None = None, answering: ConsentForm | None = None) -> str:
    """The tip's page; without a valid session only the form, which then asks for the codename too.

    `answering`: the form of one of its questions, as it was filled in.
    """
    seed = kept_seed()
    return _tip_page(None if seed is None else answered(current_server(), seed), notice, form, answering)


def _tip_page(
    answered: Answered | None,
    notice: str = "",
    form: MessageForm | None = None,
    answering: ConsentForm | None = None,
) -> str:
    return render(
        "tip.html",
        form=form or MessageForm(),
        notice=notice,
        answered=answered,
        questions=_questions(answered, answering),
        answering=answering,
        later=_later_pages(language()),
        saved=saved_groups(),
        owner=owner_tag(kept_seed()),
        wordless=is_without_words(),
    )


@dataclass(frozen=True, slots=True)
class _LaterPage:
    """The page of one of the later groups: its key, title and address."""

    key: str
    title: str
    address: str


@cache
def _later_pages(_language: str) -> tuple[_LaterPage, ...]:
    # Never stale: the form's definition and the catalogues are read once in a process.
    groups = load_form().later_groups
    return tuple(_LaterPage(group.key, _(group.title), url_for("thread.more", key=group.key)) for group in groups)


def _questions(answered: Answered | None, answering: ConsentForm | None) -> list[_Question]:
    """What the source is asked, each with its form. What was filled in for a question that isn't here stands first."""
    asked = {} if answered is None else answered.questions
    forms = {item: ConsentForm(item.hex(), formdata=None) for item in asked}
    days = {} if answered is None else {each.id: each.day for each in answered.written}
    found = [
        _Question(asked[item], days[item], answering if answering and answering.item == form.item else form)
        for item, form in forms.items()
    ]
    if answering and all(question.form is not answering for question in found):
        found.insert(0, _Question(None, None, answering))
    return found


def _question_page(notice: str, *, item_id: str) -> str:
    return show_tip(notice, MessageForm(formdata=None), ConsentForm(item_id))


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
@marked(Cost.PAGE)
def tip() -> ResponseReturnValue:
    """What happens next, the replies, and the ways to add something."""
    seed = kept_seed()
    found = None if seed is None else answered(current_server(), seed)
    return to_codename() if found is None else _tip_page(found)


@blueprint.post("/tip/message")
@marked(Cost.SENDING, Brings.TEXT)
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


@blueprint.post("/tip/question/<item_id>")
@marked(Cost.SENDING, Brings.TEXT)
@show_again(_question_page)
def answer(item_id: str) -> ResponseReturnValue:
    """Store the answer to a question of the team's, to exactly the words that stood there."""
    server, form = current_server(), ConsentForm(item_id)
    valid = form.validate()
    here = sender(server, form)
    if here is None:
        return show_tip("", MessageForm(formdata=None), form), 400
    found = answered(server, here.seed)
    asked = {} if found is None else {item.hex(): request for item, request in found.questions.items()}
    if item_id not in asked:
        return _tip_page(found, _PASSED, MessageForm(formdata=None, text=form.written)), 400
    if not (form.is_complete(asked[item_id]) and valid):
        form.take_over()
        return _tip_page(found, "", MessageForm(formdata=None), form), 400
    receive(server, here.seed, here.tip, form.payload(asked[item_id]), form.token.data)
    tell(_("Your answer has arrived. It counts until you answer this question again."))
    return redirect(url_for("thread.tip"), 303)


@blueprint.route("/tip/more/<key>", methods=["GET", "POST"])
@marked(Cost.SENDING, Brings.TEXT)
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
    return redirect(url_for("words.come_back" if kept_seed() is None else "report.report"), 303)


def _group(key: str) -> Group:
    return next((group for group in load_form().later_groups if group.key == key), None) or abort(404)


def _after(group: Group) -> str:
    groups = load_form().later_groups
    rest = groups[groups.index(group) + 1 :]
    return url_for("thread.more", key=rest[0].key) if rest else url_for("thread.tip")
