"""a run's state is a snapshot, the log's rows hold several inputs, one clock for an installation

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("state_seq", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "clock",
        sa.Column("boot_id", sa.String(length=64), nullable=False),
        sa.Column("ahead_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("boot_id"),
    )
    op.execute("UPDATE run SET state_seq = seq WHERE state IS NOT NULL")
    op.execute(
        "UPDATE event SET body = '[{\"at\":' || at_us || ',' || substr(body, 2) || ']' WHERE body LIKE '{%'"
    )
    with op.batch_alter_table("event") as batch:
        batch.drop_column("kind")


def downgrade() -> None:
    op.drop_table("clock")
    with op.batch_alter_table("event") as batch:
        batch.add_column(sa.Column("kind", sa.String(length=24), nullable=False, server_default=""))
    op.drop_column("run", "state_seq")
