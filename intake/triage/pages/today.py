"""Today: what needs a decision, the most pressing first, each with why it is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template
from werkzeug.datastructures import MultiDict

from intake.report.events import ENDED, STATUSES
from intake.triage.book import Book, Row
from intake.triage.book.traits import ASKED, CHANGED, NEW, NOBODY, READ, UNFOUNDED, UNSET, YES
from intake.triage.pages.team import on_duty
from intake.triage.pages.views import unlocked, unsent
from intake.triage.pages.wanted import ME, wanted
from intake.triage.workspace import Workspace

blueprint = Blueprint("today", __name__)

_SHOWN = 10
"""Tips a reason: the next reason is to be in sight too. All of them are one click away."""

_SOMEBODY = ("target", "relative", "both")
_OPEN = tuple(status for status in STATUSES if status not in ENDED)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why tips stand here, in words, and what one asks the queue for to see them all.

    `also_ended`: those on which work has ended, too. `is_for_leads`: nobody else can decide it.
    """

    says: str
    asked: Mapping[str, Sequence[str]]
    also_ended: bool = False
    is_for_leads: bool = False

    @property
    def address(self) -> Mapping[str, Sequence[str]]:
        """All that is asked for."""
        return self.asked if self.also_ended else {"status": _OPEN, **self.asked}


REASONS = (
    Reason("Somebody is detained now", {"detained_now": _SOMEBODY}),
    Reason("Somebody is missing now", {"missing_now": _SOMEBODY}),
    Reason("It is happening now", {"urgency": ("now",)}),
    Reason("Something was expected within three days", {"urgency": ("within_72h",)}),
    Reason("Due within three days, or late", {"due": ("3days",), "order": ("due",)}),
    Reason("Two set the same thing, and neither had seen the other's change", {"contested": (YES,)}, also_ended=True),
    Reason("The source names a date that matters, and nobody has set when it is due", {"deadline": (UNSET,)}),
    Reason("A referral rests on no consent, or one that was withdrawn", {"referral": (UNFOUNDED,)}, also_ended=True),
    Reason("A colleague asks you to let something leave", {"approval": (ASKED,)}, also_ended=True, is_for_leads=True),
    Reason("A message of the source has no answer", {"unanswered": (YES,), "order": ("unanswered",)}, also_ended=True),
    Reason("Yours, and due within a week or late", {"assigned": (ME,), "due": ("week",), "order": ("due",)}),
    Reason("On the watch list, and new since your last look", {"watched": (YES,), "unread": (NEW, CHANGED)}),
    Reason("New since your last look", {"unread": (NEW, CHANGED), "order": ("day",)}),
    Reason("You looked at it, and nobody has taken it", {"unread": (READ,), "assigned": (NOBODY,)}),
)
"""In the order in which they press."""


@dataclass(frozen=True, slots=True, repr=False)
class Section:
    """The first tips that stand here for this reason and for none before it, and of how many in all it is true."""

    reason: Reason
    rows: Sequence[Row]
    tips: int


@blueprint.get("/")
@unlocked
def today(workspace: Workspace) -> str:
    """The first page after unlocking."""
    found, reasons = sections(
        workspace.book, workspace.people.me, workspace.retention, is_lead=workspace.approvals.is_lead
    )
    return render_template(
        "today.html",
        workspace=workspace,
        sections=found,
        reasons=reasons,
        unsent=unsent(workspace),
        duty=on_duty(workspace),
        news=workspace.team.news(),
    )


def kept_long(months: int) -> Reason:
    """That reports are closed, and nobody has written anything for so many months: the team's rule in the log."""
    asked = {"status": tuple(sorted(ENDED)), "quiet": (str(months),), "order": ("active",)}
    return Reason(f"Closed, and unchanged for {months} months: choose those to propose for deletion", asked)


def sections(
    book: Book, me: str, retention: int | None, *, is_lead: bool
) -> tuple[list[Section], Mapping[str, Sequence[str]]]:
    """What needs a decision, and by tip every reason why. `retention`: after how many months closed reports do."""
    found: list[Section] = []
    shown: set[str] = set()
    reasons: dict[str, list[str]] = {}
    pressing = (reason for reason in REASONS if is_lead or not reason.is_for_leads)
    for reason in (*pressing, *(() if retention is None else (kept_long(retention),))):
        asked = MultiDict((name, value) for name, values in reason.address.items() for value in values)
        page = book.queue(wanted(asked, me))
        rows = [row for row in page.rows if row.tip not in shown][:_SHOWN]
        found.append(Section(reason, rows, page.tips))
        shown |= {row.tip for row in rows}
        for row in page.rows:
            reasons.setdefault(row.tip, []).append(reason.says)
    return found, reasons
