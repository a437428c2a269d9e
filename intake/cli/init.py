"""`intake init`."""

import os
from pathlib import Path

import click

from intake.cli.common import plain_errors
from intake.server import initialise, read_log_key
from intake.settings import SettingError


@click.command()
@click.option("--team", default="this team", show_default=True, help="How the pages name the organisation that reads.")
@plain_errors(SettingError, OSError)
def init(team: str) -> None:
    """Fill the data directory, ask nothing, change nothing that is there.

    The directory is the one that INTAKE_DATA names, ./data if it is not set. It gets intake.toml with every setting
    explained, the log's signing key, the directory for attachments and the store, which is also brought up to date.
    """
    data = Path(os.environ.get("INTAKE_DATA", "data"))
    settings = initialise(data, {"team": team})
    click.echo(f"{data} is ready. Settings: {data / 'intake.toml'}")
    click.echo("Reviewers and auditors need the log's public key to check what this server tells them:")
    click.echo(f"  {read_log_key(settings.log_key).verifier}")
    click.echo(
        "Next: 'intake reviewer enrol' with each reviewer's card, then 'intake serve source' and 'intake serve desk'."
    )
