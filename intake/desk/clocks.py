"""Whose clock is wrong, the member's, the server's or the log's: told to members only, nobody else learns a clock."""

from datetime import datetime, timedelta

from intake.protocol.clock import LogClock
from intake.protocol.requests import LIFETIME, RequestError


def require_agreement(created: datetime, now: datetime) -> None:
    """Raise `RequestError` unless the clocks of the member's machine and of this one agree."""
    if abs(now - created) > LIFETIME:
        raise RequestError(
            f"this machine's clock and the server's differ by about {_in_words(abs(now - created))}; "
            "put right whichever of them is wrong"
        )


def require_loggable(created: datetime, at: datetime, clock: LogClock) -> None:
    """Raise `RequestError` unless a request whose clocks agree can be logged at `at`; the words say what keeps it."""
    if clock.last - created > LIFETIME:
        raise RequestError(
            f"the server's log is ahead of the time by about {_in_words(clock.last - created)}; "
            "its operator must correct it with 'intake clock correct'"
        )
    try:
        clock.require(created, at)
    except RequestError:
        raise RequestError(
            "the request waited for too long, or the log's clock was corrected meanwhile; try again"
        ) from None


def _in_words(span: timedelta) -> str:
    for unit, length in (("days", timedelta(days=1)), ("hours", timedelta(hours=1))):
        if span >= 2 * length:
            return f"{round(span / length)} {unit}"
    return f"{round(span / timedelta(minutes=1))} minutes"
