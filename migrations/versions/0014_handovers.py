"""newer identities that members hand over to their other machines"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handover",
        sa.Column("member", sa.String(length=32), nullable=False),
        sa.Column("replaces", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("member", "replaces"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("handover")
