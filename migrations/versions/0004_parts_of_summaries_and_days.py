"""the two parts of a summary, the digests of days, and heads that stay"""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from alembic import op

from crypto.age import split

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_RUN = 256
_DATED = ("tip", "item", "withdrawal")

# What the index says of a row. A digest is of no use once one of these changes, whoever changes it.
_SAID = {"tip": "id, day, recipient, header, payload", "item": "id, tip_id, kind, day, size, blob"}
_SAID_OF_WITHDRAWAL = "tip_id, day, signature"


def upgrade() -> None:
    # In place: to make this table anew would delete, with the old one, all that refers to it.
    op.add_column("tip", sa.Column("header", sa.LargeBinary(), nullable=False, server_default=sa.text("x''")))
    op.add_column("tip", sa.Column("payload", sa.LargeBinary(), nullable=False, server_default=sa.text("x''")))
    for name, summary in _each("summary"):
        parts = split(summary)
        _set(name, header=parts.header, payload=parts.payload)
    op.drop_column("tip", "summary")
    op.create_index("tip_by_day", "tip", ["day"])
    op.create_index("item_by_day", "item", ["day"])
    operators = sa.text("instr(body, x'2272657175657374223a') = 0")
    op.create_index("log_by_operator", "log_entry", ["index"], sqlite_where=operators)
    with op.batch_alter_table("log_head") as batch_op:
        batch_op.alter_column("frontier", existing_type=sa.LargeBinary(), nullable=True)
    op.create_table(
        "day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("tips", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("rows", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("day"),
        sqlite_with_rowid=False,
    )
    days = " UNION ".join(f"SELECT day FROM {table}" for table in _DATED)  # noqa: S608 - names of tables
    op.execute(f"INSERT INTO day SELECT day, NULL, 0, 0, NULL FROM ({days})")  # noqa: S608 - as above
    for trigger in _triggers():
        op.execute(trigger)


def downgrade() -> None:
    for table in (*_DATED, "hidden"):
        for event in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER IF EXISTS day_after_{event}_{table}")
    op.drop_table("day")
    op.execute("DELETE FROM log_head WHERE frontier IS NULL")
    with op.batch_alter_table("log_head") as batch_op:
        batch_op.alter_column("frontier", existing_type=sa.LargeBinary(), nullable=False)
    op.drop_index("log_by_operator", "log_entry")
    op.drop_index("item_by_day", "item")
    op.drop_index("tip_by_day", "tip")
    op.add_column("tip", sa.Column("summary", sa.LargeBinary(), nullable=False, server_default=sa.text("x''")))
    for name, header, payload in _each("header", "payload"):
        _set(name, summary=header + payload)
    op.drop_column("tip", "payload")
    op.drop_column("tip", "header")


def _triggers() -> Iterator[str]:
    """A row that comes, goes or changes, and one that begins to show at its gate, makes the digest of its day stale.

    By the database itself, so that nobody who writes can forget it. Not with REPLACE: how a conflict is resolved in a
    trigger is for the statement that fires it.
    """
    for table, columns in {**_SAID, "withdrawal": _SAID_OF_WITHDRAWAL}.items():
        yield _trigger(table, "INSERT", ["SELECT NEW.day AS day"])
        yield _trigger(table, "DELETE", ["SELECT OLD.day AS day"])
        yield _trigger(table, f"UPDATE OF {columns}", ["SELECT OLD.day AS day", "SELECT NEW.day AS day"])
    # A tip that is hidden hides its items with it.
    rows = "SELECT day FROM tip WHERE id = {0}.id UNION SELECT day FROM item WHERE id = {0}.id OR tip_id = {0}.id"
    yield _trigger("hidden", "INSERT", [rows.format("NEW")])
    yield _trigger("hidden", "DELETE", [rows.format("OLD")])


def _trigger(table: str, event: str, days: Sequence[str]) -> str:
    name = f"day_after_{event.split(maxsplit=1)[0].lower()}_{table}"
    body = "".join(
        f"DELETE FROM day WHERE day IN ({each}); INSERT INTO day SELECT day, NULL, 0, 0, NULL FROM ({each}); "  # noqa: S608
        for each in days
    )
    return f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN {body}END"


def _each(*columns: str) -> "Iterator[sa.Row[tuple[bytes, ...]]]":
    """All tips, few enough at a time to hold in memory."""
    tip = sa.table("tip", sa.column("id"), *map(sa.column, columns))
    last = b""
    while True:
        wanted = sa.select(tip.c.id, *(tip.c[name] for name in columns))
        rows = op.get_bind().execute(wanted.where(tip.c.id > last).order_by(tip.c.id).limit(_RUN)).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].id


def _set(name: bytes, **values: bytes) -> None:
    tip = sa.table("tip", sa.column("id"), *map(sa.column, values))
    op.get_bind().execute(sa.update(tip).where(tip.c.id == name).values(**values))
