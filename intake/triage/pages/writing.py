"""What reviewers write: there at once and never lost, whether or not the desk can be reached, or the program locks."""

from flask import Blueprint, abort, redirect, render_template, request, url_for

from intake.report.payloads import STATUSES
from intake.triage.outbox.sending import SealError, Whereabouts
from intake.triage.outbox.unsent import OutboxError, Unsent, new_form
from intake.triage.pages.views import Answer, guard, tip_page, to_unlock, unlocked
from intake.triage.workspace import Workspace

blueprint = Blueprint("writing", __name__)

LONGEST_TEXT = 50_000
_GONE = "It waits here no more: it has been sent, or was taken back already."
_TOO_LATE = {
    Whereabouts.THERE: "Not taken back: it has been sent already.",
    Whereabouts.UNCERTAIN: (
        "It is sent no more, but it had begun to leave and may have arrived. If so, it comes back with one of the next "
        "fetches."
    ),
}


def _keep(tip_id: str, kind: str) -> Answer:
    """Where it is locked, what was typed is sealed to whoever unlocks it, and is there then."""
    unsent = _typed(tip_id, kind)
    if not unsent.text:
        return to_unlock(tip_id=tip_id)
    try:
        guard().keep(unsent)
    except OutboxError as error:
        return render_template(
            "unlock.html", problem=f"{error}. Go back: your browser may still have it", kept=False
        ), 409
    return to_unlock(tip_id=tip_id, kept="yes")


def _write(workspace: Workspace, tip_id: str, kind: str) -> Answer:
    """Set the status, add a note, or reply. It leaves by itself; what was typed stays if it can't be kept."""
    unsent = _typed(tip_id, kind)
    opened = workspace.book.tip(tip_id)
    if opened is not None and (problem := _wrong(unsent)):
        return tip_page(workspace, opened, f"Not saved: {problem}.", {kind: unsent.text}, unsent.form), 400
    try:
        workspace.write(unsent, request.form.get("draft", ""))
    except OutboxError as error:
        if opened is None:
            return render_template("problem.html", says=f"{error}. Go back: your browser may still have it."), 500
        return tip_page(workspace, opened, f"Not saved: {error}.", {kind: unsent.text}, unsent.form), 500
    except SealError as error:
        return tip_page(
            workspace, opened or abort(404), f"Not sent: {error}. What you wrote is kept below, sealed."
        ), 400
    # It may have been withdrawn, or not be shown any more: the queue shows what was written for it.
    where = url_for("triage.tip", tip_id=tip_id, _anchor=kind) if opened else url_for("triage.queue")
    return redirect(where, 303)


blueprint.post("/tips/<tip_id>/<any(status, note, reply):kind>", endpoint="write")(unlocked(_write, otherwise=_keep))


@blueprint.post("/tips/<tip_id>/unsent/<item>/discard")
@unlocked
def discard(workspace: Workspace, tip_id: str, item: str) -> Answer:
    """Forget something that was not sent; where it was too late for that, say so."""
    waits = {each.item for each in (*workspace.sending.drafts, *workspace.sending.under_way)}
    says = _TOO_LATE.get(workspace.discard(item)) if item in waits else _GONE
    opened = workspace.book.tip(tip_id)
    if opened is None:
        return redirect(url_for("triage.queue"), 303)
    if says:
        return tip_page(workspace, opened, says), 409
    return redirect(url_for("triage.tip", tip_id=tip_id), 303)


def _typed(tip_id: str, kind: str) -> Unsent:
    text = request.form.get("text", "").replace("\r\n", "\n").strip()
    return Unsent.typed(request.form.get("form") or new_form(), tip_id, kind, text)


def _wrong(unsent: Unsent) -> str:
    """What is wrong with it, if anything."""
    if unsent.kind == "status" and unsent.text not in STATUSES:
        return "no status was chosen"
    if not unsent.text:
        return "nothing was written"
    if len(unsent.text) > LONGEST_TEXT:
        return f"this is longer than {LONGEST_TEXT:,} characters"
    return ""
