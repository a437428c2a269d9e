"""Deleting tips for good: rows, blobs, and what the write-ahead log still holds of them."""

from contextlib import suppress
from datetime import date

from sqlalchemy import ColumnElement, delete, select

from intake.storage.blobs import Blobs
from intake.storage.store import Store
from intake.storage.tables import Item, Tip


def remove_tips(store: Store, blobs: Blobs, which: ColumnElement[bool]) -> int:
    """Delete the tips that a condition names, with everything that belongs to them; returns how many there were."""
    with store.writing() as session:
        tips = session.scalars(select(Tip.id).where(which)).all()
        held = session.scalars(select(Item.blob).where(Item.tip_id.in_(tips), Item.blob.is_not(None))).all()
        session.execute(delete(Tip).where(Tip.id.in_(tips)))
    for blob in held:
        # Its row is gone, so that nobody can reach it any more; the next settling tries again.
        with suppress(OSError):
            blobs.remove(blob or "")
    store.forget()
    return len(tips)


def first_day_kept(today: date, months: int) -> date:
    """The first day of the month that lies so many months back: whatever is older has been kept for as long."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(year, month + 1, 1)
