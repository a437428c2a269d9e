"""What goes to a source before it leaves: kept as a draft, seen as its source will see it, warned of, sent.

That is replies, which a template may begin, and questions about consent. What is sent is the draft that was seen, by
its id, which follows from its text: another text is another draft, and is seen first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from intake.replies.preview import Answered, Asked, Preview, Shown, preview
from intake.report.events import ConsentRequest, Template
from intake.report.payloads import Opened, Payload, Reply
from intake.triage.caution import Caution, cautions
from intake.triage.outbox.sending import SealError
from intake.triage.outbox.unsent import OutboxError, Unsent, new_form
from intake.triage.pages.blanks import fill, is_filled, places
from intake.triage.pages.forms import SEEN_FIRST, FormError, read_form
from intake.triage.pages.kept import keep
from intake.triage.pages.phrases import place_of
from intake.triage.pages.views import Answer, chosen_tip, tip_page, unlocked, within
from intake.triage.pages.wanted import address
from intake.triage.reading.consents import uses
from intake.triage.reading.opentip import OpenTip
from intake.triage.workspace import Workspace

blueprint = Blueprint("replying", __name__, url_prefix=f"/tips/<tip_id>/<any({', '.join(sorted(SEEN_FIRST))}):kind>")

ToSource = Reply | ConsentRequest

_READ: Mapping[str, Sequence[str]] = {Reply.kind: ("text",), ConsentRequest.kind: ("words", "check")}
"""By kind, the fields that the source reads."""

_BLANKS = "Not sent: there are places in braces that nobody has filled."
_UNSEEN = "Not sent: look at each of the warnings, and tick it."
_ENDED = "Not sent: since {} nobody has a codename for this report, or can read this. What you wrote is kept, sealed."
_QUESTION = (
    "Not taken back: this is a question. Were it deleted, the words that it had before would be asked again, and a yes "
    "to them would count. “Ask it no more” ends both."
)


def _keep(tip_id: str, kind: str) -> Answer:
    """Where it is locked, what was typed is sealed to whoever unlocks it, and is there then."""
    return keep(tip_id, kind, lambda: _payload(kind))


def _look(workspace: Workspace, tip_id: str, kind: str) -> Answer:
    """Keep what was typed as a draft, and show it as its source will see it."""
    opened = workspace.tip(tip_id)
    chosen = request.form.get("template", "")
    begun = next((each.text for each in workspace.team.standing().outcomes(Template) if chosen == each.template), "")
    try:
        typed = _typed(tip_id, kind, begun)
        item = workspace.keep(
            typed if opened is None else _in_seen_words(workspace, opened, typed), request.form.get("draft", "")
        )
    except FormError as error:
        return tip_page(workspace, opened or abort(404), f"Not saved: {error}.", {kind: request.form}), 400
    except OutboxError as error:
        if opened is None:
            return render_template("problem.html", says=f"{error}. Go back: your browser may still have it."), 500
        return tip_page(workspace, opened, f"Not saved: {error}.", {kind: request.form}), 500
    if opened is None:
        return redirect(url_for("today.today"), 303)
    return redirect(url_for("replying.seen", tip_id=tip_id, kind=kind, item=item, **address(request.args)), 303)


blueprint.post("", endpoint="look")(unlocked(_look, otherwise=_keep))


def _after_unlocking(tip_id: str, kind: str, item: str) -> BaseResponse:
    """The draft is kept: after unlocking, it is there to be looked at."""
    then = within(url_for("replying.seen", tip_id=tip_id, kind=kind, item=item, **address(request.args)))
    return redirect(url_for("triage.unlock", kept="yes", then=then), 303)


def _seen(workspace: Workspace, tip_id: str, kind: str, item: str) -> Answer:
    """A draft as its source will see it, with all that it is warned of."""
    opened, draft = chosen_tip(workspace, tip_id), _draft(workspace, tip_id, kind, item)
    return _to_tip(tip_id, kind) if draft is None else _page(workspace, opened, *draft)


blueprint.get("/<item>", endpoint="seen")(unlocked(_seen, otherwise=_after_unlocking))


def _send(workspace: Workspace, tip_id: str, kind: str, item: str) -> Answer:
    """Let a draft leave that was seen, unless there is something in it that was not."""
    opened, found = chosen_tip(workspace, tip_id), _draft(workspace, tip_id, kind, item)
    if found is None:
        # The same button a second time, or in another window.
        return _to_tip(tip_id, kind)
    draft, written = found
    text = _text(written)
    if opened.ended and text:
        return _page(workspace, opened, draft, written, _ENDED.format(opened.ended)), 409
    if not is_filled(text):
        return _page(workspace, opened, draft, written, _BLANKS), 400
    if {caution.id for caution in _cautions(workspace, opened, text)} - set(request.form.getlist("known")):
        return _page(workspace, opened, draft, written, _UNSEEN), 400
    try:
        workspace.write(Unsent.typed(draft.form, tip_id, written), draft.item)
    except (OutboxError, SealError) as error:
        return _page(workspace, opened, draft, written, f"Not sent: {error}. What you wrote is kept, sealed."), 400
    return _to_tip(tip_id, kind)


blueprint.post("/<item>/send", endpoint="send")(unlocked(_send, otherwise=_after_unlocking))


def _ask(workspace: Workspace, tip_id: str, kind: str, item: str) -> Answer:
    """A reply that was sent or is on its way, and what it means to take it back."""
    opened = chosen_tip(workspace, tip_id)
    sent = _sent(workspace, opened, item)
    if isinstance(sent, ConsentRequest):
        return tip_page(workspace, opened, _QUESTION), 409
    if sent is None or item in workspace.sending.taking_back(tip_id):
        return _to_tip(tip_id, kind)
    is_here = workspace.sending.is_here(item)
    return render_template(
        "take_back.html",
        workspace=workspace,
        tip=opened,
        item=item,
        reply=sent,
        is_here=is_here,
        address=address(request.args),
    )


def _after_unlocking_ask(tip_id: str, kind: str, item: str) -> BaseResponse:
    then = within(url_for("replying.ask", tip_id=tip_id, kind=kind, item=item, **address(request.args)))
    return redirect(url_for("triage.unlock", then=then), 303)


blueprint.get("/<item>/take-back", endpoint="ask")(unlocked(_ask, otherwise=_after_unlocking_ask))


def _take_back(workspace: Workspace, tip_id: str, kind: str, item: str) -> Answer:
    """Take a reply back: it is never sent, or deleted at the desk, which the log then says. Never a question."""
    opened = chosen_tip(workspace, tip_id)
    sent = _sent(workspace, opened, item)
    if isinstance(sent, ConsentRequest):
        return tip_page(workspace, opened, _QUESTION), 409
    if sent is not None:
        try:
            workspace.take_back(tip_id, item)
        except OutboxError as error:
            return tip_page(workspace, opened, f"Not taken back: {error}."), 500
    return _to_tip(tip_id, kind)


blueprint.post("/<item>/take-back", endpoint="take_back")(unlocked(_take_back, otherwise=_after_unlocking_ask))


def _sent(workspace: Workspace, tip: OpenTip, item: str) -> ToSource | None:
    """What was sent to the source, or is on its way to them, under this id."""
    ways = ((each.item, each.payload) for each in workspace.sending.under_way if each.tip == tip.id)
    sent = [*((signed.item, signed.payload) for signed in tip.written), *ways]
    return next((payload for name, payload in sent if name == item and isinstance(payload, ToSource)), None)


def _page(workspace: Workspace, tip: OpenTip, draft: Unsent, written: ToSource, problem: str = "") -> str:
    text = _text(written)
    return render_template(
        "reply.html",
        workspace=workspace,
        tip=tip,
        draft=draft,
        written=written,
        ends=isinstance(written, ConsentRequest) and written.taken_back,
        source_page=_source_page(workspace, tip, written),
        cautions=_cautions(workspace, tip, text),
        known=request.form.getlist("known"),
        places=places(text),
        is_filled=is_filled(text),
        problem=problem,
        typed={},
        address=address(request.args),
    )


def _cautions(workspace: Workspace, tip: OpenTip, text: str) -> list[Caution]:
    return cautions(text, tip, workspace.book, workspace.people.names())


def _source_page(workspace: Workspace, tip: OpenTip, written: ToSource) -> Preview:
    """What the source's page will say: what was sent, what is on its way, and this."""
    sent = sorted(
        (signed.payload.number, signed.author.at.date(), signed.item, signed.payload.text)
        for signed in tip.written
        if isinstance(signed.payload, Reply)
    )
    taking = workspace.sending.taking_back(tip.id)
    replies = [Shown(day, said) for _, day, item, said in sent if item not in taking]
    taken_back = [each.by.at.date() for each in tip.taken_back] + [_today()] * len(taking)
    waiting = (each.payload for each in workspace.sending.under_way if each.tip == tip.id)
    replies += [Shown(_today(), reply.text) for reply in (*waiting, written) if isinstance(reply, Reply)]
    opened = min((signed.author.at.date() for signed in tip.written_as(Opened)), default=None)
    return preview(tip.language, Answered(replies, opened, taken_back, _questions(workspace, tip, written)))


