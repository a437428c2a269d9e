"""A reply before it leaves: begun from a template, kept as a draft, seen as its source will see it, warned of, sent.

What is sent is the draft that was seen, by its id, which follows from its text: another text is another draft, and is
seen first.
"""

from datetime import UTC, date, datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from intake.replies.preview import Answered, Preview, Shown, preview
from intake.report.events import Template
from intake.report.payloads import Opened, Reply
from intake.triage.caution import Caution, cautions
from intake.triage.outbox.sending import SealError
from intake.triage.outbox.unsent import OutboxError, Unsent, new_form
from intake.triage.pages.blanks import fill, is_filled, places
from intake.triage.pages.forms import FormError, read_form
from intake.triage.pages.shown import shown
from intake.triage.pages.views import Answer, chosen_tip, guard, tip_page, to_unlock, unlocked, within
from intake.triage.pages.wanted import address
from intake.triage.reading.opening import OpenTip
from intake.triage.workspace import Workspace

blueprint = Blueprint("replying", __name__, url_prefix="/tips/<tip_id>/reply")

_BLANKS = "Not sent: there are places in braces that nobody has filled."
_UNSEEN = "Not sent: look at each of the warnings, and tick it."


def _keep(tip_id: str) -> Answer:
    """Where it is locked, what was typed is sealed to whoever unlocks it, and is there then."""
    try:
        guard().keep(_typed(tip_id))
    except FormError:
        return to_unlock(tip_id=tip_id)
    except OutboxError as error:
        says = f"{error}. Go back: your browser may still have it"
        return render_template("unlock.html", problem=says, kept=False), 409
    return to_unlock(tip_id=tip_id, kept="yes")


def _look(workspace: Workspace, tip_id: str) -> Answer:
    """Keep what was typed as a draft, and show it as its source will see it."""
    opened = workspace.tip(tip_id)
    chosen = request.form.get("template", "")
    # An id is whatever its writer chose: none at all, and nobody chose that one.
    begun = next((each.text for each in workspace.team().outcomes(Template) if chosen and chosen == each.template), "")
    try:
        item = workspace.keep(_typed(tip_id, begun), request.form.get("draft", ""))
    except FormError as error:
        return tip_page(workspace, opened or abort(404), f"Not saved: {error}.", {Reply.kind: request.form}), 400
    except OutboxError as error:
        if opened is None:
            return render_template("problem.html", says=f"{error}. Go back: your browser may still have it."), 500
        return tip_page(workspace, opened, f"Not saved: {error}.", {Reply.kind: request.form}), 500
    if opened is None:
        return redirect(url_for("today.today"), 303)
    return redirect(url_for("replying.seen", tip_id=tip_id, item=item, **address(request.args)), 303)


blueprint.post("", endpoint="look")(unlocked(_look, otherwise=_keep))


def _after_unlocking(tip_id: str, item: str) -> BaseResponse:
    """The draft is kept: after unlocking, it is there to be looked at."""
    then = within(url_for("replying.seen", tip_id=tip_id, item=item, **address(request.args)))
    return redirect(url_for("triage.unlock", kept="yes", then=then), 303)


def _seen(workspace: Workspace, tip_id: str, item: str) -> Answer:
    """A draft as its source will see it, with all that it is warned of."""
    opened, draft = chosen_tip(workspace, tip_id), _draft(workspace, tip_id, item)
    return _to_tip(tip_id) if draft is None else _page(workspace, opened, draft)


blueprint.get("/<item>", endpoint="seen")(unlocked(_seen, otherwise=_after_unlocking))


def _send(workspace: Workspace, tip_id: str, item: str) -> Answer:
    """Let a draft leave that was seen, unless there is something in it that was not."""
    opened, draft = chosen_tip(workspace, tip_id), _draft(workspace, tip_id, item)
    if draft is None:
        # The same button a second time, or in another window.
        return _to_tip(tip_id)
    text = _text(draft)
    if not is_filled(text):
        return _page(workspace, opened, draft, _BLANKS), 400
    if {caution.id for caution in _cautions(workspace, opened, text)} - set(request.form.getlist("known")):
        return _page(workspace, opened, draft, _UNSEEN), 400
    try:
        workspace.write(Unsent.typed(draft.form, tip_id, draft.payload), draft.item)
    except (OutboxError, SealError) as error:
        return _page(workspace, opened, draft, f"Not sent: {error}. What you wrote is kept, sealed."), 400
    return _to_tip(tip_id)


blueprint.post("/<item>/send", endpoint="send")(unlocked(_send, otherwise=_after_unlocking))


