"""After settling, the bytes on the disk no longer tell in which order reports came; nothing is lost."""

import secrets
import time
from datetime import date
from typing import BinaryIO

import pytest
from sqlalchemy import delete, select

from intake.keeper import Keeper
from intake.protocol.kinds import Kind
from intake.storage.blobs.files import FileBlobs
from intake.storage.settle import MARGIN, Lost, Settled, settle
from intake.storage.store import Forgotten
from intake.storage.tables import Item, Tip

DAY = date(2026, 1, 1)


def store_tips(server: Keeper, count: int) -> list[bytes]:
    """Each in a transaction of its own, with an attachment; returns the ids in their order of arrival."""
    ids = []
    for _ in range(count):
        tip = secrets.token_bytes(16)
        with server.blobs.new() as writer:
            writer.write(b"blob of " + tip)
            blob = writer.keep()
        with server.store.writing() as session:
            session.add(
                Tip(id=tip, day=DAY, header=b"header", payload=tip * 400, recipient="r", lookup=secrets.token_bytes(32))
            )
            session.flush()
            session.add(Item(id=secrets.token_bytes(16), tip_id=tip, kind=Kind.CONTENT, day=DAY, size=24, blob=blob))
        ids.append(tip)
    return ids


def order_on_disk(server: Keeper, ids: list[bytes]) -> list[bytes]:
    """The ids by where their summaries lie in the database file."""
    held = (server.settings.data / "intake.db").read_bytes()
    return sorted(ids, key=lambda tip: held.index(tip * 100))


def order_of_inodes(server: Keeper) -> list[bytes]:
    files = sorted(server.settings.blobs.iterdir(), key=lambda path: path.stat().st_ino)
    return [path.read_bytes().removeprefix(b"blob of ") for path in files]


def test_the_database_file_follows_random_ids_and_not_arrival(server: Keeper) -> None:
    ids = store_tips(server, 60)
    with server.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(FULL)")
    assert order_on_disk(server, ids) == ids, "without settling, the order of arrival is there to read"
    settle(server.store, server.blobs)
    assert order_on_disk(server, ids) == sorted(ids)
    assert not (server.settings.data / "intake.db-wal").read_bytes()


def test_blobs_are_written_anew_in_another_order(server: Keeper) -> None:
    ids = store_tips(server, 60)
    names = {path.name for path in server.settings.blobs.iterdir()}
    assert settle(server.store, server.blobs) == Settled(60, (), Forgotten.DONE)
    assert names.isdisjoint(path.name for path in server.settings.blobs.iterdir())
    assert sorted(order_of_inodes(server)) == sorted(ids)
    assert order_of_inodes(server) != ids


def orphan(server: Keeper) -> str:
    """A blob that no row refers to, as a crash between the two leaves it."""
    with server.blobs.new() as writer:
        writer.write(b"orphan")
        return writer.keep()


def test_a_blob_without_a_row_is_deleted_once_no_row_can_come_any_more(server: Keeper) -> None:
    store_tips(server, 3)
    name = orphan(server)
    settle(server.store, server.blobs)
    assert name in {path.name for path in server.settings.blobs.iterdir()}, "its row may be about to be committed"
    settle(server.store, server.blobs, now=time.time() + MARGIN.total_seconds() + 60)
    names = {path.name for path in server.settings.blobs.iterdir()}
    assert (name in names, len(names)) == (False, 3)


class Withdrawing(FileBlobs):
    """FileBlobs of tips that are withdrawn just when settling comes to them: before a blob is copied, or after."""

    def __init__(self, server: Keeper, *, before: bool) -> None:
        super().__init__(server.settings.blobs)
        self._server = server
        self._before = before

    def open(self, blob: str) -> BinaryIO:
        opened = None if self._before else super().open(blob)
        with self._server.store.writing() as session:
            session.execute(delete(Item).where(Item.blob == blob))
        self.remove(blob)
        return opened or super().open(blob)


@pytest.mark.parametrize("before", [True, False])
def test_a_report_that_is_withdrawn_meanwhile_leaves_no_blob(server: Keeper, before: bool) -> None:
    store_tips(server, 2)
    settle(server.store, Withdrawing(server, before=before))
    assert list(server.settings.blobs.iterdir()) == []


def test_a_blob_that_is_lost_is_told_with_its_report_and_the_rest_is_settled(server: Keeper) -> None:
    ids = store_tips(server, 3)
    lost = next(path for path in server.settings.blobs.iterdir() if path.read_bytes() == b"blob of " + ids[1])
    names = {path.name for path in server.settings.blobs.iterdir()}
    lost.unlink()
    settled = settle(server.store, server.blobs)
    with server.store.reading() as session:
        item = session.scalar(select(Item.id).where(Item.tip_id == ids[1])) or b""
    assert settled == Settled(2, (Lost(item.hex(), ids[1].hex()),), Forgotten.DONE)
    assert names.isdisjoint(path.name for path in server.settings.blobs.iterdir())


def test_every_item_still_finds_its_blob(server: Keeper) -> None:
    store_tips(server, 5)
    settle(server.store, server.blobs)
    with server.store.reading() as session:
        for tip, blob in session.execute(select(Item.tip_id, Item.blob)):
            with server.blobs.open(blob or "") as file:
                assert file.read() == b"blob of " + tip
