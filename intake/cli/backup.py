"""`intake backup` and `intake restore`."""

import os
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console

from intake.accesslog.backup import taken
from intake.accesslog.operator import record
from intake.cli.clock import clock_is_right_option, confirming
from intake.cli.common import GIVEN_FILE, WRITTEN_FILE, Command, say
from intake.cli.trouble import Trouble
from intake.cli.wholefile import whole_file
from intake.durable import sync_directory
from intake.keeper import open_declared
from intake.protocol.actions import Action
from intake.restoring import unpacked
from intake.settings import load
from intake.triage.progress import bar


@click.command(cls=Command)
@click.argument("file", type=WRITTEN_FILE)
def backup(file: Path) -> None:
    """Write a copy of the store and all attachments into FILE, a new one. The servers may go on meanwhile.

    The log says so, with the copy's SHA-256, before FILE has its name. It holds what the server keeps: days, names and
    sealed bytes, also those that are deleted later. Seal it with 'intake age' before it leaves this machine, and
    delete it when the next one is there. The log's key is not in it: keep a copy of log.key apart, sealed as well.
    """
    if file.exists():
        raise Trouble(f"{file} exists already: name a new file")
    server = open_declared(load())
    with whole_file(file) as out, TemporaryDirectory(dir=file.parent, prefix=".intake-backup-") as scratch:
        with taken(server.store, server.blobs, server.log) as held, bar(Console())("Copying", held.bytes) as told:
            copy = held.write(out, Path(scratch), told)
        out.flush()
        os.fsync(out.fileno())
        with server.store.in_order() as session:
            record(session, server.log, Action.BACKUP, copy.objects)
    sync_directory(file.parent)
    say(f"{file} holds {len(held.blobs)} attachments and a store with {copy.size} entries of the log.")
    say(f"SHA-256: {copy.sha256}")


@click.command(cls=Command)
@click.argument("file", type=GIVEN_FILE)
@clock_is_right_option
def restore(file: Path, clock_is_right: bool) -> None:
    """Put back the copy that 'intake backup' wrote into FILE, where there is no store.

    Put your copies of log.key, log.policy and intake.toml into the data directory first. The log says that a copy was
    put back, and of how many entries: every program that saw more of them raises an alarm until its member accepts
    that.
    """
    settings = load(new={})
    with file.open("rb") as source, ExitStack() as waiting:
        with bar(Console())("Putting back", file.stat().st_size) as told:
            copy = waiting.enter_context(unpacked(settings, source, told))
        restored = confirming(lambda right: copy.put_back(clock_is_right=right), clock_is_right=clock_is_right)
    say(f"{settings.data} holds the store again, with the first {restored.size} entries of its log.")
    say(f"SHA-256 of the copy: {restored.sha256}")
    say("Whatever came later is lost, and whatever was deleted later is there again: run 'intake settle' now.")
    say("Tell every reviewer and auditor when and why, over another channel: their programs raise an alarm.")
