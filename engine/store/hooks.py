"""Hooks and what came to them. A delivery that did something is kept for good, so that it never does it again."""

from __future__ import annotations

from typing import Any

import orjson
from sqlmodel import Session

from engine.core.hook import Delivery, Hook
from engine.store.database import Hot

REFUSED_KEPT = 100
"""Of each hook."""

_COLUMNS = "id, room_id, name, signing, signal, mapping, headers, enabled, created_us, updated_us"
_SHOWN = "id, delivery_id, at_us, run_id, code, message"


def add(session: Session | Hot, hook: Hook, token_sha256: str, created_by: str) -> None:
    marks = ", ".join("?" * 12)
    sql = f"INSERT INTO hook ({_COLUMNS}, rotation, token_sha256, created_by) VALUES ({marks}, ?)"
    Hot.of(session).run(sql, *_row(hook), 1, token_sha256, created_by)


def get(session: Session | Hot, hook_id: str, *, lock: bool = False) -> Hook | None:
    hot = Hot.of(session)
    locked = " FOR UPDATE" if lock and not hot.is_sqlite else ""
    row = hot.one(f"SELECT {_COLUMNS} FROM hook WHERE id = ?{locked}", hook_id)
    return None if row is None else _hook(row)


def by_token(session: Session | Hot, token_sha256: str) -> tuple[Hook, int] | None:
    """The hook that is on at this address, and its rotation."""
    sql = f"SELECT {_COLUMNS}, rotation FROM hook WHERE token_sha256 = ? AND enabled"
    row = Hot.of(session).one(sql, token_sha256)
    return None if row is None else (_hook(row[:-1]), int(row[-1]))


def save(session: Session | Hot, hook: Hook) -> None:
    names = [f"{name.strip()} = ?" for name in _COLUMNS.split(",")[2:]]
    Hot.of(session).run(f"UPDATE hook SET {', '.join(names)} WHERE id = ?", *_row(hook)[2:], hook.id)


def rotate(session: Session | Hot, hook_id: str, token_sha256: str, now_us: int) -> int:
    """The hook gets another address; its new rotation."""
    row = Hot.of(session).one(
        "UPDATE hook SET token_sha256 = ?, rotation = rotation + 1, updated_us = ? WHERE id = ? RETURNING rotation",
        token_sha256,
        now_us,
        hook_id,
    )
    return int(row[0])


def remove(session: Session | Hot, hook_id: str) -> None:
    Hot.of(session).run("DELETE FROM hook WHERE id = ?", hook_id)


def list_after(session: Session | Hot, room_id: str | None, last_id: str | None, limit: int) -> list[Hook]:
    """Those of a room, or all; newest first."""
    wanted = [("room_id = ?", room_id), ("id < ?", last_id)]
    given = [(sql, value) for sql, value in wanted if value is not None]
    where = " AND ".join(["1 = 1", *(sql for sql, _ in given)])
    sql = f"SELECT {_COLUMNS} FROM hook WHERE {where} ORDER BY id DESC LIMIT ?"
    return [_hook(row) for row in Hot.of(session).all(sql, *(value for _, value in given), limit)]


def accept(session: Session | Hot, hook_id: str, delivery: Delivery) -> bool:
    """Whether this delivery comes for the first time, to a hook that is there; until the commit others that bring it wait."""
    hot = Hot.of(session)
    kept = hot.one(
        "INSERT INTO delivery (id, hook_id, delivery_id, accepted, at_us, message)"
        f" SELECT ?, id, ?, TRUE, ?, '' FROM ({_still_there(hot)}) found WHERE TRUE ON CONFLICT DO NOTHING RETURNING id",
        delivery.id,
        delivery.delivery_id,
        delivery.at,
        hook_id,
    )
    return kept is not None


def _still_there(hot: Hot) -> str:
    """Selects the hook of that id unless it is gone; it stays until the commit."""
    return "SELECT id FROM hook WHERE id = ?" + ("" if hot.is_sqlite else " FOR KEY SHARE")


def accepted(session: Session | Hot, hook_id: str, delivery_id: str) -> Delivery | None:
    """What came first under this id and did something; None if the hook is gone."""
    sql = f"SELECT {_SHOWN} FROM delivery WHERE hook_id = ? AND delivery_id = ? AND accepted"
    row = Hot.of(session).one(sql, hook_id, delivery_id)
    return None if row is None else _delivery(row)


def set_run(session: Session | Hot, delivery: Delivery, run_id: str) -> None:
    Hot.of(session).run("UPDATE delivery SET run_id = ? WHERE id = ?", run_id, delivery.id)


def refuse(session: Session | Hot, hook_id: str, delivery: Delivery) -> None:
    """Note what was refused, unless the hook is gone; the oldest are forgotten, for anybody could send many."""
    hot = Hot.of(session)
    hot.run(
        f"INSERT INTO delivery ({_SHOWN}, hook_id) SELECT ?, ?, ?, ?, ?, ?, id FROM ({_still_there(hot)}) found",
        *(delivery.id, delivery.delivery_id, delivery.at, None, delivery.code, delivery.message, hook_id),
    )
    hot.run(
        "DELETE FROM delivery WHERE hook_id = ? AND accepted IS NULL AND id <= (SELECT id FROM delivery"
        " WHERE hook_id = ? AND accepted IS NULL ORDER BY id DESC LIMIT 1 OFFSET ?)",
        hook_id,
        hook_id,
        REFUSED_KEPT,
    )


def deliveries(session: Session | Hot, hook_id: str, last_id: str | None, limit: int) -> list[Delivery]:
    """Newest first."""
    rows = Hot.of(session).all(
        f"SELECT {_SHOWN} FROM delivery WHERE hook_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
        hook_id,
        last_id or "~",
        limit,
    )
    return [_delivery(row) for row in rows]


def _delivery(row: Any) -> Delivery:
    id_, delivery_id, at_us, run_id, code, message = row
    return Delivery(id=id_, delivery_id=delivery_id, at=at_us, run_id=run_id, code=code, message=message)


def _row(hook: Hook) -> tuple[Any, ...]:
    mapping = None if hook.mapping is None else orjson.dumps(hook.mapping).decode()
    return (
        *(hook.id, hook.room_id, hook.name, hook.signing, hook.signal, mapping),
        *(orjson.dumps(list(hook.headers)).decode(), hook.enabled, hook.created_at, hook.updated_at),
    )


def _hook(row: Any) -> Hook:
    id_, room_id, name, signing, signal, mapping, headers, enabled, created_us, updated_us = row
    return Hook(
        id=id_,
        room_id=room_id,
        name=name,
        signing=signing,
        signal=signal,
        mapping=None if mapping is None else orjson.loads(mapping),
        headers=tuple(orjson.loads(headers)),
        enabled=bool(enabled),
        created_at=created_us,
        updated_at=updated_us,
    )
