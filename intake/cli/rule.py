"""`intake rule`: the operator's side of the numbers that members go by."""

import click

from intake.accesslog.operator import decide
from intake.cli.clock import clock_is_right_option, confirming
from intake.cli.common import Command, say
from intake.keeper import open_keeper
from intake.protocol.actions import Action
from intake.protocol.rules import RULES, Rule
from intake.settings import load


@click.command(cls=Command)
@click.argument("name", type=click.Choice(list(RULES)))
@click.argument("number", type=click.IntRange(1, 9999))
@clock_is_right_option
def rule(name: str, number: int, clock_is_right: bool) -> None:
    """Set a number that the team's members go by. The log shows it to everybody.

    deleters: how many reviewers must want a deletion (2 at first). countdown: for how many days it can then be stopped
    (7 at first). Neither can be made less. retention: after how many months without a change closed reports are
    proposed for deletion to reviewers; until it is set they never are.
    """
    server = open_keeper(load())

    def set_it(right: bool) -> None:
        with server.store.in_order(last=True) as session:
            decide(session, server.log, Action.RULE, (str(Rule(name, number)),), clock_is_right=right)

    confirming(set_it, clock_is_right=clock_is_right)
    say(f"{name} is {number} from now on.")
