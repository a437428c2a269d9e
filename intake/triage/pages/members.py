"""The page of the members, who vouches for whom, and the notice of what changed among them."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from intake.protocol.card import Card, CardError, parse_card
from intake.protocol.index import is_day
from intake.protocol.logstate import LogState
from intake.protocol.roster import Member, RosterError
from intake.triage.desk.client import DeskError
from intake.triage.pages.views import Answer, asked, unlocked
from intake.triage.pages.wanted import address
from intake.triage.reading.membership import corrections, everyone
from intake.triage.workspace import Workspace

blueprint = Blueprint("members", __name__)

_LONGEST_CARD = 8_000


@blueprint.get("/members")
@unlocked
def members(workspace: Workspace) -> str:
    """Everyone who was ever enrolled, who is to be, and every correction of the log's clock."""
    return _members(workspace)


@blueprint.post("/members/seen")
@unlocked
def seen(workspace: Workspace) -> BaseResponse:
    """Somebody has looked at what changed, as far as the page told it."""
    workspace.acknowledge_members(request.form.get("size", 0, type=int))
    return redirect(url_for("members.members"), 303)


@blueprint.post("/members/card")
@unlocked
def card(workspace: Workspace) -> Answer:
    """Look at a card before anybody vouches for it."""
    return _of_card(workspace, vouches=False)


@blueprint.post("/members/vouch")
@unlocked
def vouch(workspace: Workspace) -> Answer:
    """Vouch for a card whose words were compared."""
    return _of_card(workspace, vouches=True)


@blueprint.get("/members/<key>/shut-out")
@unlocked
def ask_to_shut_out(workspace: Workspace, key: str) -> str:
    """What it means to shut somebody out."""
    return _shutting_out(workspace, _member(workspace, key))


@blueprint.post("/members/<key>/shut-out")
@unlocked
def shut_out(workspace: Workspace, key: str) -> Answer:
    """Say that somebody should be shut out."""
    member = _member(workspace, key)
    try:
        workspace.shut_out(member.card.key_id)
    except DeskError as error:
        return _shutting_out(workspace, member, str(error)), 502
    return redirect(url_for("members.members"), 303)


@blueprint.post("/members/<key>/unsay")
@unlocked
def unsay(workspace: Workspace, key: str) -> Answer:
    """Take back what was said of somebody."""
    try:
        workspace.unsay(key)
    except DeskError as error:
        return _members(workspace, f"Nothing was taken back: {error}"), 502
    return redirect(url_for("members.members"), 303)


@blueprint.get("/members/<key>/older")
@unlocked
def older(workspace: Workspace, key: str) -> Response:
    """How a colleague is let in to what came before them, and how far that is."""
    return _older_page(workspace, key)


@blueprint.post("/members/<key>/older")
@unlocked
def let_in(workspace: Workspace, key: str) -> Answer:
    """Let them in to all of it, or to what was chosen."""
    _require_colleague(workspace, key)
    lacking, since = _older(workspace, key), request.form.get("since", "")
    if request.form.get("which") == "since":
        if not is_day(since):
            return _older_page(workspace, key, "Write the day as in 2026-03-31, or choose all.", 400)
        team = _team(workspace)
        lacking = [tip for tip in lacking if tip in team or (workspace.book.day(tip) or "") >= since]
    elif request.form.get("which") == "filter":
        lacking = sorted(_fitting(workspace).intersection(lacking))
    workspace.let_in(key, lacking)
    return redirect(url_for("members.older", key=key, **address(request.args)), 303)


@blueprint.post("/members/<key>/stop")
@unlocked
def stop(workspace: Workspace, key: str) -> BaseResponse:
    """Let them in to no more."""
    workspace.letting.stop(key)
    return redirect(url_for("members.older", key=key, **address(request.args)), 303)


