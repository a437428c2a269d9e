"""`intake rewrap`."""

from contextlib import closing

import click
from rich.console import Console

from intake.cli.common import Command, passphrase_option, say
from intake.cli.connection import LogOptions, connection_options
from intake.cli.trouble import Status, Trouble
from intake.protocol.index import is_day
from intake.triage.access.command import let_in
from intake.triage.process.holding import held
from intake.triage.progress import bar


@click.command(cls=Command)
@click.argument("name")
@click.option("--since", help="Only what came on this day, such as 2026-03-31, or later.")
@connection_options
@passphrase_option
def rewrap(options: LogOptions, name: str, since: str | None) -> None:
    """Let the reviewer NAME read the reports that came before they were enrolled.

    The team's own dossiers are always among them. What is to be done is kept: if this is interrupted, the next run goes
    on, and so does 'intake triage'. Compare the key of NAME by voice before: nobody can take this back. The log
    says who let whom read what.
    """
    options.key_file()
    if since is not None and not is_day(since):
        raise Trouble("--since must be a day such as 2026-03-31")
    opened = options.open_home()
    with held(opened.directory), closing(opened):
        found = let_in(opened, options.load_keys(), name, since or "", bar(Console()))
    say(f"{name} was let in to {found.done} older reports.")
    if found.left:
        raise Trouble(f"{found.left} were changed by others meanwhile: run this once more", Status.OUT_OF_REACH)
