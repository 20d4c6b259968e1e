"""The conversation of a room with its agents, turn by turn."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlmodel import Session, col

from engine.store.database import Hot
from engine.store.tables import MessageRow

_APPEND = "INSERT INTO message (room_id, run_id, role, content, at_us) VALUES (?, ?, ?, ?, ?)"


def append(hot: Hot, room_id: str, run_id: str, turns: Iterable[Mapping[str, str]], now_us: int) -> None:
    """Add turns {role, content} in their order."""
    said = [
        (turn["role"], turn["content"].replace("\0", "\ufffd")) for turn in turns
    ]  # PostgreSQL holds no NUL
    hot.many(_APPEND, [(room_id, run_id, role, content, now_us) for role, content in said])


def latest(session: Session, room_id: str, limit: int) -> list[dict[str, str]]:
    """The last turns {role, content}, oldest first."""
    newest = (
        select(col(MessageRow.role), col(MessageRow.content))
        .where(col(MessageRow.room_id) == room_id)
        .order_by(col(MessageRow.id).desc())
        .limit(limit)
    )
    return [{"role": role, "content": content} for role, content in session.execute(newest)][::-1]