def _members(workspace: Workspace, problem: str = "") -> str:
    log, me = workspace.log, workspace.people.me
    return render_template(
        "members.html",
        workspace=workspace,
        listed=[] if log is None else everyone(log),
        corrections=[] if log is None else corrections(log),
        roster=None if log is None else log.roster,
        candidates=() if log is None else log.roster.candidates(_now(log)),
        accused=() if log is None else log.roster.accused(_now(log)),
        left=workspace.letting.left(),
        lacking={key: len(_older(workspace, key)) for key in workspace.people.reviewers() if key != me},
        address=address(request.args),
        problem=problem,
    )


def _older_page(workspace: Workspace, key: str, problem: str = "", status: int = 200) -> Response:
    name, lacking = _require_colleague(workspace, key), _older(workspace, key)
    narrowed, left = address(request.args), workspace.letting.left().get(key, 0)
    page = render_template(
        "older.html",
        workspace=workspace,
        key=key,
        name=name,
        lacking=len(lacking),
        left=left,
        address=narrowed,
        fitting=len(_fitting(workspace).intersection(lacking)) if narrowed else 0,
        problem=problem,
    )
    response = Response(page, status)
    if left and not workspace.settled.is_set():
        # Without a script: for as long as it goes on, the page says how far it is.
        response.headers["Refresh"] = "2"
    return response


def _require_colleague(workspace: Workspace, key: str) -> str:
    name = workspace.people.reviewers().get(key)
    return name if name is not None and key != workspace.people.me else abort(404)


def _older(workspace: Workspace, key: str) -> list[str]:
    return [] if workspace.log is None else workspace.letting.older(workspace.log, key)


def _fitting(workspace: Workspace) -> set[str]:
    """All that fits what the address asks for, and the dossiers that are the whole team's."""
    return _team(workspace) | workspace.book.fitting(asked(workspace))


def _team(workspace: Workspace) -> set[str]:
    return {tip.id for tip in workspace.book.team()}


def _of_card(workspace: Workspace, *, vouches: bool) -> Answer:
    log = _log(workspace)
    try:
        given = _given()
    except CardError as error:
        return _members(workspace, f"That can't be vouched for: {error}"), 400
    problem = ""
    if vouches and request.form.get("compared"):
        try:
            workspace.vouch(given)
        except DeskError as error:
            problem = str(error)
        else:
            return redirect(url_for("members.members"), 303)
    return _card(workspace, log, given, problem), 502 if problem else 200


def _given() -> Card:
    # Browsers send lines as CR LF; whoever pastes brings empty ones.
    lines = request.form.get("card", "")[:_LONGEST_CARD].replace("\r\n", "\n").strip("\n ")
    return parse_card(f"{lines}\n")


def _card(workspace: Workspace, log: LogState, given: Card, problem: str) -> str:
    return render_template(
        "member_card.html",
        workspace=workspace,
        candidate=log.roster.candidate(given, _now(log)),
        roster=log.roster,
        holders=[member for member in log.roster.holders(given.name) if member.card.key_id != given.key_id],
        before=log.roster.member(given.key_id),
        hindrance=_hindrance(lambda: log.roster.require_vouch(workspace.people.me, given)),
        problem=problem,
    )


def _shutting_out(workspace: Workspace, member: Member, problem: str = "") -> str:
    log = _log(workspace)
    return render_template(
        "member_shut_out.html",
        workspace=workspace,
        member=member,
        label=log.roster.label(member.card.key_id),
        hindrance=_hindrance(lambda: log.roster.require_shut_out(workspace.people.me, member)),
        needed=log.roster.needed_to_shut_out(member),
        problem=problem,
    )


def _hindrance(require: Callable[[], None]) -> str:
    """Why something can't be said, by the log as it was fetched last; empty if it can."""
    try:
        require()
    except RosterError as error:
        return str(error)
    return ""


def _log(workspace: Workspace) -> LogState:
    return workspace.log or abort(404)


def _member(workspace: Workspace, key: str) -> Member:
    return _log(workspace).roster.member(key) or abort(404)


def _now(log: LogState) -> datetime:
    return log.clock.time(datetime.now(UTC))
