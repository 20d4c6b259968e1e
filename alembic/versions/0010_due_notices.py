"""what is due to one subscriber is found without a look at what others wait for

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    where = sa.text("status = 'PENDING'")
    op.create_index(
        "notice_due_of",
        "notice",
        ["subscription_id", "next_us"],
        postgresql_where=where,
        sqlite_where=where,
    )


def downgrade() -> None:
    op.drop_index("notice_due_of", table_name="notice")
