"""`intake cosign`."""

import click

from intake.accesslog import cosigning
from intake.cli.common import Command, say
from intake.cli.trouble import Status, Trouble
from intake.keeper import open_declared, policy_of
from intake.settings import load


@click.command(cls=Command)
def cosign() -> None:
    """Have the log's newest checkpoint cosigned by the witnesses that log.policy names. Run it once an hour.

    By a timer, and also when nothing has happened: so its moments tell nothing of what did. The programs of reviewers
    and auditors turn red where their policy isn't met. A witness gets the checkpoint and a few hashes, through Tor
    (witness_proxy), and neither names nor what anybody did.

    The line on standard error, and the exit status, say whether too few of the witnesses have cosigned, or one of them
    has cosigned what this log no longer is, as after a backup was put back.
    """
    server = open_declared(load())
    policy = policy_of(server)
    asked = cosigning.places(policy, server.settings.witness_proxy)
    done = cosigning.cosign(server.store, server.log, policy, asked)
    for outcome in done.outcomes:
        say(f"{cosigning.in_words(outcome.place.names)}, {outcome.place.url}: {outcome.says}.")
    for name, witness in policy.witnesses.items():
        if not witness.url:
            say(f"{cosigning.in_words([name])}: has no address in log.policy, and is not asked.")
    if not policy.witnesses:
        say(f"{server.settings.policy} names no witnesses, and nobody is asked.")
    if any(outcome.contradicts for outcome in done.outcomes):
        raise Trouble(
            "a witness contradicts this log: find out whether a backup was put back, before members' programs ask",
            Status.FAILED,
        )
    if not done.is_met:
        raise Trouble("fewer of the witnesses have cosigned than log.policy asks for", Status.OUT_OF_REACH)
