"""`intake init`."""

import os
from pathlib import Path

import click

from intake.cli.common import Command, say
from intake.keeper import initialise, open_declared, read_log_key
from intake.settings import FILE


@click.command(cls=Command)
@click.option("--team", help="How the pages name the organisation that reads.  [default: this team]")
def init(team: str | None) -> None:
    """Fill the data directory, ask nothing, change nothing that is there.

    The directory is the one that INTAKE_DATA names, ./data if it is not set. It gets intake.toml with every setting
    explained, the log's signing key, the directory for attachments and the store, which is also brought up to date.
    Settings that are in the environment, or in an intake.toml already, are followed.
    """
    data = Path(os.environ.get("INTAKE_DATA", "data"))
    settings = initialise(data, {} if team is None else {"team": team}, os.environ)
    store = open_declared(settings).store
    store.room.take_ballast(settings.ballast, leave=settings.reserve_text)
    store.close()
    say(f"{data} is ready. Settings: {data / FILE}")
    if team is not None and team != settings.team:
        held_by = "INTAKE_TEAM" if "INTAKE_TEAM" in os.environ else str(data / FILE)
        say(f"The team stays '{settings.team}', as {held_by} says: change it there.")
    say(f"Reviewers and auditors need {settings.policy} to check what this server tells them: it holds the log's keys.")
    say(f"Their fingerprint: {read_log_key(settings.log_key).verifier.fingerprint}")
    say("Next: 'intake reviewer enrol' with each reviewer's card, then 'intake serve source' and 'intake serve desk'.")
