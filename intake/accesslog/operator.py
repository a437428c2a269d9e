"""Entries of the operator, whom no signature vouches for: what somebody decided, and what the server did by itself."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from intake.accesslog.append import LogAppender
from intake.protocol.actions import MOST_OBJECTS, Action
from intake.protocol.clock import ClockJumpError
from intake.protocol.entry import OPERATOR, Entry


def decide(
    session: Session,
    log: LogAppender,
    action: Action,
    objects: tuple[str, ...],
    card: str | None = None,
    *,
    clock_is_right: bool,
) -> Entry:
    """Append what the operator decided; `RosterError` if the log so far doesn't allow it.

    Raises `ClockJumpError` if the log's time would jump by more than a day and nobody has said that the clock is right.
    """
    clock, at = log.clock(session), log.time(session)
    jumps = clock.jumps(at)
    if jumps and not clock_is_right:
        raise ClockJumpError(clock.last, at)
    entry = Entry(at, OPERATOR, action, objects, card=card, confirmed=jumps)
    state = log.state(session)
    roster = state.roster.copy()
    roster.apply(entry)
    state.deletions.copy().apply(entry, roster)
    log.append(session, entry)
    return entry


def record_expired(session: Session, log: LogAppender, tips: Sequence[str]) -> None:
    """Append that tips are deleted for their age, by their ids in hex."""
    for start in range(0, len(tips), MOST_OBJECTS):
        record(session, log, Action.EXPIRE, tuple(f"tip/{tip}" for tip in tips[start : start + MOST_OBJECTS]))


def record(session: Session, log: LogAppender, action: Action, objects: tuple[str, ...] = ()) -> Entry:
    """Append what the server does now, with nobody there who could be asked about its clock."""
    entry = Entry(log.clock(session).unasked(log.now()), OPERATOR, action, objects)
    log.append(session, entry)
    return entry
