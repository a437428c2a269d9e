"""Deleting reports: what is proposed, how long it can still be stopped, and the word of whoever is here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, abort, redirect, request, url_for

from intake.protocol.deletions import Proposal, Voice
from intake.report.events import DeletionReason
from intake.triage.outbox.unsent import OutboxError, Step
from intake.triage.pages.views import Answer, chosen_tip, tip_page, to_unlock, unlocked
from intake.triage.pages.wanted import address
from intake.triage.workspace import Workspace

blueprint = Blueprint("deleting", __name__)


@dataclass(frozen=True, slots=True, repr=False)
class Counting:
    """A deletion that was proposed and can still be stopped. `why`: empty where the reason is not here.

    `by`: the names of those who want it and whose word counts, the proposer first; `lacks_lead`: whether one of them
    must be a lead, and none is; `lacks_readers`: how many more must be of those who can read it. `due`: when it is
    carried out (UTC), None as long as more have to want it.
    `can_second`: whether whoever is here could be one more. `under_way`: what they have said of it, if that is on its
    way.
    """

    proposal: Proposal
    why: str
    by: Sequence[str]
    lacks_lead: bool
    lacks_readers: int
    due: datetime | None
    can_second: bool
    under_way: Step | None

    @property
    def lacking(self) -> str:
        """Who else has to want it before it counts down, in words."""
        more = max(0, self.proposal.needed - len(self.by))
        if self.lacks_readers:
            says = f"{self.lacks_readers} more of those who can read it {_has(self.lacks_readers)} to want it"
            others = f", and {more} of you in all" if more > self.lacks_readers else ""
            return f"{says}{others}{', and a lead, too' if self.lacks_lead else ''}"
        if more == 0:
            return "a lead has to want it, too" if self.lacks_lead else ""
        lead = "" if not self.lacks_lead else ", who must be a lead" if more == 1 else ", one of them a lead"
        return f"{more} more of you {_has(more)} to want it{lead}"

    @property
    def left(self) -> str:
        """How long it can still be stopped, in words."""
        if self.due is None:
            return ""
        hours = max(0, int((self.due - datetime.now(UTC)).total_seconds() // 3600))
        if hours == 0:
            return "within the hour"
        return f"in {hours // 24} days" if hours >= 48 else f"in {hours} hours"


@dataclass(frozen=True, slots=True, repr=False)
class Stopped:
    """A deletion that somebody stopped: who and when (UTC), and, as in `Counting`, who wanted it and why."""

    name: str
    at: datetime
    by: Sequence[str]
    why: str


def counting(workspace: Workspace, tip: str = "") -> list[Counting]:
    """The deletions that can still be stopped, of one tip or of all: those that come first, first."""
    log = workspace.log
    if log is None:
        return []
    found = [_counting(workspace, each) for each in log.deletions.open if tip in ("", each.tip)]
    return sorted(found, key=lambda each: (each.due is None, each.due or datetime.max.replace(tzinfo=UTC)))


def stopped(workspace: Workspace, tip: str) -> list[Stopped]:
    """The deletions of a tip that were stopped, in the log's order."""
    log = workspace.log
    return [
        Stopped(
            workspace.people.name(each.stopped.key),
            each.stopped.at,
            _names(workspace, each.voices),
            _why(workspace, each),
        )
        for each in (() if log is None else log.deletions.of(tip))
        if each.stopped is not None
    ]


def what_it_takes(workspace: Workspace) -> str:
    """What has to happen before anything that is proposed now is deleted, in words."""
    log = workspace.log
    if log is None:
        abort(404)
    lead = ", one of them a lead" if log.roster.leads else ""
    days = f"{log.deletions.days} {'day' if log.deletions.days == 1 else 'days'}"
    return (
        f"Nothing happens at once. {log.deletions.needed(log.roster)} of you have to want it{lead}; then it counts "
        f"down for {days}, and each of you can stop it until it is done. What only some can read is deleted only if as "
        "many of them want it, or all of them if they are fewer."
    )


def _has(count: int) -> str:
    return "has" if count == 1 else "have"


def _names(workspace: Workspace, voices: Sequence[Voice]) -> list[str]:
    return [workspace.people.name(voice.key) for voice in voices]


def _counting(workspace: Workspace, proposal: Proposal) -> Counting:
    log = workspace.log
    if log is None:
        abort(404)
    return Counting(
        proposal,
        _why(workspace, proposal),
        _names(workspace, proposal.counting(log.roster)),
        proposal.lacks_lead(log.roster),
        proposal.lacks_readers(log.roster),
        proposal.due(log.roster),
        can_second=not proposal.wanted_by(workspace.people.me),
        under_way=workspace.sending.deciding(proposal.tip).get(proposal.item),
    )


def _why(workspace: Workspace, proposal: Proposal) -> str:
    """The reason, as whoever proposed it wrote it; empty if it is not here."""
    opened = workspace.book.tip(proposal.tip)
    for signed in () if opened is None else opened.written_as(DeletionReason):
        if signed.item == proposal.item and isinstance(signed.payload, DeletionReason):
            return signed.payload.why
    return ""


def _decide(workspace: Workspace, tip_id: str, item: str, step: str) -> Answer:
    """Let the word of whoever is here leave: that they want it, too, or that it stops."""
    opened = chosen_tip(workspace, tip_id)
    try:
        workspace.decide(tip_id, Step(step), item)
    except OutboxError as error:
        return tip_page(workspace, opened, f"Not done: {error}."), 500
    return redirect(url_for("triage.tip", tip_id=tip_id, _anchor=DeletionReason.kind, **address(request.args)), 303)


blueprint.post("/tips/<tip_id>/deletion/<item>/<any(second, stop):step>", endpoint="decide")(
    unlocked(_decide, otherwise=to_unlock)
)
