"""entries of the log that rule, members' among them"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Until now only the operator's did, which hold no `"request":`.
_BY_OPERATOR = "instr(body, x'2272657175657374223a') = 0"


def upgrade() -> None:
    op.drop_index("log_by_operator", "log_entry")
    op.add_column("log_entry", sa.Column("rules", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(f"UPDATE log_entry SET rules = 1 WHERE {_BY_OPERATOR}")  # noqa: S608 - a constant
    op.create_index("log_rulings", "log_entry", ["index"], sqlite_where=sa.text("rules"))


def downgrade() -> None:
    op.drop_index("log_rulings", "log_entry")
    op.drop_column("log_entry", "rules")
    op.create_index("log_by_operator", "log_entry", ["index"], sqlite_where=sa.text(_BY_OPERATOR))
