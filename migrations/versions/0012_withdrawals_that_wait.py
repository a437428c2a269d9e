"""withdrawals that wait, where their sources have chosen that"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tip", sa.Column("slowly", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("tip", sa.Column("leaving", sa.Date(), nullable=True))
    op.add_column("tip", sa.Column("word", sa.LargeBinary(64), nullable=True))


def downgrade() -> None:
    for name in ("word", "leaving", "slowly"):
        op.drop_column("tip", name)
