"""What rooms remember; the runner writes it in the transaction of the event that set it.

An entry whose time is up is not there for anybody who reads, whether or not it has been purged.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlmodel import Session, col

from engine.core.memory import Candidate, Kind, MemoryEntry
from engine.store import recall
from engine.store.database import Hot
from engine.store.tables import MemoryChunkRow, MemoryRow

PURGED_AT_ONCE = 1000


def write(  # noqa: PLR0913 - the columns of a row
    session: Session,
    room_id: str,
    key: str,
    value: Any,
    *,
    run_id: str | None,
    now_us: int,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Set the value, whatever it was; its revision goes up by one."""
    hot = Hot.of(session)
    keep(hot, room_id, run_id, {key: value}, now_us)
    if about:
        keep_about(hot, room_id, {key: value}, {key: about})


_KEEP = (
    "INSERT INTO memory (room_id, key, value, revision, run_id, updated_us) VALUES (?, ?, ?, 1, ?, ?)"
    " ON CONFLICT (room_id, key) DO UPDATE SET value = excluded.value, revision = memory.revision + 1,"
    " run_id = excluded.run_id, updated_us = excluded.updated_us,"
    " kind = 'LONG_TERM', expires_us = NULL, meta = NULL"
)
_ABOUT = "UPDATE memory SET kind = ?, expires_us = ?, meta = ? WHERE room_id = ? AND key = ?"


def keep(hot: Hot, room_id: str, run_id: str | None, values: Mapping[str, Any], now_us: int) -> None:
    """As `write`, for what a run remembers, in the transaction of its events."""
    texts = [
        (key, orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()) for key, value in values.items()
    ]
    hot.many(_KEEP, [(room_id, key, text, run_id, now_us) for key, text in texts])


def keep_about(
    hot: Hot, room_id: str, values: Mapping[str, Any], about: Mapping[str, Mapping[str, Any]]
) -> None:
    """What is not plain about entries that have just been kept."""
    for key, more in about.items():
        kind = more.get("kind", Kind.LONG_TERM)
        meta = orjson.dumps(more["meta"], option=orjson.OPT_SORT_KEYS).decode() if "meta" in more else None
        hot.run(_ABOUT, kind, more.get("expires_us"), meta, room_id, key)
        if kind == Kind.SEMANTIC:
            recall.keep_chunks(hot, room_id, key, values[key], more)


def get(session: Session, room_id: str, key: str, now_us: int) -> MemoryEntry | None:
    query = _entries(room_id, now_us).where(col(MemoryRow.key) == key)
    row = session.execute(query).first()
    return _entry(*row) if row else None


def delete_entry(session: Session, room_id: str, key: str, now_us: int) -> bool:
    """Whether there was one."""
    query = delete(MemoryRow).where(
        col(MemoryRow.room_id) == room_id, col(MemoryRow.key) == key, _is_there(now_us)
    )
    return bool(session.execute(query.returning(col(MemoryRow.key))).scalar())


def purge(hot: Hot, now_us: int) -> int:
    """Delete some of the entries whose time is up; how many. Costs one look at an index when there are none."""
    rows = hot.all(
        "SELECT room_id, key FROM memory WHERE expires_us <= ? ORDER BY expires_us LIMIT ?",
        now_us,
        PURGED_AT_ONCE,
    )
    if rows:
        sql = "DELETE FROM memory WHERE room_id = ? AND key = ? AND expires_us <= ?"
        hot.many(sql, [(room_id, key, now_us) for room_id, key in rows])
    return len(rows)


def has_expired(hot: Hot, now_us: int) -> bool:
    return hot.one("SELECT 1 FROM memory WHERE expires_us <= ? LIMIT 1", now_us) is not None


def list_after(  # noqa: PLR0913 - a page of one kind, as it is now
    session: Session, room_id: str, last_key: str | None, limit: int, *, now_us: int, kind: Kind | None = None
) -> list[MemoryEntry]:
    """In order of the keys."""
    query = _entries(room_id, now_us).order_by(col(MemoryRow.key)).limit(limit)
    if last_key is not None:
        query = query.where(col(MemoryRow.key) > last_key)
    if kind is not None:
        query = query.where(col(MemoryRow.kind) == kind.value)
    return [_entry(row, is_embedded) for row, is_embedded in session.execute(query)]


