"""Settling: what the layout of the disk tells about the order in which things came, made to tell nothing.

SQLite's pages and the inodes of blobs follow the order of arrival, whatever the ids and times say. Rewritten, the pages
follow the random ids, and the blobs lie in an order drawn anew. Blobs that a crash left without a row are deleted.
"""

import secrets
import time
from datetime import timedelta

from sqlalchemy import select, update

from intake.storage.blobs import Blobs
from intake.storage.store import Store
from intake.storage.tables import Item

MARGIN = timedelta(days=1)
"""For how long a blob may be without a row: it is kept before the row that refers to it is committed."""


def settle(store: Store, blobs: Blobs, now: float | None = None) -> int:
    """Rewrite the store and every blob; sources and reviewers can go on meanwhile. Returns the number of blobs."""
    _sweep(store, blobs, (time.time() if now is None else now) - MARGIN.total_seconds())
    count = _rewrite_blobs(store, blobs)
    store.rewrite()
    return count


def _sweep(store: Store, blobs: Blobs, before: float) -> None:
    # The files first: what is old now and still has no row afterwards will never get one.
    old = blobs.kept_before(before)
    for name in old - set(_referred(store)):
        blobs.remove(name)


def _referred(store: Store) -> list[str]:
    with store.reading() as session:
        return [name for name in session.scalars(select(Item.blob).where(Item.blob.is_not(None))) if name is not None]


def _rewrite_blobs(store: Store, blobs: Blobs) -> int:
    names = _referred(store)
    secrets.SystemRandom().shuffle(names)
    for name in names:
        _rewrite_blob(store, blobs, name)
    return len(names)


def _rewrite_blob(store: Store, blobs: Blobs, name: str) -> None:
    try:
        kept = _copy(blobs, name)
    except FileNotFoundError:
        if name in _referred(store):
            raise
        # Its tip was withdrawn meanwhile.
        return
    with store.writing() as session:
        changed = session.execute(update(Item).where(Item.blob == name).values(blob=kept).returning(Item.id)).all()
    blobs.remove(name if changed else kept)


def _copy(blobs: Blobs, name: str) -> str:
    with blobs.open(name) as old, blobs.new() as new:
        while piece := old.read(1 << 20):
            new.write(piece)
        return new.keep()
