"""What the team sets for all its reports: labels, saved filters, duties, a watch list. Kept as a dossier of its own."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from intake.report.events import Duty, LabelName, Template, WatchTerm
from intake.report.payloads import TEAM
from intake.triage.outbox.sending import SealError
from intake.triage.outbox.unsent import OutboxError, new_form
from intake.triage.pages.forms import FormError, read_form
from intake.triage.pages.views import Answer, saved_filters, to_unlock, unlocked
from intake.triage.pages.wanted import today
from intake.triage.pages.writing import OF_TEAM, keep
from intake.triage.workspace import Workspace

blueprint = Blueprint("team", __name__, url_prefix="/team")


@blueprint.get("")
@unlocked
def team(workspace: Workspace) -> str:
    """All that is set."""
    return _page(workspace)


def _keep(kind: str) -> Answer:
    """Where it is locked, what was to be set is kept as a draft."""
    return keep(TEAM, kind) if kind in OF_TEAM else to_unlock()


def _write(workspace: Workspace, kind: str) -> Answer:
    """Set something for all."""
    if kind not in OF_TEAM:
        abort(404)
    form, draft = request.form.get("form") or new_form(), request.form.get("draft", "")
    try:
        workspace.write_for_team(form, read_form(kind, request.form), draft)
    except FormError as error:
        return _page(workspace, f"Not saved: {error}.", kind), 400
    except (OutboxError, SealError) as error:
        return _page(workspace, f"Not saved: {error}.", kind), 500
    return redirect(url_for("team.team", _anchor=kind), 303)


blueprint.post("/<kind>", endpoint="write")(unlocked(_write, otherwise=_keep))


def _page(workspace: Workspace, problem: str = "", kind: str = "") -> str:
    standing = workspace.team()
    return render_template(
        "team.html",
        workspace=workspace,
        standing=standing,
        labels_of_team=[event for event in standing.outcomes(LabelName) if not event.retired],
        filters=saved_filters(workspace),
        watch_terms=[event for event in standing.outcomes(WatchTerm) if not event.retired],
        duties=sorted(standing.outcomes(Duty), key=lambda duty: duty.since),
        templates=[event for event in standing.outcomes(Template) if not event.retired],
        people=workspace.people(),
        problem=problem,
        typed={kind: request.form} if kind else MultiDict(),
        form=new_form(),
        drafts=[each for each in workspace.sending.drafts if each.kind in OF_TEAM],
        under_way=[each for each in workspace.sending.under_way if each.kind in OF_TEAM],
        today=today().isoformat(),
    )


def on_duty(workspace: Workspace) -> list[str]:
    """The keys of those who have duty today."""
    day = today().isoformat()
    duties: list[Duty] = workspace.team().outcomes(Duty)
    return [duty.member for duty in duties if duty.member and duty.since <= day <= duty.until]
