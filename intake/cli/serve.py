"""`intake serve`."""

import os
import sys
from pathlib import Path

import click

from intake.cli.common import plain_errors
from intake.settings import SettingError, load

_PROJECT = Path(__file__).parents[2]


@click.command()
@click.argument("application", type=click.Choice(["source", "desk"]))
@plain_errors(SettingError)
def serve(application: str) -> None:
    """Run one of the two servers in the foreground, where the settings say: the same as 'gunicorn wsgi:source'.

    Behind an onion service, give each its own unix socket (source_bind, desk_bind).
    """
    os.environ["INTAKE_DATA"] = str(load().data.resolve())
    os.chdir(_PROJECT)
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", f"wsgi:{application}"])  # noqa: S606 - no shell is wanted
