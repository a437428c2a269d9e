"""Settling: what the layout of the disk tells about the order in which things came, made to tell nothing.

SQLite's pages and the inodes of blobs follow the order of arrival, whatever the ids and times say. Rewritten, the pages
follow the random ids, and the blobs lie in an order drawn anew. Blobs that a crash left without a row are deleted.
"""

import secrets
import time
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from intake.storage.blobs.protocol import Blobs, NoSuchBlobError
from intake.storage.store import Forgotten, Store
from intake.storage.tables import Item

MARGIN = timedelta(days=1)
"""For how long a blob may be without a row: it is kept before the row that refers to it is committed."""


@dataclass(frozen=True, slots=True)
class Lost:
    """An attachment whose file is not there: its item and its tip, in hex."""

    item: str
    tip: str


@dataclass(frozen=True, slots=True)
class Settled:
    """How many blobs were written anew, which are lost, and whether the old order can still be read."""

    blobs: int
    lost: tuple[Lost, ...]
    forgotten: Forgotten


def settle(store: Store, blobs: Blobs, now: float | None = None) -> Settled:
    """Rewrite the store and every blob; sources and reviewers can go on meanwhile.

    `StoreFullError` where there is no room for a copy of the store, after the blobs.
    """
    _sweep(store, blobs, (time.time() if now is None else now) - MARGIN.total_seconds())
    names = _referred(store)
    secrets.SystemRandom().shuffle(names)
    lost = tuple(lost for name in names for lost in _rewrite_blob(store, blobs, name))
    return Settled(len(names) - len(lost), lost, store.rewrite())


def _sweep(store: Store, blobs: Blobs, before: float) -> None:
    # The files first: what is old now and still has no row afterwards will never get one.
    blobs.let_go()
    old = blobs.kept_before(before)
    for name in old - set(_referred(store)):
        blobs.remove(name)


def _referred(store: Store) -> list[str]:
    with store.reading() as session:
        return [name for name in session.scalars(select(Item.blob).where(Item.blob.is_not(None))) if name is not None]


def _rewrite_blob(store: Store, blobs: Blobs, name: str) -> list[Lost]:
    """Give the blob another place and name; what is lost with it, unless its tip was withdrawn meanwhile."""
    try:
        kept = _copy(blobs, name)
    except NoSuchBlobError:
        with store.reading() as session:
            rows = session.execute(select(Item.id, Item.tip_id).where(Item.blob == name)).all()
        return [Lost(item.hex(), tip.hex()) for item, tip in rows]
    with store.writing() as session:
        changed = session.execute(update(Item).where(Item.blob == name).values(blob=kept).returning(Item.id)).all()
    blobs.remove(name if changed else kept)
    return []


def _copy(blobs: Blobs, name: str) -> str:
    with blobs.open(name) as old, blobs.new() as new:
        while piece := old.read(1 << 20):
            new.write(piece)
        return new.keep()
