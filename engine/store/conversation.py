"""The conversation of a room with its agents, turn by turn; a summary is a turn that stands for those before it."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session, col

from engine.core.conversation import SUMMARY
from engine.core.memory import Turn
from engine.store.database import Hot
from engine.store.tables import MessageRow

_APPEND = "INSERT INTO message (room_id, run_id, role, content, at_us, upto) VALUES (?, ?, ?, ?, ?, ?)"


def append(hot: Hot, room_id: str, run_id: str, turns: Iterable[Mapping[str, Any]], now_us: int) -> None:
    """Add turns {role, content} in their order; a summary's `upto` is the id of the last turn it stands for."""
    said = [
        (turn["role"], turn["content"].replace("\0", "\ufffd"), turn.get("upto")) for turn in turns
    ]  # PostgreSQL holds no NUL
    hot.many(_APPEND, [(room_id, run_id, role, content, now_us, upto) for role, content, upto in said])


def latest(session: Session, room_id: str, limit: int) -> list[dict[str, str]]:
    """The last turns {role, content}, oldest first."""
    newest = _turns(room_id).order_by(col(MessageRow.id).desc()).limit(limit)
    return [{"role": row.role, "content": row.content} for row in session.execute(newest).scalars()][::-1]


def recalled(session: Session, room_id: str, limit: int) -> dict[str, Any]:
    """{summary, turns}: the summary that reaches furthest, and the last turns it does not stand for, oldest first."""
    furthest = (
        select(MessageRow)
        .where(col(MessageRow.room_id) == room_id, col(MessageRow.role) == SUMMARY)
        .order_by(col(MessageRow.upto).desc(), col(MessageRow.id).desc())
        .limit(1)
    )
    summary = session.execute(furthest).scalars().first()
    newest = _turns(room_id).order_by(col(MessageRow.id).desc()).limit(limit)
    if summary is not None:
        newest = newest.where(col(MessageRow.id) > (summary.upto or 0))
    turns = [
        {"id": row.id, "role": row.role, "content": row.content} for row in session.execute(newest).scalars()
    ]
    return {"summary": summary.content if summary else "", "turns": turns[::-1]}


def list_before(session: Session, room_id: str, before_id: int | None, limit: int) -> list[Turn]:
    """All turns and summaries, the newest first."""
    query = select(MessageRow).where(col(MessageRow.room_id) == room_id)
    if before_id is not None:
        query = query.where(col(MessageRow.id) < before_id)
    rows = session.execute(query.order_by(col(MessageRow.id).desc()).limit(limit)).scalars()
    return [
        Turn(id=row.id or 0, role=row.role, content=row.content, run_id=row.run_id, at=row.at_us)
        for row in rows
    ]


def clear(session: Session, room_id: str) -> None:
    """Forget the conversation."""
    session.execute(delete(MessageRow).where(col(MessageRow.room_id) == room_id))


def _turns(room_id: str) -> Any:
    return select(MessageRow).where(col(MessageRow.room_id) == room_id, col(MessageRow.role) != SUMMARY)
