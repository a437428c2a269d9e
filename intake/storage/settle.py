"""Settling: what the layout of the disk tells about the order in which things came, made to tell nothing.

SQLite's pages and the inodes of blobs follow the order of arrival, whatever the ids and times say. Rewritten, the pages
follow the random ids, and the blobs lie in an order drawn anew.
"""

import secrets

from sqlalchemy import select, update

from intake.storage.blobs import Blobs
from intake.storage.store import Store
from intake.storage.tables import Item


def settle(store: Store, blobs: Blobs) -> int:
    """Rewrite the store and every blob; sources and reviewers can go on meanwhile. Returns the number of blobs."""
    count = _rewrite_blobs(store, blobs)
    store.rewrite()
    return count


def _rewrite_blobs(store: Store, blobs: Blobs) -> int:
    with store.reading() as session:
        names = list(session.scalars(select(Item.blob).where(Item.blob.is_not(None))))
    secrets.SystemRandom().shuffle(names)
    for name in names:
        _rewrite_blob(store, blobs, name or "")
    return len(names)


def _rewrite_blob(store: Store, blobs: Blobs, name: str) -> None:
    with blobs.open(name) as old, blobs.new() as new:
        while piece := old.read(1 << 20):
            new.write(piece)
        kept = new.keep()
    with store.writing() as session:
        session.execute(update(Item).where(Item.blob == name).values(blob=kept))
    blobs.remove(name)
