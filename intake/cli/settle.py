"""`intake settle`."""

import click

from intake.accesslog.deleting import delete_due
from intake.accesslog.operator import record, record_expired
from intake.cli.clock import clock_is_right_option
from intake.cli.common import Command, say
from intake.keeper import open_declared
from intake.protocol.actions import Action
from intake.settings import load
from intake.storage.removal import finish, first_day_kept, remove_tips, remove_withdrawals
from intake.storage.settle import settle as settle_store
from intake.storage.store import Forgotten
from intake.storage.tables import Tip


@click.command(cls=Command)
@clock_is_right_option
def settle(clock_is_right: bool) -> None:
    """Delete reports that are due or older than keep_months, and rewrite the store. Run it once a day.

    Due is what reviewers want deleted, once its countdown is over.

    Rewritten, its layout no longer tells in which order reports came. The servers may go on meanwhile.

    Where this machine's clock is more than a day ahead of the last entry of the log, a report's age is counted up to
    that entry: a wrong clock deletes nothing.
    """
    server = open_declared(load())
    with server.store.in_order(last=True) as writing:
        record(writing, server.log, Action.SETTLE)
        server.gate.open(writing, server.log.time(writing))
        wanted = delete_due(writing, server.log, server.gate)
    if wanted is not None:
        finish(server.store, server.blobs, wanted)
        say("What reviewers or sources wanted deleted, and was due, is deleted.")
    with server.store.reading() as session:
        today = server.log.day_for_deleting(session, clock_is_right=clock_is_right)
    first = first_day_kept(today, server.settings.keep_months)
    old = Tip.day < first
    remove_withdrawals(server.store, first)
    removed = remove_tips(
        server.store, server.blobs, old, saying=lambda session, tips: record_expired(session, server.log, tips)
    )
    say(f"{removed.count} reports were older than they are kept, and are deleted.")
    settled = settle_store(server.store, server.blobs)
    for lost in settled.lost:
        say(f"Attachment {lost.item} of report {lost.tip} is lost: its file is not there.")
    if settled.forgotten is Forgotten.DONE:
        say(f"The store and {settled.blobs} attachments were written anew.")
    else:
        say(
            f"{settled.blobs} attachments were written anew. The store was too, but somebody still reads the old one: "
            "the servers put the new one in its place as soon as they can. Until then the old order can be read."
        )
    server.store.room.take_ballast(server.settings.ballast, leave=server.settings.reserve_text)
