"""The register of referrals, across all reports: what was handed on, and what is still to be done about it."""

from flask import Blueprint, render_template, request

from intake.report.events import REFERRED_TO
from intake.triage.book.register import LATE, OPEN, ORDERS, TOLD, UNALLOWED, UNCHECKED, UNTOLD, Sought
from intake.triage.pages.views import unlocked
from intake.triage.pages.wanted import today
from intake.triage.workspace import Workspace

blueprint = Blueprint("referrals", __name__)

STATES = {
    UNALLOWED: "The source has not agreed, or not any more",
    UNCHECKED: "Without a second reviewer's harm check",
    LATE: "Answer late",
    OPEN: "Waiting for an answer",
    UNTOLD: "Answered, the source not told yet",
    TOLD: "Done: the source was told",
}
_ORDERS = {
    "pressing": "what presses most",
    "due": "the day on which an answer is due",
    "newest": "the newest first",
    "name": "to whom",
}
"""In words."""


@blueprint.get("/referrals")
@unlocked
def register(workspace: Workspace) -> str:
    """A page of the referrals that fit what was chosen."""
    order = request.args.get("order", "")
    sought = Sought(
        today=today().isoformat(),
        kinds=[kind for kind in request.args.getlist("kind") if kind in REFERRED_TO],
        states=[state for state in request.args.getlist("state") if state in STATES],
        order=order if order in ORDERS else ORDERS[0],
    )
    return render_template(
        "referrals.html",
        workspace=workspace,
        page=workspace.book.referrals(sought, request.args.get("page", 1, int)),
        sought=sought,
        address={"kind": sought.kinds, "state": sought.states, "order": sought.order},
        states=STATES,
        kinds=REFERRED_TO,
        orders=_ORDERS,
    )
