"""The same for several reports at once, after a page that says for which, and where these stand."""

from collections.abc import Sequence

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from intake.report.events import STATUSES, Assignment, DeletionReason, Due, Label, Status
from intake.report.payloads import TEAM, Payload
from intake.triage.book import PAGE
from intake.triage.outbox.sending import SealError
from intake.triage.outbox.unsent import OutboxError, TypedForm, Unsent, new_form
from intake.triage.pages import kept
from intake.triage.pages.forms import FormError, read_form
from intake.triage.pages.phrases import labels_by_id
from intake.triage.pages.views import Answer, unlocked
from intake.triage.pages.wanted import address
from intake.triage.reading.opentip import OpenTip
from intake.triage.workspace import Workspace

blueprint = Blueprint("bulk", __name__, url_prefix="/bulk")

KINDS = {
    Assignment.kind: "Assign these",
    Label.kind: "Label these",
    Due.kind: "Set a due date for these",
    Status.kind: "Set the status of these",
    DeletionReason.kind: "Propose to delete these",
}
"""What can be done with several at once, in words."""


def _keep() -> Answer:
    """Where it is locked, what was chosen and filled in is kept: for which reports that is to be done, is said then."""
    _kind(request.form)
    fields = TypedForm(kept.SEVERAL, kept.as_json(request.form))
    return kept.seal(Unsent.typed(request.form.get("form") or new_form(), TEAM, fields))


def _ask(workspace: Workspace) -> Answer:
    """Ask what shall change, and say of which."""
    return _page(workspace, request.form)


blueprint.post("/ask", endpoint="ask")(unlocked(_ask, otherwise=_keep))


@blueprint.get("/unsent/<item>")
@unlocked
def go_on(workspace: Workspace, item: str) -> Answer:
    """The same, as it was filled in when the program locked."""
    _, given = kept.found(workspace, TEAM, item, (kept.SEVERAL,))
    return _page(workspace, given, "This was filled in when the program locked. Nothing was changed.")


def _do(workspace: Workspace) -> Answer:
    """Change it. What went wrong midway is said; what was written by then is written."""
    form = request.form.get("form") or new_form()
    try:
        changes = [(tip, _payload(tip)) for tip in _tips(workspace, request.form)]
        for tip, payload in changes:
            workspace.write(Unsent.typed(form, tip.id, payload))
    except FormError as error:
        return _page(workspace, request.form, f"Nothing was changed: {error}."), 400
    except (OutboxError, SealError) as error:
        return _page(workspace, request.form, f"Not all was changed: {error}."), 500
    kept.drop(workspace, request.form.get("draft", ""))
    return redirect(url_for("triage.queue", **address(request.args)), 303)


blueprint.post("/do", endpoint="do")(unlocked(_do, otherwise=_keep))


def _page(workspace: Workspace, given: MultiDict[str, str], problem: str = "") -> str:
    tips, kind = _tips(workspace, given), _kind(given)
    return render_template(
        "bulk.html",
        workspace=workspace,
        kind=kind,
        says=KINDS[kind],
        tips=[(tip, workspace.book.standing(tip)) for tip in tips],
        people=workspace.people.reviewers(),
        statuses=STATUSES,
        team_labels={key: label for key, label in labels_by_id(workspace).items() if not label.retired},
        typed=given,
        address=address(request.args),
        problem=problem or ("" if tips else "No report was chosen."),
        form=given.get("form") or new_form(),
    )


def _kind(given: MultiDict[str, str]) -> str:
    kind = given.get("kind", "")
    return kind if kind in KINDS else abort(400)


def _tips(workspace: Workspace, given: MultiDict[str, str]) -> Sequence[OpenTip]:
    """Those chosen that are here: no more than stand on a page."""
    chosen = dict.fromkeys(given.getlist("tip")[:PAGE])
    found = (workspace.book.tip(name) for name in chosen)
    return [tip for tip in found if tip is not None and not tip.is_shut_out]


def _payload(tip: OpenTip) -> Payload:
    """What the form says, for one of them: whoever filled it in had seen what the page said of that one."""
    given = MultiDict(request.form)
    given["seen"] = given.get(f"seen-{tip.id}", "")
    return read_form(_kind(given), given)