def _questions(workspace: Workspace, tip: OpenTip, written: ToSource) -> list[Asked]:
    """What the page will ask: what is asked by now, but for what this puts aside, and this."""
    stand = [use for use in uses(tip, workspace.book.standing(tip)) if use.stands]
    stand.sort(key=lambda use: (use.asked.author is None, use.request.number))
    days = (_today() if use.asked.author is None else use.asked.author.at.date() for use in stand)
    asked = [(use.asked.item, Asked(day, use.request)) for day, use in zip(days, stand, strict=True)]
    if not isinstance(written, ConsentRequest):
        return [each for _, each in asked]
    kept = [each for item, each in asked if each.request.request != written.request or item not in written.seen]
    return kept if written.taken_back else [*kept, Asked(_today(), written)]


def _today() -> date:
    return datetime.now(UTC).date()


def _draft(workspace: Workspace, tip_id: str, kind: str, item: str) -> tuple[Unsent, ToSource] | None:
    drafts = (
        (each, each.payload)
        for each in workspace.sending.drafts
        if (each.tip, each.kind, each.item) == (tip_id, kind, item)
    )
    return next(((each, payload) for each, payload in drafts if isinstance(payload, ToSource)), None)


def _text(written: ToSource) -> str:
    """All that its source will read of it."""
    if isinstance(written, ConsentRequest) and written.taken_back:
        return ""
    return "\n\n".join(filter(None, (getattr(written, name) for name in _READ[written.kind])))


