"""runs are listed by when they began, from indexes that hold all that a list can be filtered by

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BEFORE = {
    "ix_run_created_us": ["created_us"],
    "ix_run_room_id": ["room_id"],
    "ix_run_status": ["status"],
    "ix_run_workflow_id": ["workflow_id"],
}
AFTER = {
    "run_began": ["created_us", "id", "room_id", "number"],
    "run_began_by_status": ["status", "created_us", "id", "room_id", "number"],
    "run_began_in_room": ["room_id", "created_us", "id", "number"],
    "run_of_workflow": ["workflow_id", "id"],
}


def upgrade() -> None:
    _replace(BEFORE, AFTER)


def downgrade() -> None:
    _replace(AFTER, BEFORE)


def _replace(old: dict[str, list[str]], new: dict[str, list[str]]) -> None:
    for name in old:
        op.drop_index(name, table_name="run")
    for name, columns in new.items():
        op.create_index(name, "run", columns)
