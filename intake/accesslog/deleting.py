"""Carrying out what the team wants deleted: the rows go in the very transaction that logs it."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from intake.accesslog.append import LogAppender
from intake.accesslog.operator import record
from intake.protocol.actions import Action
from intake.storage.removal import delete_tips
from intake.storage.tables import Tip


def delete_due(session: Session, log: LogAppender) -> Sequence[str] | None:
    """Delete the tips whose countdown is over and that nobody has stopped; in a transaction in the order of the log.

    Returns the names of the blobs that are to be removed once it is durable (`removal.finish`), None if nothing was
    due. A tip that is gone already is logged too, since members' programs still keep it.
    """
    state = log.state(session)
    due = state.deletions.due(state.roster, state.clock.unasked(log.now()))
    if not due:
        return None
    for proposal in due:
        record(session, log, Action.DELETE, (f"tip/{proposal.tip}", f"item/{proposal.item}"))
    return delete_tips(session, Tip.id.in_([bytes.fromhex(proposal.tip) for proposal in due])).blobs
