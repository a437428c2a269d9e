"""The pages: unlock, queue, a tip."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import replace
from functools import wraps
from typing import Any
from urllib.parse import quote

from flask import (
    Blueprint,
    Response,
    abort,
    copy_current_request_context,
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from intake.report import labels
from intake.report.events import STATUSES, Note, Referral, SavedFilter, Template, Translation
from intake.report.payloads import TEAM, Handed
from intake.triage.book import COLUMNS, Wanted
from intake.triage.book.traits import WORK
from intake.triage.guard import Guard
from intake.triage.keys.keyfile import KeyFileError
from intake.triage.outbox.unsent import Unsent, new_form
from intake.triage.pages import phrases
from intake.triage.pages.sought import sought
from intake.triage.pages.wanted import address, asks_more, fields, wanted
from intake.triage.pages.watched import watched
from intake.triage.patience import in_thread
from intake.triage.reading.casework import acts, approvals_asked, referrals
from intake.triage.reading.consents import grounds, strays, uses
from intake.triage.reading.language import guess
from intake.triage.reading.opentip import OpenTip
from intake.triage.reading.paragraphs import paragraphs
from intake.triage.reading.timeline import timeline
from intake.triage.workspace import Workspace

blueprint = Blueprint("triage", __name__)

_MOST_AT_ONCE = 50
"""Acts, and things told of a kind, that a page of a tip shows; the others are a click away."""

TRANSLATION = "translation.html"
"""The page of a tip on which it is translated."""

Answer = str | BaseResponse | tuple[str, int]
View = Callable[..., Any]


def guard() -> Guard:
    """The lock of this program."""
    return current_app.extensions["guard"]  # type: ignore[no-any-return]


def to_unlock(**arguments: str) -> BaseResponse:
    """What a locked program answers. After unlocking, the page that was wanted is there; of a file, that of its tip.

    `TEAM` in the place of a tip: what is set for all. `waits`: the kind of what was written, and waits there.
    """
    wanted, waits = None, arguments.get("waits", "")
    place = phrases.place_of(waits) or None
    if arguments.get("tip_id") == TEAM:
        wanted = within(url_for("team.team", _anchor=place))
    elif waits == Translation.kind:
        wanted = within(url_for("triage.translation", tip_id=arguments["tip_id"]))
    elif "tip_id" in arguments:
        wanted = within(url_for("triage.tip", tip_id=arguments["tip_id"], _anchor=place))
    elif request.method == "GET" and request.full_path != "/?":
        wanted = request.full_path.removesuffix("?")
    return redirect(url_for("triage.unlock", kept=arguments.get("kept"), then=wanted), 303)


def unlocked(view: View, otherwise: View = to_unlock) -> View:
    """Give a view the workspace; where that is locked, or locks before the view is done, answer with `otherwise`."""

    @wraps(view)
    def run(**arguments: str) -> Any:
        workspace = guard().use()
        if workspace is None:
            return otherwise(**arguments)
        answering = in_thread(copy_current_request_context(view), workspace, **arguments)
        wait([answering, guard().locked], return_when=FIRST_COMPLETED)
        if guard().locked.done():
            # The process ends now. What the view still does is lost, unless it has kept it in the outbox.
            return otherwise(**arguments)
        return answering.result()

    return run


@blueprint.get("/unlock")
def unlock() -> Answer | Response:
    """Ask for the passphrase; as long as what was kept is being opened, say how far that is."""
    kept = request.args.get("kept") == "yes"
    if guard().is_open:
        return _then(request.args.get("then", ""))
    preparing = guard().preparing
    if preparing is None:
        return render_template("unlock.html", problem="", kept=kept)
    response = Response(render_template("preparing.html", stage=preparing.progress.stage, kept=kept))
    # Without a script. It is no use of the program, which locks itself all the same.
    response.headers["Refresh"] = "1"
    return response


@blueprint.post("/unlock")
def enter() -> Answer:
    """Take the passphrase."""
    try:
        guard().unlock(request.form.get("passphrase", ""))
    except KeyFileError as error:
        return render_template("unlock.html", problem=str(error), kept=request.args.get("kept") == "yes"), 403
    return _then(request.args.get("then", ""))


def _then(wanted: str) -> BaseResponse:
    """Where one wanted to be. Whatever stands there leads to nothing but below our own path."""
    then = quote(wanted.lstrip("/"), safe="/?&=%#")
    return redirect(f"{request.script_root}/{then}", 303)


@blueprint.post("/lock")
def lock() -> BaseResponse:
    """End this process: the next one is locked."""
    guard().lock()
    return to_unlock()


@blueprint.get("/reports")
@unlocked
def queue(workspace: Workspace) -> str:
    """The reports that fit what was chosen."""
    chosen = asked(workspace)
    return render_template(
        "queue.html",
        workspace=workspace,
        page=workspace.book.queue(chosen, request.args.get("page", 1, int)),
        fields=fields(),
        questions=[field for field in fields() if field not in (*WORK, *COLUMNS)],
        wanted=chosen,
        address=address(request.args),
        due=request.args.get("due", ""),
        quiet=request.args.get("quiet", ""),
        text=request.args.get("text", ""),
        asks_more=asks_more(request.args),
        people=workspace.people.reviewers(),
        statuses=STATUSES,
        unsent=unsent(workspace),
        filters=saved_filters(workspace),
    )


def asked(workspace: Workspace) -> Wanted:
    """What the address asks for."""
    chosen, text = wanted(request.args, workspace.people.me), request.args.get("text", "")
    return replace(chosen, text=sought(text, workspace)) if text else chosen


def saved_filters(workspace: Workspace) -> list[SavedFilter]:
    """The filters that the team saved, and those of whoever is here."""
    saved = workspace.team.standing().outcomes(SavedFilter)
    return [each for each in saved if not each.retired and each.owner in ("", workspace.people.me)]


def unsent(workspace: Workspace) -> Sequence[Unsent]:
    """What was written for a tip and has not left, drafts first."""
    return [each for each in (*workspace.sending.drafts, *workspace.sending.under_way) if not each.makes]


@blueprint.post("/sync")
@unlocked
def sync(workspace: Workspace) -> BaseResponse:
    """Fetch what is new, and send what waits; the page on which that was asked for is there again then."""
    workspace.sending.hurry()
    workspace.fetch()
    return _then(request.form.get("then", ""))


@blueprint.get("/tips/<tip_id>")
@unlocked
def tip(workspace: Workspace, tip_id: str) -> str:
    """One tip, whole. The log is told that it was shown, and its source that somebody has opened it."""
    opened = workspace.book.tip(tip_id)
    if opened is None:
        # It is still under way, and nobody is told anything.
        return tip_page(workspace, chosen_tip(workspace, tip_id))
    if opened.is_shut_out:
        # As nothing of it is shown, nobody is told; but that it is there is nothing new any more.
        workspace.looks.keep(opened.id, opened.items)
        return tip_page(workspace, opened)
    if opened.dossier:
        return tip_page(workspace, opened)
    return tip_page(workspace, opened, seen=workspace.looks.look(opened))


@blueprint.get("/tips/<tip_id>/translation")
@unlocked
def translation(workspace: Workspace, tip_id: str) -> str:
    """All that the source wrote, each paragraph beside a field for its translation. Nothing is sent to any service."""
    return tip_page(workspace, chosen_tip(workspace, tip_id), template=TRANSLATION)


def tip_page(
    workspace: Workspace,
    opened: OpenTip,
    problem: str = "",
    typed: Mapping[str, Mapping[str, str]] | None = None,
    seen: frozenset[str] | None = None,
    template: str = "tip.html",
) -> str:
    """A page of a tip, which the log is told of; of one that is restricted to others, that it is.

    `typed`: by kind, a form whose content is not kept; `seen`: what it held at the last look.
    """
    if opened.is_shut_out:
        return render_template("restricted.html", workspace=workspace, tip=opened, address=address(request.args))
    if opened.dossier:
        # It is no report: nobody is told that it was looked at, as on the team's own page.
        template = "dossier.html"
    elif workspace.book.tip(opened.id) is not None:
        workspace.looks.look_in_part(opened)
    chosen_reports = asked(workspace)
    forms = {filled["form"] for filled in (typed or {}).values() if "form" in filled}
    standing, ahead = workspace.book.standing(opened), workspace.book.ahead(opened.id)
    judged, chosen = acts(standing), _chosen_act(typed or {})
    particular = uses(opened, standing)
    return render_template(
        template,
        workspace=workspace,
        tip=opened,
        standing=standing,
        paragraphs=paragraphs(opened, standing),
        guessed=guess(opened.narrative),
        acts=judged,
        chosen_act=chosen,
        timeline=timeline(judged),
        told=labels.groups(opened.account),
        first=[labels.told(key, opened.account) for key in COLUMNS if key in opened.account.once],
        shows_all=bool(chosen) or request.args.get("all") == "yes",
        most_at_once=_MOST_AT_ONCE,
        referrals=referrals(standing, grounds(opened, standing)),
        approvals_asked=approvals_asked(standing),
        uses=particular,
        strays=strays(opened, standing),
        offered={Referral.kind: {"consent": {use.name: phrases.offered(use) for use in particular if use.stands}}},
        notes=opened.written_as(Note),
        handed=opened.written_as(Handed),
        watched=watched(workspace, opened),
        people=workspace.people.reviewers(),
        statuses=STATUSES,
        problem=problem,
        typed=typed or {},
        form=next(iter(forms), "") or new_form(),
        is_new=lambda item: seen is not None and item != "" and item not in seen | ahead.items,
        address=address(request.args),
        neighbours=workspace.book.neighbours(chosen_reports, opened.id),
        drafts=[each for each in workspace.sending.drafts if each.tip == opened.id and each.form not in forms],
        under_way=[each for each in workspace.sending.under_way if each.tip == opened.id],
        templates=templates(workspace, opened.language),
    )


def _chosen_act(typed: Mapping[str, Mapping[str, str]]) -> str:
    """The act that is worked on: that whose form was filled in, or that was chosen."""
    return next((filled["act"] for filled in typed.values() if filled.get("act")), request.args.get("act", ""))


def templates(workspace: Workspace, language: str) -> list[Template]:
    """The team's texts that replies begin with: those in a language first."""
    offered = (event for event in workspace.team.standing().outcomes(Template) if not event.retired)
    return sorted(offered, key=lambda event: (event.language != language, event.language))


def within(address: str) -> str:
    return address.removeprefix(request.script_root)


def chosen_tip(workspace: Workspace, tip_id: str) -> OpenTip:
    """The tip of this id, here or still under way; 404 if there is none."""
    return workspace.tip(tip_id) or abort(404)