def snapshot(
    session: Session, room_id: str, keys: Collection[str] | None = None, *, now_us: int
) -> tuple[dict[str, Any], dict[str, int]]:
    """The memory as a value, all of it or those of `keys` that exist, and when each of its entries ends."""
    query = select(col(MemoryRow.key), col(MemoryRow.value), col(MemoryRow.expires_us)).where(
        col(MemoryRow.room_id) == room_id, _is_there(now_us)
    )
    if keys is not None:
        query = query.where(col(MemoryRow.key).in_(sorted(keys)))
    rows = session.execute(query.order_by(col(MemoryRow.key))).all()
    values = {key: orjson.loads(value) for key, value, _ in rows}
    return values, {key: expires_us for key, _, expires_us in rows if expires_us is not None}


def candidates(
    session: Session, room_id: str, query: str, *, now_us: int, how: Mapping[str, Any]
) -> list[Candidate]:
    """Entries that may fit; `how` as in engine.core.memory. A SEMANTIC one is its chunk that fits best."""
    hot, kind, is_by_words = Hot.of(session), how.get("kind"), how.get("by") != "meaning"
    near: list[recall.Found] = []
    if "vector" in how and kind != Kind.LONG_TERM:
        near = recall.by_meaning(hot, room_id, how["model"], how["vector"], now_us)
    worded = recall.by_words(hot, room_id, query, now_us) if is_by_words and kind != Kind.LONG_TERM else []
    chunks = {found.key: found for found in reversed([*near, *worded])}
    likeness = {found.key: found.likeness for found in reversed(near)}
    rows = _rows(session, room_id, chunks, now_us, has_keyed=is_by_words and kind != Kind.SEMANTIC)
    return [_candidate(row, chunks.get(row.key), likeness.get(row.key)) for row in rows]


def size(session: Session | Hot, room_id: str, without: str, now_us: int) -> dict[str, int]:
    """{entries, bytes} of the room's entries but for the one named `without`."""
    hot = Hot.of(session)
    length = "length(CAST(value AS BLOB))" if hot.is_sqlite else "octet_length(value)"
    entries, taken = hot.one(
        f"SELECT count(*), coalesce(sum({length}), 0) FROM memory"
        " WHERE room_id = ? AND key <> ? AND (expires_us IS NULL OR expires_us > ?)",
        room_id,
        without,
        now_us,
    )
    return {"entries": int(entries), "bytes": int(taken)}


def _is_there(now_us: int) -> ColumnElement[bool]:
    return or_(col(MemoryRow.expires_us).is_(None), col(MemoryRow.expires_us) > now_us)


def _entries(room_id: str, now_us: int) -> Any:
    is_embedded = exists().where(
        col(MemoryChunkRow.room_id) == col(MemoryRow.room_id),
        col(MemoryChunkRow.key) == col(MemoryRow.key),
        col(MemoryChunkRow.model).is_not(None),
    )
    query = select(MemoryRow, is_embedded).where(col(MemoryRow.room_id) == room_id, _is_there(now_us))
    return query.execution_options(populate_existing=True)


def _rows(
    session: Session, room_id: str, found: Collection[str], now_us: int, *, has_keyed: bool
) -> Sequence[MemoryRow]:
    """The entries that were found, and all that have no chunks if these are to be looked through."""
    which: ColumnElement[bool] = col(MemoryRow.key).in_(sorted(found))
    if has_keyed:
        which = or_(which, col(MemoryRow.kind) == Kind.LONG_TERM.value)
    query = select(MemoryRow).where(col(MemoryRow.room_id) == room_id, _is_there(now_us), which)
    return session.execute(query.order_by(col(MemoryRow.key))).scalars().all()


def _candidate(row: MemoryRow, chunk: recall.Found | None, likeness: float | None) -> Candidate:
    value, text = orjson.loads(row.value), row.value
    if chunk is not None and row.kind == Kind.SEMANTIC:
        value = text = value[chunk.begin : chunk.end]
    meta = orjson.loads(row.meta) if row.meta else {}
    return Candidate(row.key, value, row.kind, text, meta, likeness)


def _entry(row: MemoryRow, is_embedded: bool) -> MemoryEntry:
    return MemoryEntry(
        key=row.key,
        value=orjson.loads(row.value),
        revision=row.revision,
        run_id=row.run_id,
        updated_at=row.updated_us,
        kind=Kind(row.kind),
        expires_at=row.expires_us,
        metadata=orjson.loads(row.meta) if row.meta else {},
        is_embedded=is_embedded and row.kind == Kind.SEMANTIC,
    )
