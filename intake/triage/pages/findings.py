"""What auditors ask about reviewers, by the log, and what these say to it."""

import re

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from intake.findings.found import TITLES
from intake.findings.thresholds import explained
from intake.protocol.actions import ActionError
from intake.protocol.sentence import LONGEST_SENTENCE
from intake.triage.desk.client import DeskError
from intake.triage.pages.views import unlocked
from intake.triage.workspace import Workspace

blueprint = Blueprint("findings", __name__)

_ID = re.compile(r"[0-9a-f]{32}")


@blueprint.get("/findings")
@unlocked
def findings(workspace: Workspace) -> str:
    """What stands out, first what is about oneself."""
    return _page(workspace)


@blueprint.post("/findings")
@unlocked
def explain(workspace: Workspace) -> str | BaseResponse | tuple[str, int]:
    """Say something to a finding. It stands in the log before this is answered."""
    finding, says = (request.form.get(name, "").strip() for name in ("finding", "says"))
    if not _ID.fullmatch(finding):
        return _page(workspace, "A finding is named by its 32 digits, as the auditor sees them.", finding, says), 422
    try:
        workspace.explain(finding, says)
    except (ActionError, DeskError) as error:
        return _page(workspace, f"It was not sent: {error}.", finding, says), 422
    return redirect(url_for("findings.findings", _anchor=f"f{finding}"), 303)


def _page(workspace: Workspace, problem: str = "", finding: str = "", says: str = "") -> str:
    log, me = workspace.log, workspace.people.me
    record, found = (None, []) if log is None else workspace.asked.look(log)
    return render_template(
        "findings.html",
        workspace=workspace,
        found=sorted(found, key=lambda each: me not in each.who),
        answers={} if record is None else record.answers,
        name=lambda key: key if log is None or log.roster.member(key) is None else log.roster.label(key),
        titles=TITLES,
        thresholds=explained(),
        longest=LONGEST_SENTENCE,
        problem=problem,
        finding=finding,
        says=says,
    )
