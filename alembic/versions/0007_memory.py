"""entries of the memory have kinds, an end and chunks that are found by words and meaning; summaries of conversations

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from engine.store import recall

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
VECTOR = sa.LargeBinary().with_variant(sa.ARRAY(sa.REAL()), "postgresql")


def upgrade() -> None:
    op.add_column(
        "memory", sa.Column("kind", sa.String(length=16), nullable=False, server_default="LONG_TERM")
    )
    op.add_column("memory", sa.Column("expires_us", sa.BigInteger(), nullable=True))
    op.add_column("memory", sa.Column("meta", sa.Text(), nullable=True))
    _partial_index("memory_expires", "memory", "expires_us", "expires_us IS NOT NULL")
    op.add_column("message", sa.Column("upto", sa.BigInteger(), nullable=True))
    _partial_index("message_summary", "message", "room_id", "role = 'summary'")
    op.create_table(
        "memory_chunk",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("room_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("begin_at", sa.Integer(), nullable=False),
        sa.Column("end_at", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=True),
        sa.Column("vector", VECTOR, nullable=True),
        sa.ForeignKeyConstraint(["room_id", "key"], ["memory.room_id", "memory.key"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("memory_chunk_entry", "memory_chunk", ["room_id", "key"])
    for statement in recall.SET_UP[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    for statement in recall.TAKE_DOWN[op.get_bind().dialect.name]:
        op.execute(statement)
    op.drop_table("memory_chunk")
    op.execute("DELETE FROM message WHERE role = 'summary'")
    op.drop_index("message_summary", "message")
    op.drop_column("message", "upto")
    op.execute("DELETE FROM memory WHERE expires_us IS NOT NULL")
    op.drop_index("memory_expires", "memory")
    for column in ("meta", "expires_us", "kind"):
        op.drop_column("memory", column)


def _partial_index(name: str, table: str, column: str, where: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
