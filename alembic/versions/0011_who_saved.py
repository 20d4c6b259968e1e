"""a draft knows who saved it

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("workflow", sa.Column("saved_by", sa.String(36), nullable=True))


def downgrade() -> None:
    op.drop_column("workflow", "saved_by")
