"""A colleague has lost their machine: what they left at the desk is fetched for them."""

from flask import Blueprint, Response, abort, render_template

from intake.triage.desk.client import DeskError
from intake.triage.pages import phrases
from intake.triage.pages.views import Answer, unlocked
from intake.triage.workspace import Workspace

blueprint = Blueprint("recovery", __name__)


@blueprint.get("/recovery")
@unlocked
def reviewers(workspace: Workspace) -> Answer:
    """Whose keys may be there."""
    return _page(workspace)


@blueprint.post("/recovery/<key>")
@unlocked
def fetch(workspace: Workspace, key: str) -> Answer:
    """The recovery file of a reviewer, as it is at the desk now."""
    member = (workspace.log and workspace.log.roster.member(key)) or abort(404)
    try:
        sealed = workspace.deposits.of(key)
    except DeskError as error:
        return _page(workspace, f"The recovery file of {member.card.name} can't be had: {error}."), 503
    response = Response(sealed, mimetype="application/octet-stream")
    response.headers["Content-Disposition"] = phrases.attachment(f"{member.card.name}.recovery")
    return response


def _page(workspace: Workspace, problem: str = "") -> str:
    members = () if workspace.log is None else workspace.log.roster.reviewers
    return render_template("recovery.html", workspace=workspace, members=members, problem=problem)
