"""The page of the members, and the notice of what changed among them."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from intake.triage.pages.views import unlocked
from intake.triage.reading.membership import corrections, everyone
from intake.triage.work import Work

blueprint = Blueprint("members", __name__)


@blueprint.get("/members")
@unlocked
def members(work: Work) -> str:
    """Everyone who was ever enrolled, and every correction of the log's clock."""
    listed, corrected = ([], []) if work.log is None else (everyone(work.log), corrections(work.log))
    return render_template("members.html", work=work, listed=listed, corrections=corrected)


@blueprint.post("/members/seen")
@unlocked
def seen(work: Work) -> BaseResponse:
    """Somebody has looked at what changed."""
    work.acknowledge_members()
    return redirect(url_for("members.members"), 303)
