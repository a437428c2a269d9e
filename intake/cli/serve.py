"""`intake serve`."""

import os
import sys
from importlib import import_module

import click

from intake.cli.common import Command
from intake.listening import require_free
from intake.settings import load
from intake.toplevel import toplevel


@click.command(cls=Command)
@click.argument("application", type=click.Choice(["source", "desk"]))
def serve(application: str) -> None:
    """Run one of the two servers in the foreground, where the settings say: the same as 'gunicorn wsgi:source'.

    Behind an onion service, give each its own unix socket (source_bind, desk_bind).
    """
    settings = load()
    # gunicorn's own exit says less of what is wrong.
    served = import_module(f"intake.{application}")
    server = served.open_server(settings)
    served.create_app(server)
    server.store.close()
    option = f"{application}_bind"
    require_free(option, getattr(settings, option))
    os.environ["INTAKE_DATA"] = str(settings.data.resolve())
    os.chdir(toplevel())
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", f"wsgi:{application}"])  # noqa: S606 - no shell is wanted