def _to_tip(tip_id: str, kind: str) -> BaseResponse:
    return redirect(url_for("triage.tip", tip_id=tip_id, _anchor=place_of(kind), **address(request.args)), 303)


def _typed(tip_id: str, kind: str, template: str = "") -> Unsent:
    return Unsent.typed(request.form.get("form") or new_form(), tip_id, _payload(kind, template))


def _payload(kind: str, template: str = "") -> Payload:
    """What was typed, with its places filled, and a template behind it."""
    given = MultiDict(request.form)
    fillings = list(zip(given.getlist("place"), given.getlist("filling"), strict=False))
    for name in _READ[kind]:
        given[name] = fill(given.get(name, ""), fillings)
    if kind == Reply.kind:
        given["text"] = "\n\n".join(part for part in (given["text"].strip(), template) if part)
    return read_form(kind, given)


def _in_seen_words(workspace: Workspace, tip: OpenTip, typed: Unsent) -> Unsent:
    """What is asked no more keeps the words in which it was asked: the page shows none, so that no others may leave."""
    payload = typed.payload
    if not isinstance(payload, ConsentRequest) or not payload.taken_back:
        return typed
    merged = workspace.book.standing(tip).subjects.get(payload.subject)
    asked = None if merged is None else merged.outcome.event
    if not isinstance(asked, ConsentRequest):
        raise FormError("this question is not here")
    return Unsent.typed(typed.form, tip.id, replace(asked, taken_back=True, seen=payload.seen, number=0))
