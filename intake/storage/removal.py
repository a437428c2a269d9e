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


@dataclass(frozen=True, slots=True)
class Deleted:
    """Tips whose rows a transaction deletes: their ids, and their blobs, which are removed once it is durable."""

    tips: Sequence[bytes]
    blobs: Sequence[str]


def delete_tips(
    session: Session,
    which: ColumnElement[bool],
    leaving: Callable[[Session], Withdrawal | None] = lambda _: None,
) -> Deleted:
    """Delete the rows of the tips that a condition names, and of everything that belongs to them.

    `leaving`: what is stored in their place, in the same transaction, if there are any; asked while they are there.
    """
    tips = session.scalars(select(Tip.id).where(which)).all()
    held = session.scalars(select(Item.blob).where(Item.tip_id.in_(tips), Item.blob.is_not(None))).all()
    word = leaving(session) if tips else None
    session.execute(delete(Tip).where(Tip.id.in_(tips)))
    if word is not None:
        session.add(word)
    return Deleted(tips, [blob for blob in held if blob is not None])


def finish(store: Store, blobs: Blobs, names: Sequence[str]) -> Forgotten:
    """Remove the blobs of tips whose rows are gone, and let nothing of them stay in the files of the database."""
    gone = _remove(blobs, names)
    forgotten = store.forget()
    return forgotten if gone else Forgotten.PENDING


def remove_tips(
    store: Store,
    blobs: Blobs,
    which: ColumnElement[bool],
    leaving: Callable[[Session], Withdrawal | None] = lambda _: None,
    saying: Callable[[Session, Sequence[str]], object] = lambda *_: None,
) -> Removed:
    """Delete the tips that a condition names for good; as `delete_tips`, in a transaction of its own.

    `saying`: is told of them in the same transaction, by their ids in hex, sorted.
    """
    with store.in_order(last=True) as session:
        deleted = delete_tips(session, which, leaving)
        saying(session, sorted(tip.hex() for tip in deleted.tips))
    return Removed(len(deleted.tips), finish(store, blobs, deleted.blobs))


def delete_leaving(session: Session, today: date, shows: ColumnElement[bool]) -> Deleted | None:
    """Delete the tips that their sources have withdrawn and whose days of waiting are over; None if there are none.

    What is left of each is its source's signature; nothing of one that reviewers never saw. `shows`: whether they do.
    """
    due = Tip.leaving.is_not(None) & (Tip.leaving <= today)
    tips = session.execute(select(Tip.id, Tip.word, shows).where(due)).all()
    if not tips:
        return None
    deleted = delete_tips(session, Tip.id.in_([tip for tip, _, _ in tips]))
    for tip, word, is_shown in tips:
        if is_shown and word is not None:
            session.add(Withdrawal(tip_id=tip, day=today, signature=word))
    return deleted


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
