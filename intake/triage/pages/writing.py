"""What reviewers write: there at once and never lost, whether or not the desk can be reached, or the program locks."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, abort, redirect, render_template, request, url_for

from intake.report.events import TEAM_EVENTS, Act, Translation
from intake.report.payloads import Payload
from intake.triage.desk.client import DeskError
from intake.triage.outbox.sending import SealError, Whereabouts
from intake.triage.outbox.unsent import OutboxError, Unsent, new_form
from intake.triage.pages import kept
from intake.triage.pages.forms import FORMS, SEEN_FIRST, FormError, read_form
from intake.triage.pages.phrases import place_of
from intake.triage.pages.views import TRANSLATION, Answer, chosen_tip, tip_page, unlocked
from intake.triage.pages.wanted import address
from intake.triage.reading.calendars import ISLAMIC, CalendarError, propose
from intake.triage.reading.opentip import OpenTip
from intake.triage.workspace import Workspace
from intake.triage.workspace.approvals import UnapprovedError

blueprint = Blueprint("writing", __name__)

OF_TEAM = {made.kind for made in TEAM_EVENTS}
"""What is set for all reports, and is none's."""

_PROPOSE = "propose"
"""The name of the button that has a written date worked out."""

_CAUTIONS = {
    ISLAMIC: " This is by the calendar that Saudi Arabia announces: elsewhere it may be a day or two earlier or later.",
}
_GONE = "It waits here no more: it has been sent, or was taken back already."
_TOO_LATE = {
    Whereabouts.THERE: "Not taken back: it has been sent already.",
    Whereabouts.UNCERTAIN: (
        "It is sent no more, but it had begun to leave and may have arrived. If so, it comes back with one of the next "
        "fetches."
    ),
}


def _keep(tip_id: str, kind: str) -> Answer:
    return kept.keep(tip_id, kind, lambda: read_form(kind, request.form))


def _write(workspace: Workspace, tip_id: str, kind: str) -> Answer:
    """Take in a note or an event. It leaves by itself; what was filled in stays if it can't be kept."""
    opened = workspace.tip(tip_id)
    typed: Mapping[str, Mapping[str, str]] = {kind: request.form}
    template = TRANSLATION if kind == Translation.kind else "tip.html"
    if _PROPOSE in request.form and opened is not None:
        return _proposed(workspace, opened)
    try:
        workspace.write(_typed(tip_id, read_form(kind, request.form)), request.form.get("draft", ""))
    except (FormError, UnapprovedError, DeskError) as error:
        page = tip_page(workspace, opened or abort(404), f"Not saved: {error}.", typed, template=template)
        return page, _status_of(error)
    except OutboxError as error:
        if opened is None:
            return render_template("problem.html", says=f"{error}. Go back: your browser may still have it."), 500
        return tip_page(workspace, opened, f"Not saved: {error}.", typed, template=template), 500
    except SealError as error:
        return tip_page(
            workspace, opened or abort(404), f"Not sent: {error}. What you wrote is kept below, sealed."
        ), 400
    return redirect(_back(tip_id, kind) if opened else url_for("today.today"), 303)


def _status_of(error: FormError | UnapprovedError | DeskError) -> HTTPStatus:
    if isinstance(error, FormError):
        return HTTPStatus.BAD_REQUEST
    # The desk is asked at once where a lead approves: what that lets leave must find it in the log.
    return HTTPStatus.FORBIDDEN if isinstance(error, UnapprovedError) else HTTPStatus.BAD_GATEWAY


def _proposed(workspace: Workspace, opened: OpenTip) -> Answer:
    """The form of an act with the day that its written date may be. Nothing is saved."""
    filled = request.form.to_dict()
    calendar = filled.get("calendar", "")
    try:
        found = propose(calendar, filled.get("written", ""))
    except CalendarError as error:
        return tip_page(workspace, opened, f"No day was worked out: {error}.", {Act.kind: filled}), 400
    filled |= {"day": found.day, "precision": found.precision}
    days = f"{found.first}" if found.first == found.last else f"{found.first} to {found.last}"
    says = f"That is {days}, and stands in the form now. It is not saved yet."
    return tip_page(workspace, opened, says + _CAUTIONS.get(calendar, ""), {Act.kind: filled})


def _back(tip_id: str, kind: str) -> str:
    """The place on a page of the tip where that was written."""
    asked = address(request.args)
    if kind == Translation.kind:
        return url_for("triage.translation", tip_id=tip_id, _anchor=request.form.get("part", ""), **asked)
    if place_of(kind) == Act.kind:
        # A new act has the id of its form.
        act = request.form.get("act") or request.form.get("form", "")
        return url_for("triage.tip", tip_id=tip_id, _anchor=f"{Act.kind}-{act}", **asked)
    return url_for("triage.tip", tip_id=tip_id, _anchor=place_of(kind), **asked)


blueprint.post(f"/tips/<tip_id>/<any({', '.join(FORMS.keys() - OF_TEAM - SEEN_FIRST)}):kind>", endpoint="write")(
    unlocked(_write, otherwise=_keep)
)


@blueprint.get("/tips/<tip_id>/unsent/<item>")
@unlocked
def go_on(workspace: Workspace, tip_id: str, item: str) -> Answer:
    """The form of something for a report, as it was filled in when the program locked."""
    opened = chosen_tip(workspace, tip_id)
    kind, given = kept.found(workspace, tip_id, item, FORMS.keys() - OF_TEAM)
    template = TRANSLATION if kind == Translation.kind else "tip.html"
    return tip_page(workspace, opened, kept.says(kind, given), {kind: given}, template=template)


@blueprint.post("/tips/<tip_id>/unsent/<item>/discard")
@unlocked
def discard(workspace: Workspace, tip_id: str, item: str) -> Answer:
    """Forget something that was not sent; where it was too late for that, say so."""
    waits = {each.item: each for each in (*workspace.sending.drafts, *workspace.sending.under_way)}
    says = _TOO_LATE.get(workspace.discard(item)) if item in waits else _GONE
    opened = workspace.tip(tip_id)
    if not says and waits[item].kind in OF_TEAM:
        return redirect(url_for("team.team", _anchor=waits[item].kind), 303)
    if opened is None or opened.dossier:
        # What was to be made is a draft again, or the tip is gone.
        return (render_template("problem.html", says=says), 409) if says else redirect(url_for("today.today"), 303)
    if says:
        return tip_page(workspace, opened, says), 409
    return redirect(url_for("triage.tip", tip_id=tip_id), 303)


def _typed(tip_id: str, payload: Payload) -> Unsent:
    return Unsent.typed(request.form.get("form") or new_form(), tip_id, payload)
