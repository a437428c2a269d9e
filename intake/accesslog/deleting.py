"""Carrying out what the team wants deleted: the rows go in the very transaction that logs it."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from intake.accesslog.append import LogAppender
from intake.accesslog.operator import record
from intake.protocol.actions import Action
from intake.storage.gate import Gate
from intake.storage.removal import delete_leaving, delete_tips
from intake.storage.tables import Tip


def delete_due(session: Session, log: LogAppender, gate: Gate) -> Sequence[str] | None:
    """Delete the tips whose countdown is over and that nobody has stopped; in a transaction in the order of the log.

    With them go those whose sources have withdrawn them and chosen that it takes some days, once these are over.
    Returns the names of the blobs that are to be removed once it is durable (`removal.finish`), None if nothing was
    due. A tip that is gone already is logged too, since members' programs still keep it.
    """
    state = log.state(session)
    # Not by a clock that is far ahead, and for whose time nobody vouches.
    now = state.clock.unasked(log.now())
    left = delete_leaving(session, now.date(), gate.shown(now, Tip.id))
    due = state.deletions.due(state.roster, now)
    if not due:
        return None if left is None else left.blobs
    for proposal in due:
        record(session, log, Action.DELETE, (f"tip/{proposal.tip}", f"item/{proposal.item}"))
    deleted = delete_tips(session, Tip.id.in_([bytes.fromhex(proposal.tip) for proposal in due]))
    return [*deleted.blobs, *(() if left is None else left.blobs)]
