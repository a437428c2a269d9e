"""A desk whose operator puts back a copy of its store, and says so or not."""

import io
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from intake.accesslog.backup import taken
from intake.accesslog.operator import record
from intake.desk import create_app
from intake.keeper import open_keeper
from intake.protocol.actions import Action, Copy
from intake.restoring import unpacked
from intake.settings import load
from open_desk import Desk


@dataclass
class Backup:
    """A copy of a desk's store, as its bytes, and how the log names it."""

    data: bytes
    copy: Copy


def back_up(desk: Desk, scratch: Path) -> Backup:
    """Make one, as `intake backup` does."""
    file, server = io.BytesIO(), desk.server
    scratch.mkdir()
    with taken(server.store, server.blobs, server.log) as held:
        copy = held.write(file, scratch, lambda _: None)
    with server.store.in_order() as session:
        record(session, server.log, Action.BACKUP, copy.objects)
    return Backup(file.getvalue(), copy)


@contextmanager
def set_back(desk: Desk, backup: Backup, data: Path, *, declared: bool) -> Iterator[None]:
    """Let a desk answer from a copy, in a new data directory, for as long as the block runs."""
    data.mkdir()
    for name in ("log.key", "intake.toml", "log.policy"):
        shutil.copy(desk.server.settings.data / name, data / name)
    settings = load({"INTAKE_DATA": str(data)})
    if declared:
        with unpacked(settings, io.BytesIO(backup.data), lambda _: None) as copy:
            copy.put_back(clock_is_right=True)
    else:
        with tarfile.open(fileobj=io.BytesIO(backup.data)) as archive:
            source = archive.extractfile("intake.db")
            assert source is not None
            (data / "intake.db").write_bytes(source.read())
        with closing(sqlite3.connect(data / "intake.db")) as store:
            store.execute("PRAGMA journal_mode=WAL")
    before = desk.server, desk.wsgi
    desk.server = open_keeper(settings)
    desk.wsgi = create_app(desk.server)
    try:
        yield
    finally:
        desk.server.store.close()
        desk.server, desk.wsgi = before
