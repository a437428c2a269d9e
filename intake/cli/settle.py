"""`intake settle`."""

from datetime import UTC, datetime

import click

from intake.cli.common import plain_errors
from intake.server import open_server
from intake.settings import SettingError, load
from intake.storage.removal import first_day_kept, remove_tips
from intake.storage.schema import SchemaError
from intake.storage.settle import settle as settle_store
from intake.storage.tables import Tip


@click.command()
@plain_errors(SettingError, SchemaError)
def settle() -> None:
    """Delete reports older than keep_months, and rewrite the store. Run it once a day.

    Rewritten, its layout no longer tells in which order reports came. The servers may go on meanwhile.
    """
    server = open_server(load())
    old = Tip.day < first_day_kept(datetime.now(UTC).date(), server.settings.keep_months)
    click.echo(
        f"{remove_tips(server.store, server.blobs, old)} reports were older than they are kept, and are deleted."
    )
    count = settle_store(server.store, server.blobs)
    click.echo(f"The store and {count} attachments were written anew.")
