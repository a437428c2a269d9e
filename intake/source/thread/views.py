"""The tip's own page: what the team asks and replies, writing more, and the rest of the form, in one of two ways."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from flask import Blueprint, abort, redirect, url_for
from flask.typing import ResponseReturnValue

from intake.report.definition import load_form
from intake.report.events import ConsentRequest
from intake.report.payloads import Addition, Message
from intake.source.current import current_server
from intake.source.forms.base import MessageForm
from intake.source.forms.consent import ConsentForm
from intake.source.forms.pages import FormPage, by_group, by_question, form_page
from intake.source.forms.questions import GroupForm, group_form, questions
from intake.source.marks import Brings, Cost, marked
from intake.source.pages import render
from intake.source.problems import show_again
from intake.source.session.visits import (
    kept_seed,
    note_question,
    note_saved,
    noted_question,
    owner_tag,
    saved_groups,
    tell,
)
from intake.source.text.gettext import gettext as _
from intake.source.text.gettext import lazy_gettext
from intake.source.text.languages import language
from intake.source.tip.correspondence import Answered, answered, receive
from intake.source.words.typed import sender, signed_in, takes_up_wordless

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
        first_question=_address(by_question()[0]),
        left_at=_left_at(),
        owner=owner_tag(kept_seed()),
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
    return tuple(_LaterPage(page.group.key, _(page.group.title), _address(page)) for page in by_group())


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


def _form_page(notice: str = "", *, key: str, question: str = "", form: GroupForm | None = None) -> str:
    page = _page(key, question)
    return render(
        "group.html",
        form=form or group_form(key, question)(),
        questions=questions,
        notice=notice,
        page=page,
        here=_address(page),
        after=_address(page.after),
        after_group=_address(page.after_group),
        other_way=_address(page.other_way),
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
@blueprint.route("/tip/more/<key>/<question>", methods=["GET", "POST"])
@marked(Cost.SENDING, Brings.TEXT)
@show_again(_form_page)
def more(key: str, question: str = "") -> ResponseReturnValue:
    """One later group of the form, or one question of it."""
    server, page = current_server(), _page(key, question)
    form = group_form(key, question)()
    if not form.is_submitted():
        return _begin(page, form) if signed_in(server) else to_codename()
    if form.grow():
        return _form_page(key=key, question=question, form=form)
    valid = form.validate()
    here = sender(server, form)
    if here is None or not valid:
        return _form_page(key=key, question=question, form=form), 400
    if not form.is_blank():
        receive(server, here.seed, here.tip, Addition(load_form().version, key, form.answers()), form.token.data)
        note_saved(key)
        tell(_("Saved."))
    following = page if form.wants_another else page.after
    if following is None:
        note_question("")
    return redirect(_address(following), 303)


def _begin(page: FormPage, form: GroupForm) -> str:
    if page.question:
        note_question(page.question)
    return _form_page(key=page.group.key, question=page.question, form=form)


def to_codename() -> ResponseReturnValue:
    """Where somebody without a tip goes: to write one, or to say which is theirs; to it, if it was sent after all."""
    if takes_up_wordless(current_server()):
        return redirect(url_for("thread.tip"), 303)
    return redirect(url_for("words.come_back" if kept_seed() is None else "report.report"), 303)


def _page(key: str, question: str) -> FormPage:
    return form_page(key, question) or abort(404)


def _left_at() -> str:
    """The address of the question at which somebody left the way from one to the next in this visit, if any."""
    return next((_address(page) for page in by_question()[1:] if page.question == noted_question()), "")


def _address(page: FormPage | None) -> str:
    """Of a page of the form's long part; where there is none, that of the tip's page."""
    if page is None:
        return url_for("thread.tip")
    return url_for("thread.more", key=page.group.key, question=page.question or None)
