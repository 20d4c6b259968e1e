"""The conversation of a room with its agents, turn by turn."""

from collections.abc import Iterable, Mapping

from sqlalchemy import insert, select
from sqlmodel import Session, col

from engine.store.tables import MessageRow


def append(
    session: Session, room_id: str, run_id: str, turns: Iterable[Mapping[str, str]], now_us: int
) -> None:
    """Add turns {role, content} in their order."""
    rows = [
        {
            "room_id": room_id,
            "run_id": run_id,
            "role": turn["role"],
            "content": turn["content"].replace("\0", "\ufffd"),  # PostgreSQL holds no NUL
            "at_us": now_us,
        }
        for turn in turns
    ]
    if rows:
        session.execute(insert(MessageRow), rows)


def latest(session: Session, room_id: str, limit: int) -> list[dict[str, str]]:
    """The last turns {role, content}, oldest first."""
    newest = (
        select(col(MessageRow.role), col(MessageRow.content))
        .where(col(MessageRow.room_id) == room_id)
        .order_by(col(MessageRow.id).desc())
        .limit(limit)
    )
    return [{"role": role, "content": content} for role, content in session.execute(newest)][::-1]
