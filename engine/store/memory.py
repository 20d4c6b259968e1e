"""What rooms remember; the runner writes it in the transaction of the event that set it."""

from collections.abc import Collection, Mapping
from typing import Any

import orjson
from sqlalchemy import LargeBinary, cast, delete, func, select
from sqlmodel import Session, col

from engine.core.memory import MemoryEntry, ranked
from engine.store.database import Hot
from engine.store.tables import MemoryRow


def write(  # noqa: PLR0913 - the columns of a row
    session: Session, room_id: str, key: str, value: Any, *, run_id: str | None, now_us: int
) -> None:
    """Set the value, whatever it was; its revision goes up by one."""
    keep(Hot.of(session), room_id, run_id, {key: value}, now_us)


_KEEP = (
    "INSERT INTO memory (room_id, key, value, revision, run_id, updated_us) VALUES (?, ?, ?, 1, ?, ?)"
    " ON CONFLICT (room_id, key) DO UPDATE SET value = excluded.value, revision = memory.revision + 1,"
    " run_id = excluded.run_id, updated_us = excluded.updated_us"
)


def keep(hot: Hot, room_id: str, run_id: str | None, values: Mapping[str, Any], now_us: int) -> None:
    """As `write`, for what a run remembers, in the transaction of its events."""
    texts = [
        (key, orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()) for key, value in values.items()
    ]
    hot.many(_KEEP, [(room_id, key, text, run_id, now_us) for key, text in texts])


def get(session: Session, room_id: str, key: str) -> MemoryEntry | None:
    row = session.get(MemoryRow, (room_id, key), populate_existing=True)
    return _entry(row) if row else None


def delete_entry(session: Session, room_id: str, key: str) -> bool:
    """Whether there was one."""
    query = delete(MemoryRow).where(col(MemoryRow.room_id) == room_id, col(MemoryRow.key) == key)
    return bool(session.execute(query.returning(col(MemoryRow.key))).scalar())


def list_after(session: Session, room_id: str, last_key: str | None, limit: int) -> list[MemoryEntry]:
    """In order of the keys."""
    query = (
        select(MemoryRow).where(col(MemoryRow.room_id) == room_id).order_by(col(MemoryRow.key)).limit(limit)
    )
    if last_key is not None:
        query = query.where(col(MemoryRow.key) > last_key)
    return [_entry(row) for row in session.execute(query).scalars()]


def snapshot(session: Session, room_id: str, keys: Collection[str] | None = None) -> dict[str, Any]:
    """The memory as a value: all of it, or those of `keys` that exist."""
    query = select(col(MemoryRow.key), col(MemoryRow.value)).where(col(MemoryRow.room_id) == room_id)
    if keys is not None:
        query = query.where(col(MemoryRow.key).in_(sorted(keys)))
    return {key: orjson.loads(value) for key, value in session.execute(query.order_by(col(MemoryRow.key)))}


def search(session: Session, room_id: str, query: str, limit: int) -> list[dict[str, Any]]:
    """The entries that fit the query best: [{key, value, score}]."""
    rows = session.execute(
        select(col(MemoryRow.key), col(MemoryRow.value)).where(col(MemoryRow.room_id) == room_id)
    )
    texts = {key: value for key, value in rows}  # noqa: C416 - rows are no pairs to mypy
    return [
        {"key": key, "value": orjson.loads(texts[key]), "score": score}
        for key, score in ranked(query, texts.items(), limit)
    ]


def size_without(session: Session, room_id: str, key: str) -> int:
    """Bytes that the room's other entries take."""
    length = (
        func.length(cast(col(MemoryRow.value), LargeBinary))
        if session.get_bind().dialect.name == "sqlite"
        else func.octet_length(col(MemoryRow.value))
    )
    query = select(func.coalesce(func.sum(length), 0)).where(
        col(MemoryRow.room_id) == room_id, col(MemoryRow.key) != key
    )
    return int(session.execute(query).scalar_one())


def _entry(row: MemoryRow) -> MemoryEntry:
    return MemoryEntry(
        key=row.key,
        value=orjson.loads(row.value),
        revision=row.revision,
        run_id=row.run_id,
        updated_at=row.updated_us,
    )
