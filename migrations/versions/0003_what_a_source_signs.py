"""what a source signs: where its chain goes on, its deletions, its withdrawals"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# A kind is stored as its word, without a check of the database's own: the new one, `deletion`, needs no column changed.


def upgrade() -> None:
    op.add_column("tip", sa.Column("chain", sa.LargeBinary(), nullable=True))
    op.create_table(
        "withdrawal",
        sa.Column("tip_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tip_id"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    # What the models of then can't read.
    op.execute("DELETE FROM item WHERE kind = 'deletion'")
    op.drop_table("withdrawal")
    op.drop_column("tip", "chain")