def _ask(workspace: Workspace, tip_id: str, item: str) -> Answer:
    """A reply that was sent or is on its way, and what it means to take it back."""
    opened = chosen_tip(workspace, tip_id)
    reply = _sent(workspace, opened, item)
    if reply is None or item in workspace.sending.taking_back(tip_id):
        return _to_tip(tip_id)
    is_here = workspace.sending.is_here(item)
    return render_template(
        "take_back.html",
        workspace=workspace,
        tip=opened,
        item=item,
        reply=reply,
        is_here=is_here,
        address=address(request.args),
    )


def _after_unlocking_ask(tip_id: str, item: str) -> BaseResponse:
    then = within(url_for("replying.ask", tip_id=tip_id, item=item, **address(request.args)))
    return redirect(url_for("triage.unlock", then=then), 303)


blueprint.get("/<item>/take-back", endpoint="ask")(unlocked(_ask, otherwise=_after_unlocking_ask))


def _take_back(workspace: Workspace, tip_id: str, item: str) -> Answer:
    """Take a reply back: it is never sent, or deleted at the desk, which the log then says."""
    opened = chosen_tip(workspace, tip_id)
    if _sent(workspace, opened, item) is not None:
        try:
            workspace.take_back(tip_id, item)
        except OutboxError as error:
            return tip_page(workspace, opened, f"Not taken back: {error}."), 500
    return _to_tip(tip_id)


blueprint.post("/<item>/take-back", endpoint="take_back")(unlocked(_take_back, otherwise=_after_unlocking_ask))


def _sent(workspace: Workspace, tip: OpenTip, item: str) -> Reply | None:
    """What was sent to the source, or is on its way to them, under this id."""
    ways = ((each.item, each.payload) for each in workspace.sending.under_way if each.tip == tip.id)
    replies = [*((signed.item, signed.payload) for signed in tip.written), *ways]
    return next((payload for name, payload in replies if name == item and isinstance(payload, Reply)), None)


def _page(workspace: Workspace, tip: OpenTip, draft: Unsent, problem: str = "") -> str:
    text = _text(draft)
    return render_template(
        "reply.html",
        workspace=workspace,
        tip=tip,
        draft=draft,
        text=text,
        source_page=_source_page(workspace, tip, text),
        cautions=_cautions(workspace, tip, text),
        known=request.form.getlist("known"),
        places=places(text),
        is_filled=is_filled(text),
        problem=problem,
        address=address(request.args),
    )


def _cautions(workspace: Workspace, tip: OpenTip, text: str) -> list[Caution]:
    return cautions(text, tip, workspace.book, workspace.members())


def _source_page(workspace: Workspace, tip: OpenTip, text: str) -> Preview:
    """What the source's page will say: what was sent, what is on its way, and this.

    What others wrote is shown as it is everywhere here: what turns text around, or covers it, stands as marks.
    """
    sent = sorted(
        (signed.payload.number, signed.author.at.date(), signed.item, signed.payload.text)
        for signed in tip.written
        if isinstance(signed.payload, Reply)
    )
    taking = workspace.sending.taking_back(tip.id)
    replies = [Shown(day, shown(said)) for _, day, item, said in sent if item not in taking]
    taken_back = [each.by.at.date() for each in tip.taken_back] + [_today()] * len(taking)
    waiting = (each.payload for each in workspace.sending.under_way if each.tip == tip.id)
    replies += [Shown(_today(), reply.text) for reply in waiting if isinstance(reply, Reply)]
    opened = min((signed.author.at.date() for signed in tip.written_as(Opened)), default=None)
    return preview(tip.language, Answered([*replies, Shown(_today(), text)], opened, taken_back))


def _today() -> date:
    return datetime.now(UTC).date()


def _draft(workspace: Workspace, tip_id: str, item: str) -> Unsent | None:
    drafts = (each for each in workspace.sending.drafts if isinstance(each.payload, Reply))
    return next((each for each in drafts if (each.tip, each.item) == (tip_id, item)), None)


def _text(draft: Unsent) -> str:
    return draft.payload.text if isinstance(draft.payload, Reply) else ""


def _to_tip(tip_id: str) -> BaseResponse:
    return redirect(url_for("triage.tip", tip_id=tip_id, _anchor=Reply.kind, **address(request.args)), 303)


def _typed(tip_id: str, template: str = "") -> Unsent:
    """What was typed, with its places filled, and a template behind it."""
    fillings = zip(request.form.getlist("place"), request.form.getlist("filling"), strict=False)
    text = fill(request.form.get("text", ""), fillings)
    given = MultiDict({"text": "\n\n".join(part for part in (text.strip(), template) if part)})
    return Unsent.typed(request.form.get("form") or new_form(), tip_id, read_form(Reply.kind, given))
