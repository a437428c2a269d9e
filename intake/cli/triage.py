"""`intake triage`."""

from pathlib import Path

import click

from intake.cli.common import Command
from intake.cli.connection import connection_options, open_home
from intake.triage.desk.unreachable import look
from intake.triage.hardening import harden
from intake.triage.home import Connection
from intake.triage.keys.keyfile import require_key_file
from intake.triage.patience import in_thread
from intake.triage.process.holding import held
from intake.triage.process.supervisor import Supervisor


@click.command(cls=Command)
@connection_options
@click.option("--port", type=click.IntRange(1, 65535), default=8003, show_default=True, help="The port on 127.0.0.1.")
def triage(
    key: Path,
    home: Path | None,
    desk: str | None,
    policy: Path | None,
    proxy: str | None,
    witness_days: int | None,
    port: int,
) -> None:
    """Start the reviewer's program on this machine and print the address to open in a browser.

    It listens on 127.0.0.1 only, fetches what is new from the desk and keeps only sealed bytes on disk. The address
    works once: open it yourself. Its first page asks for the passphrase of the key file. What is unlocked is gone from
    memory when it locks, after 15 minutes without use.
    """
    require_key_file(key)
    opened = open_home(home, desk, policy, proxy, witness_days)
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
