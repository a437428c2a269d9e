"""The page of the members, and the notice of what changed among them."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from intake.triage.pages.views import unlocked
from intake.triage.reading.membership import corrections, everyone
from intake.triage.workspace import Workspace

blueprint = Blueprint("members", __name__)


@blueprint.get("/members")
@unlocked
def members(workspace: Workspace) -> str:
    """Everyone who was ever enrolled, and every correction of the log's clock."""
    listed, corrected = ([], []) if workspace.log is None else (everyone(workspace.log), corrections(workspace.log))
    return render_template("members.html", workspace=workspace, listed=listed, corrections=corrected)


@blueprint.post("/members/seen")
@unlocked
def seen(workspace: Workspace) -> BaseResponse:
    """Somebody has looked at what changed, as far as the page told it."""
    workspace.acknowledge_members(request.form.get("size", 0, type=int))
    return redirect(url_for("members.members"), 303)
