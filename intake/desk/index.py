"""The index as the store gives it: the list of days, and the rows of one. Both are kept until they are stale."""

from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from intake.protocol import limits
from intake.protocol.index import Day, DayIndex, Days, ItemRow, Span, TipRow, WithdrawalRow, sha256_hex
from intake.storage import tables
from intake.storage.gate import Gate
from intake.storage.store import Transaction
from intake.storage.tables import Item, Tip, Withdrawal

_BY_ROW = {"yield_per": 100}
"""All summaries of a day together may be large, and only their digests are wanted."""


def list_days(session: Session, gate: Gate, now: datetime) -> Days:
    """All days of which something shows by now; in a transaction that writes, since what is stale is made anew."""
    gate.open(session, now)
    for stale in session.scalars(select(tables.Day.day).where(tables.Day.digest.is_(None))).all():
        _make(session, gate, now, stale)
    columns = select(tables.Day.day, tables.Day.tips, tables.Day.items, tables.Day.digest)
    rows = session.execute(columns.order_by(tables.Day.day))
    return Days(tuple(Day(day.isoformat(), tips, items, (known or b"").hex()) for day, tips, items, known in rows))


def day_rows(session: Transaction, gate: Gate, now: datetime, day: date) -> bytes:
    """The rows of a day as they are answered: those that the list was made of, unless something has come since."""
    kept = session.scalar(select(tables.Day.rows).where(tables.Day.day == day))
    return day_index(session, gate, now, day).to_json() if kept is None else kept


def span_rows(session: Transaction, gate: Gate, now: datetime, span: Span) -> bytes:
    """The rows of days, a line each: of those of which there is anything, as many from the first on as fit."""
    first, last = (date.fromisoformat(day) for day in (span.first, span.last))
    days = select(tables.Day.day).where(tables.Day.day >= first, tables.Day.day <= last).order_by(tables.Day.day)
    lines: list[bytes] = []
    size = 0
    for day in session.scalars(days).all():
        line = day_rows(session, gate, now, day)
        size += len(line) + 1
        if lines and size > limits.ROWS:
            break
        lines.append(line)
    return b"\n".join(lines)


def day_index(session: Transaction, gate: Gate, now: datetime, day: date) -> DayIndex:
    """What of a day shows by now, in the order of the ids, which are random and say nothing about who came first."""
    tips = session.execute(
        select(Tip.id, Tip.recipient, Tip.header, Tip.payload)
        .where(Tip.day == day, gate.shown(now, Tip.id))
        .order_by(Tip.id),
        execution_options=_BY_ROW,
    )
    items = session.execute(
        select(Item.id, Item.tip_id, Item.kind, Item.size, Item.blob.is_not(None))
        .where(Item.day == day, gate.shown(now, Item.id, Item.tip_id))
        .order_by(Item.id),
        execution_options=_BY_ROW,
    )
    withdrawals = session.execute(
        select(Withdrawal.tip_id, Withdrawal.signature).where(Withdrawal.day == day).order_by(Withdrawal.tip_id)
    )
    of = day.isoformat()
    return DayIndex(
        of,
        tips=tuple(
            TipRow(tip.hex(), of, sha256_hex(payload), sha256_hex(header), sha256_hex(recipient.encode()))
            for tip, recipient, header, payload in tips
        ),
        items=tuple(
            ItemRow(name.hex(), tip.hex(), kind.value, of, size, blob) for name, tip, kind, size, blob in items
        ),
        withdrawals=tuple(WithdrawalRow(tip.hex(), of, signature.hex()) for tip, signature in withdrawals),
    )


def _make(session: Session, gate: Gate, now: datetime, day: date) -> None:
    index = day_index(session, gate, now, day)
    session.execute(delete(tables.Day).where(tables.Day.day == day))
    if index != DayIndex(index.day):
        rows = index.to_json()
        digest = sha256(rows).digest()
        session.add(tables.Day(day=day, digest=digest, tips=len(index.tips), items=len(index.items), rows=rows))
        session.flush()
