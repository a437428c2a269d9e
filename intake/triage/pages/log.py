"""The page of the log: alarms and what to do about them, evidence, and what others were shown."""

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for

from intake.protocol.audit import AuditError
from intake.protocol.wire import WireError
from intake.triage.desk.client import DeskError
from intake.triage.fetching.accepting import NoRestoreError
from intake.triage.fetching.checkpoints import Compared, NotACheckpointError
from intake.triage.fetching.evidence import EVIDENCE
from intake.triage.mirror.aside import LONGEST_REASON
from intake.triage.pages import phrases
from intake.triage.pages.views import Answer, guard, to_unlock, unlocked
from intake.triage.workspace import Workspace
from intake.triage.workspace.alarms import ELSEWHERE, whom_to_call

blueprint = Blueprint("log", __name__)

COMPARED = {
    Compared.SAME: "It is the very tree that you were shown: you see the same log.",
    Compared.BEGINS_OURS: "It is the beginning of the tree that you were shown: you see the same log, and more of it.",
    Compared.LONGER: "It is of a longer log than you were shown so far. It is kept, and looked at as soon as the desk "
    "shows you as much.",
    Compared.CONTRADICTS: "The log shows the two of you different histories. Both are kept as evidence.",
}


@blueprint.get("/log")
@unlocked
def log(workspace: Workspace) -> Answer:
    """Everything of the log that a member has to see to."""
    return _page(workspace)


@blueprint.post("/log/compare")
@unlocked
def compare(workspace: Workspace) -> Answer:
    """Look at a checkpoint that somebody else was shown."""
    note = "\n".join(request.form.get("checkpoint", "").strip().splitlines()) + "\n"
    try:
        found = workspace.checkpoints.compare(note.encode("utf-8", "replace"), datetime.now(UTC).replace(microsecond=0))
    except NotACheckpointError as error:
        return _page(workspace, problem=f"Nothing was compared: {error}."), 422
    return _page(workspace, compared=COMPARED[found])


@blueprint.post("/log/aside/<alarm>")
@unlocked
def put_aside(workspace: Workspace, alarm: str) -> Answer:
    """Put an alarm aside, with a word of reason."""
    found = next((each for each in workspace.alarms if each.id == alarm), None) or abort(404)
    reason = " ".join(request.form.get("reason", "").split())
    if not 1 <= len(reason) <= LONGEST_REASON:
        problem = f"An alarm is put aside with a reason of 1 to {LONGEST_REASON} characters."
        return _page(workspace, problem=problem), 422
    workspace.put_aside(found, reason)
    return redirect(url_for("log.log"), 303)


@blueprint.post("/log/restored")
@unlocked
def accept_restore(workspace: Workspace) -> Answer:
    """Accept that a copy of the server was put back, as its operator declares, and lock."""
    reason = " ".join(request.form.get("reason", "").split())
    if not 1 <= len(reason) <= LONGEST_REASON:
        return _page(workspace, problem=f"It is accepted with a reason of 1 to {LONGEST_REASON} characters."), 422
    try:
        workspace.accept_restore(reason)
    except (NoRestoreError, AuditError, DeskError, WireError) as error:
        return _page(workspace, problem=f"Nothing was accepted: {error}."), 409
    # What is open is of the log that was given up.
    guard().lock()
    return to_unlock()


@blueprint.get("/log/evidence/<name>")
@unlocked
def evidence(workspace: Workspace, name: str) -> Answer:
    """A file of evidence, to be given to an auditor."""
    files = {path.name: path for path in workspace.evidence}
    response = Response((files.get(name) or abort(404)).read_bytes(), mimetype="text/plain")
    response.headers["Content-Disposition"] = phrases.attachment(f"{EVIDENCE}-{name}")
    return response


def _page(workspace: Workspace, *, problem: str = "", compared: str = "") -> str:
    newest = workspace.checkpoints.newest
    return render_template(
        "log.html",
        workspace=workspace,
        problem=problem,
        compared=compared,
        call=whom_to_call(workspace.log, workspace.people.me),
        newest=newest,
        note="" if newest is None else newest.received.note.decode(),
        most=LONGEST_REASON,
        last_reason=workspace.aside.last_reason(ELSEWHERE),
    )
