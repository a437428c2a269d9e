"""entries of the log that restrict tips rule"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# How such an entry begins, and what it names first: within a text of it, the quotation marks would be escaped.
_BEGINS = b'{"action":"renew",'.hex()
_NAMES = b'"objects":["member/'.hex()
_RESTRICTS = f"instr(body, x'{_BEGINS}') = 1 AND instr(body, x'{_NAMES}') > 0"


def upgrade() -> None:
    op.execute(f"UPDATE log_entry SET rules = 1 WHERE {_RESTRICTS}")  # noqa: S608 - a constant


def downgrade() -> None:
    op.execute(f"UPDATE log_entry SET rules = 0 WHERE {_RESTRICTS}")  # noqa: S608 - a constant
