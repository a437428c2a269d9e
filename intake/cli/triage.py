"""`intake triage`."""

import click

from intake.cli.common import Command, port_option
from intake.cli.connection import LogOptions, connection_options
from intake.triage.desk.unreachable import look
from intake.triage.hardening import harden
from intake.triage.home import Connection
from intake.triage.patience import in_thread
from intake.triage.process.holding import held
from intake.triage.process.supervisor import Supervisor


@click.command(cls=Command)
@connection_options
@port_option(8003)
def triage(options: LogOptions, port: int) -> None:
    """Start the reviewer's program on this machine and print the address to open in a browser.

    It listens on 127.0.0.1 only, fetches what is new from the desk and keeps only sealed bytes on disk. The address
    works once: open it yourself. Its first page asks for the passphrase of the key file. What is unlocked is gone from
    memory when it locks, after 15 minutes without use.
    """
    key, opened = options.key_file(), options.open_home()
    for missing in harden():
        click.echo(missing, err=True)
    with held(opened.directory) as hold:
        supervisor = Supervisor(opened, key, port, hold)
        click.echo(supervisor.address)
        click.echo("Open this address in a browser on this machine. It works once. Ctrl-C ends the program.")
        # Whether it answers may take long to say: nobody waits for that.
        in_thread(_say_if_unreachable, opened.connection)
        supervisor.run()


def _say_if_unreachable(connection: Connection) -> None:
    if says := look(connection):
        end = "" if says.endswith("?") else "."
        click.echo(
            f"Warning: {says}{end} What was fetched before can be read; the desk is asked again after each unlock.",
            err=True,
        )
