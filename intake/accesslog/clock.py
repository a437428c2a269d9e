"""Setting the log's time back, where a wrong clock of the server has put it ahead."""

from sqlalchemy.orm import Session

from intake.accesslog.append import LogAppender
from intake.accesslog.nonces import remember
from intake.protocol.actions import Action
from intake.protocol.clock import ClockError, Correction
from intake.protocol.entry import OPERATOR, Entry, parse_entry
from intake.protocol.requests import parse_base
from intake.storage.store import Store

_AT_ONCE = 256


def correct(store: Store, log: LogAppender) -> Correction:
    """Set the log's time to that of this machine's clock; `ClockError` if the log isn't ahead of it."""
    with store.in_order(last=True) as session:
        clock, now = log.clock(session), log.now()
        if now >= clock.last:
            raise ClockError("the log is not ahead of this machine's clock; there is nothing to correct")
        entry = Entry(now, OPERATOR, Action.CLOCK)
        corrected = clock.after(entry)
        _remember_later_requests(session, log, clock.size, corrected.corrections[-1])
        log.append(session, entry)
    return corrected.corrections[-1]


def _remember_later_requests(session: Session, log: LogAppender, size: int, correction: Correction) -> None:
    """Take the nonces of requests of a time that will come again from the log, where they may have been forgotten.

    Reads of the log itself aren't in it: such a request might come in twice, which shows nobody anything new.
    """
    for start in range(0, size, _AT_ONCE):
        for line in log.lines(session, start, min(start + _AT_ONCE, size)):
            kept = parse_entry(line).request
            if kept is not None and (signed := parse_base(kept.base, kept.signature)).created >= correction.after:
                remember(session, signed)
