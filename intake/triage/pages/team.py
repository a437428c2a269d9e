"""What the team sets for all its reports: labels, saved filters, duties, a watch list. Kept as a dossier of its own."""

from collections.abc import Sequence

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from intake.report.events import Duty, LabelName, Template, WatchTerm
from intake.report.payloads import TEAM, Payload
from intake.triage.outbox.sending import SealError
from intake.triage.outbox.unsent import OutboxError, TypedForm, Unsent, new_form
from intake.triage.pages import kept
from intake.triage.pages.forms import FormError, read_form
from intake.triage.pages.views import Answer, saved_filters, to_unlock, unlocked
from intake.triage.pages.wanted import today
from intake.triage.pages.writing import OF_TEAM
from intake.triage.reading.standing import Change
from intake.triage.workspace import MOST_WATCHED, Workspace

blueprint = Blueprint("team", __name__, url_prefix="/team")


@blueprint.get("")
@unlocked
def team(workspace: Workspace) -> str:
    """All that is set."""
    return _page(workspace, news=workspace.team.look())


def _keep(kind: str) -> Answer:
    """Where it is locked, what was to be set is kept as a draft."""
    return kept.keep(TEAM, kind, lambda: read_form(kind, request.form)) if kind in OF_TEAM else to_unlock()


def _write(workspace: Workspace, kind: str) -> Answer:
    """Set something for all."""
    if kind not in OF_TEAM:
        abort(404)
    form, draft = request.form.get("form") or new_form(), request.form.get("draft", "")
    try:
        payload = read_form(kind, request.form)
        _require_fitting(workspace, payload)
        workspace.write_for_team(form, payload, draft)
    except FormError as error:
        return _page(workspace, f"Not saved: {error}.", kind, request.form), 400
    except (OutboxError, SealError) as error:
        return _page(workspace, f"Not saved: {error}.", kind, request.form), 500
    return redirect(url_for("team.team", _anchor=kind), 303)


def _require_fitting(workspace: Workspace, payload: Payload) -> None:
    """Raise `FormError` if what is set already has a label of this name, or as many terms as can be watched for."""
    match payload:
        case LabelName(retired=False):
            offered = [each for each in workspace.team.standing().outcomes(LabelName) if not each.retired]
            if any(each.label != payload.label and each.name.casefold() == payload.name.casefold() for each in offered):
                raise FormError("there is a label of this name already")
        case WatchTerm(retired=False):
            if payload.watch not in (watched := workspace.team.watch_terms()) and len(watched) == MOST_WATCHED:
                raise FormError(f"{MOST_WATCHED} terms are watched for: end one of them first")


blueprint.post("/<kind>", endpoint="write")(unlocked(_write, otherwise=_keep))


@blueprint.get("/unsent/<item>")
@unlocked
def go_on(workspace: Workspace, item: str) -> str:
    """The form of something for all, as it was filled in when the program locked."""
    kind, given = kept.found(workspace, TEAM, item, OF_TEAM)
    return _page(workspace, kept.says(kind, given), kind, given)


def _page(
    workspace: Workspace,
    problem: str = "",
    kind: str = "",
    filled: MultiDict[str, str] | None = None,
    news: Sequence[Change] = (),
) -> str:
    standing, given = workspace.team.standing(), filled or MultiDict()
    return render_template(
        "team.html",
        workspace=workspace,
        standing=standing,
        labels_of_team=[event for event in standing.outcomes(LabelName) if not event.retired],
        filters=saved_filters(workspace),
        watch_terms=[event for event in standing.outcomes(WatchTerm) if not event.retired],
        most_watched=MOST_WATCHED,
        duties=sorted(standing.outcomes(Duty), key=lambda duty: duty.since),
        templates=[event for event in standing.outcomes(Template) if not event.retired],
        dossiers=workspace.book.team(),
        people=workspace.people.reviewers(),
        news=news,
        problem=problem,
        typed={kind: given},
        form=new_form(),
        drafts=[each for each in workspace.sending.drafts if _is_set(each) and each.item != given.get("draft")],
        under_way=[each for each in workspace.sending.under_way if each.kind in OF_TEAM],
        today=today().isoformat(),
    )


def _is_set(unsent: Unsent) -> bool:
    """Whether it is something for all."""
    return (unsent.payload.of if isinstance(unsent.payload, TypedForm) else unsent.kind) in OF_TEAM


def on_duty(workspace: Workspace) -> list[str]:
    """The keys of those who have duty today."""
    day = today().isoformat()
    duties: list[Duty] = workspace.team.standing().outcomes(Duty)
    return [duty.member for duty in duties if duty.member and duty.since <= day <= duty.until]
