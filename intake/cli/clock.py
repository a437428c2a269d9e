"""`intake clock`: the operator's side of a server whose clock was wrong."""

from collections.abc import Callable
from typing import TypeVar

import click

from intake.accesslog.clock import correct as correct_clock
from intake.cli.common import Group, say
from intake.keeper import open_declared
from intake.protocol.clock import ClockError, ClockJumpError
from intake.settings import load

T = TypeVar("T")

clock_is_right_option = click.option(
    "--clock-is-right", is_flag=True, help="This machine's clock was looked at and is right: don't ask, for scripts."
)


def confirming(change: Callable[[bool], T], *, clock_is_right: bool) -> T:
    """Make a change to the log; where its time would jump, only once whoever runs the command says that it is right."""
    try:
        return change(clock_is_right)
    except ClockJumpError as jump:
        say(f"The last entry of the log is of {jump.last:%Y-%m-%d %H:%M} UTC.")
        _require_yes(f"This machine's clock says {jump.at:%Y-%m-%d %H:%M} UTC. Is that right?", jump)
    return change(True)


@click.group(cls=Group)
def clock() -> None:
    """Put the log's time right, after this machine's clock was wrong."""


@clock.command()
@clock_is_right_option
def correct(clock_is_right: bool) -> None:
    """Set the log's time back to that of this machine's clock. The log shows it to everybody.

    Needed when an entry was made while the clock was ahead: the desk refuses everybody until that time has come.
    Put this machine's clock right first.
    """
    server = open_declared(load())
    with server.store.reading() as session:
        last, now = server.log.clock(session).last, server.log.now()
    if now < last and not clock_is_right:
        say(f"The last entry of the log is of {last:%Y-%m-%d %H:%M:%S} UTC.")
        _require_yes(
            f"This machine's clock says {now:%Y-%m-%d %H:%M:%S} UTC. Is that right?",
            ClockError("put this machine's clock right first; then say so, or --clock-is-right"),
        )
    correction = correct_clock(server.store, server.log)
    say(f"The log's time is {correction.after:%Y-%m-%d %H:%M:%S} UTC again.")
    say("Whoever has the program open may have to try once more. Everybody who checks the log sees this.")


def _require_yes(question: str, error: ClockError) -> None:
    try:
        answer = click.confirm(question)
    except click.Abort:
        # Nobody is there to be asked.
        raise error from None
    if not answer:
        raise error
