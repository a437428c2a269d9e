"""The page of who can read a report, on which it is restricted to some reviewers, or opened to all again."""

from collections.abc import Sequence

from flask import Blueprint, abort, redirect, render_template, request, url_for

from intake.triage.desk.client import DeskError
from intake.triage.pages.views import Answer, unlocked
from intake.triage.pages.wanted import address
from intake.triage.reading.opentip import OpenTip
from intake.triage.workspace import Workspace
from intake.triage.workspace.renewing import RenewalError

blueprint = Blueprint("restricting", __name__)


@blueprint.get("/tips/<tip_id>/readers")
@unlocked
def readers(workspace: Workspace, tip_id: str) -> Answer:
    """Who can read it, and what restricting it does."""
    return _page(workspace, _readable(workspace, tip_id))


@blueprint.post("/tips/<tip_id>/readers")
@unlocked
def restrict(workspace: Workspace, tip_id: str) -> Answer:
    """Restrict it to those who were chosen and whoever is here; or open it to all, or give it a new key.

    Where nobody else was chosen, it is asked once more.
    """
    tip = _readable(workspace, tip_id)
    people, chosen = workspace.people.reviewers(), {*request.form.getlist("reader"), workspace.people.me}
    if not chosen <= people.keys():
        return _page(workspace, tip, "Somebody whom you chose is no reviewer any more. Choose again."), 400
    if "lift" in request.form:
        chosen = set()
    elif "renew" in request.form:
        chosen = set() if tip.restriction is None else people.keys() & set(tip.restriction.readers)
    elif chosen == people.keys():
        return _page(workspace, tip, "All of your team would read it, as they do without that."), 400
    elif len(chosen) == 1 and "alone" not in request.form:
        # Nothing chosen is what the form comes with: one press must not shut everybody else out.
        return _page(workspace, tip, left_out=[name for key, name in people.items() if key not in chosen])
    try:
        workspace.restrict(tip.id, chosen)
    except (DeskError, RenewalError) as error:
        return _page(workspace, tip, f"Not done: {error}."), 409
    return redirect(url_for("triage.tip", tip_id=tip.id, **address(request.args)), 303)


def who_reads(workspace: Workspace, tip: OpenTip) -> str:
    """Who can read it, in words: the reviewers whom it is restricted to, or all but those who came after it."""
    if tip.restriction is not None:
        return tip.restriction.says
    log, people = workspace.log, workspace.people.reviewers()
    lacking = [] if log is None else [people[key] for key in workspace.letting.lacked_by(log, tip.id) if key in people]
    if not lacking:
        return "Every reviewer."
    return (
        f"Every reviewer but {' and '.join(lacking)}: it came before they were enrolled, and nobody has let them in. "
        "That is done on the page Members."
    )


def _page(workspace: Workspace, tip: OpenTip, problem: str = "", left_out: Sequence[str] = ()) -> str:
    return render_template(
        "readers.html",
        workspace=workspace,
        tip=tip,
        people=workspace.people.reviewers(),
        problem=problem,
        left_out=left_out,
        address=address(request.args),
    )


def _readable(workspace: Workspace, tip_id: str) -> OpenTip:
    """A report that is open here, and on the server; or one that nobody is left to read."""
    tip = workspace.book.tip(tip_id)
    if tip is None or tip.dossier or not (tip.identities or tip.is_abandoned):
        abort(404)
    return tip
