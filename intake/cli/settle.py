"""`intake settle`."""

import click

from intake.cli.common import plain_errors
from intake.server import open_server
from intake.settings import SettingError, load
from intake.storage.schema import SchemaError
from intake.storage.settle import settle as settle_store


@click.command()
@plain_errors(SettingError, SchemaError)
def settle() -> None:
    """Rewrite the store so that its layout no longer tells in which order reports came. Run it once a day.

    The servers may go on meanwhile.
    """
    server = open_server(load())
    count = settle_store(server.store, server.blobs)
    click.echo(f"The store and {count} attachments were written anew.")
