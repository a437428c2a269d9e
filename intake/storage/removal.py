"""Deleting tips for good: rows, blobs, and what the write-ahead log still holds of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from intake.storage.blobs.protocol import Blobs
from intake.storage.store import Forgotten, Store
from intake.storage.tables import Item, Tip, Withdrawal


@dataclass(frozen=True, slots=True)
class Removed:
    """How many tips were deleted, and whether anything of them can still be read from the server's files."""

    count: int
    forgotten: Forgotten


def remove_tips(
    store: Store,
    blobs: Blobs,
    which: ColumnElement[bool],
    leaving: Callable[[Session], Withdrawal | None] = lambda _: None,
    saying: Callable[[Session, Sequence[str]], object] = lambda *_: None,
) -> Removed:
    """Delete the tips that a condition names, with everything that belongs to them.

    `leaving`: what is stored in their place, in the same transaction, if there are any; asked while they are there.
    `saying`: is told of them in the same transaction, by their ids in hex, sorted.
    """
    with store.in_order(last=True) as session:
        tips = session.scalars(select(Tip.id).where(which)).all()
        held = session.scalars(select(Item.blob).where(Item.tip_id.in_(tips), Item.blob.is_not(None))).all()
        word = leaving(session) if tips else None
        saying(session, sorted(tip.hex() for tip in tips))
        session.execute(delete(Tip).where(Tip.id.in_(tips)))
        if word is not None:
            session.add(word)
    gone = _remove(blobs, [blob for blob in held if blob is not None])
    forgotten = store.forget()
    return Removed(len(tips), forgotten if gone else Forgotten.PENDING)


def _remove(blobs: Blobs, names: Sequence[str]) -> bool:
    gone = True
    for name in names:
        try:
            blobs.remove(name)
        except OSError:
            # Its row is gone, so that nobody can reach it any more; the next settling tries again.
            gone = False
    return gone


def remove_withdrawals(store: Store, before: date) -> None:
    """Delete the words of sources who withdrew their tips before a day."""
    with store.writing() as session:
        session.execute(delete(Withdrawal).where(Withdrawal.day < before))


def first_day_kept(today: date, months: int) -> date:
    """The first day of the month that lies so many months back: whatever is older has been kept for as long."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(year, month + 1, 1)
