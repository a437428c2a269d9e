"""The page of the members, and the notice of what changed among them."""

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from intake.protocol.index import is_day
from intake.triage.pages.views import asked, unlocked
from intake.triage.pages.wanted import address
from intake.triage.reading.membership import corrections, everyone
from intake.triage.workspace import Workspace

blueprint = Blueprint("members", __name__)


@blueprint.get("/members")
@unlocked
def members(workspace: Workspace) -> str:
    """Everyone who was ever enrolled, and every correction of the log's clock."""
    listed, corrected = ([], []) if workspace.log is None else (everyone(workspace.log), corrections(workspace.log))
    left = workspace.letting.left()
    lacking = {key: len(_older(workspace, key)) for key in workspace.people.reviewers() if key != workspace.people.me}
    return render_template(
        "members.html",
        workspace=workspace,
        listed=listed,
        corrections=corrected,
        left=left,
        lacking=lacking,
        address=address(request.args),
    )


@blueprint.get("/members/<key>/older")
@unlocked
def older(workspace: Workspace, key: str) -> Response:
    """How a colleague is let in to what came before them, and how far that is."""
    return _older_page(workspace, key)


@blueprint.post("/members/<key>/older")
@unlocked
def let_in(workspace: Workspace, key: str) -> BaseResponse | tuple[Response, int]:
    """Let them in to all of it, or to what was chosen."""
    _require_colleague(workspace, key)
    lacking, since = _older(workspace, key), request.form.get("since", "")
    if request.form.get("which") == "since":
        if not is_day(since):
            return _older_page(workspace, key, "Write the day as in 2026-03-31, or choose all."), 400
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


def _older_page(workspace: Workspace, key: str, problem: str = "") -> Response:
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
    response = Response(page)
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


@blueprint.post("/members/seen")
@unlocked
def seen(workspace: Workspace) -> BaseResponse:
    """Somebody has looked at what changed, as far as the page told it."""
    workspace.acknowledge_members(request.form.get("size", 0, type=int))
    return redirect(url_for("members.members"), 303)
