"""rooms that were made for one call are known, so that they can be cleared away

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PASSING = sa.text("is_passing")


def upgrade() -> None:
    op.add_column("room", sa.Column("is_passing", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("room_passing", "room", ["created_us"], sqlite_where=PASSING, postgresql_where=PASSING)


def downgrade() -> None:
    op.drop_index("room_passing", table_name="room")
    op.drop_column("room", "is_passing")
