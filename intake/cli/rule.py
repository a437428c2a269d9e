"""`intake rule`: the operator's side of the numbers that members go by."""

import click

from intake.accesslog import members
from intake.cli.clock import clock_is_right_option, confirming
from intake.cli.common import Command, say
from intake.keeper import open_declared
from intake.protocol.rules import RULES, Rule
from intake.settings import load


@click.command(cls=Command)
@click.argument("name", metavar="NAME", type=click.Choice(list(RULES)))
@click.argument("number", type=click.IntRange(1, 9999))
@clock_is_right_option
def rule(name: str, number: int, clock_is_right: bool) -> None:
    """Set a number that the team's members go by. The log shows it to everybody.

    NAME is vouches, deleters, countdown or retention.

    vouches: how many reviewers must vouch for whoever is enrolled as one, or all that there are, if they are fewer.
    They compare the key by voice and vouch on the page of the members in their program; the operator can then enrol
    a reviewer alone only where nobody is there to vouch. Auditors are enrolled as before.

    deleters: how many reviewers must want a deletion (2 at first). countdown: for how many days it can then be stopped
    (7 at first).

    None of these can be made less. retention: after how many months without a change closed reports are proposed for
    deletion to reviewers; until it is set they never are. rekeying: after how many days reviewers' programs exchange
    the key that reports are sealed to (30 at first, from 7 to 90), and destroy the one before.
    """
    server = open_declared(load())
    confirming(
        lambda right: members.rule(server.store, server.log, Rule(name, number), clock_is_right=right),
        clock_is_right=clock_is_right,
    )
    say(f"{name} is {number} from now on.")
