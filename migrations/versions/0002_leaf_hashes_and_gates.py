"""leaf hashes, what the index doesn't show yet, and what each member has added today"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_RUN = 256


def upgrade() -> None:
    # Made anew, so that the hash lies before the body: behind it, each would be at the end of a chain of pages.
    op.rename_table("log_entry", "log_entry_0001")
    op.create_table(
        "log_entry",
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("index"),
    )
    _copy_entries()
    op.drop_table("log_entry_0001")
    op.create_table(
        "hidden",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("tip_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("until", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tip_id"], ["tip.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("hidden", schema=None) as batch_op:
        batch_op.create_index("hidden_by_tip", ["tip_id"], unique=False)
    op.create_table(
        "added",
        sa.Column("member", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("member"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("added")
    op.drop_table("hidden")
    with op.batch_alter_table("log_entry", schema=None) as batch_op:
        batch_op.drop_column("leaf")


def _copy_entries() -> None:
    entry = sa.table("log_entry", sa.column("index"), sa.column("leaf"), sa.column("body"))
    old = sa.table("log_entry_0001", sa.column("index"), sa.column("body"))
    store, last = op.get_bind(), -1
    while rows := store.execute(_after(old, last)).all():
        # RFC 6962, section 2.1: the hash of a leaf.
        store.execute(
            sa.insert(entry),
            [{"index": index, "leaf": hashlib.sha256(b"\x00" + body).digest(), "body": body} for index, body in rows],
        )
        last = rows[-1].index


def _after(old: sa.TableClause, index: int) -> "sa.Select[tuple[int, bytes]]":
    """The next entries in the order of the log, few enough to hold in memory."""
    return sa.select(old.c.index, old.c.body).where(old.c.index > index).order_by(old.c.index).limit(_RUN)
