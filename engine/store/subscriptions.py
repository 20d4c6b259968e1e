"""Subscriptions to events, and how well telling them goes."""

from __future__ import annotations

from typing import Any

import orjson
from sqlmodel import Session

from engine.core.events import EventType
from engine.core.subscription import OFF_AFTER_US, Subscription
from engine.store.database import Hot

_COLUMNS = "id, room_id, name, url, events, enabled, off_reason, failing_since_us, created_us, updated_us"


def add(session: Session | Hot, subscription: Subscription, created_by: str) -> None:
    sql = f"INSERT INTO subscription ({_COLUMNS}, rotation, created_by) VALUES ({', '.join('?' * 12)})"
    Hot.of(session).run(sql, *_row(subscription), 1, created_by)


def get(session: Session | Hot, subscription_id: str, *, lock: bool = False) -> Subscription | None:
    hot = Hot.of(session)
    locked = " FOR UPDATE" if lock and not hot.is_sqlite else ""
    row = hot.one(f"SELECT {_COLUMNS} FROM subscription WHERE id = ?{locked}", subscription_id)
    return None if row is None else _subscription(row)


def name_of(hot: Hot, subscription_id: str) -> str | None:
    row = hot.one("SELECT name FROM subscription WHERE id = ?", subscription_id)
    return None if row is None else str(row[0])


def save(session: Session | Hot, subscription: Subscription) -> None:
    """What is still to be told is held while it is off."""
    hot = Hot.of(session)
    names = [f"{name.strip()} = ?" for name in _COLUMNS.split(",")[1:]]
    hot.run(
        f"UPDATE subscription SET {', '.join(names)} WHERE id = ?", *_row(subscription)[1:], subscription.id
    )
    before, after = ("HELD", "PENDING") if subscription.enabled else ("PENDING", "HELD")
    _turn(hot, subscription.id, before, after)


def rotate(session: Session | Hot, subscription_id: str, now_us: int) -> int:
    """Its new rotation."""
    sql = "UPDATE subscription SET rotation = rotation + 1, updated_us = ? WHERE id = ? RETURNING rotation"
    return int(Hot.of(session).one(sql, now_us, subscription_id)[0])


def remove(session: Session | Hot, subscription_id: str) -> None:
    """With all that was or is to be told."""
    hot = Hot.of(session)
    hot.run("DELETE FROM notice WHERE subscription_id = ?", subscription_id)
    hot.run("DELETE FROM subscription WHERE id = ?", subscription_id)


def list_after(
    session: Session | Hot, room_id: str | None, last_id: str | None, limit: int
) -> list[Subscription]:
    """All, or those of one room alone; newest first."""
    which, given = ("", ()) if room_id is None else (" AND room_id = ?", (room_id,))
    sql = f"SELECT {_COLUMNS} FROM subscription WHERE id < ?{which} ORDER BY id DESC LIMIT ?"
    return [_subscription(row) for row in Hot.of(session).all(sql, last_id or "~", *given, limit)]


def hold(hot: Hot, subscription_id: str) -> None:
    """Lock it before its notices, as everybody does."""
    if not hot.is_sqlite:
        hot.one("SELECT id FROM subscription WHERE id = ? FOR UPDATE", subscription_id)


def heard(hot: Hot) -> list[tuple[str, str | None, frozenset[str]]]:
    """(id, room or None for all, types of events) of those that are on."""
    rows = hot.all("SELECT id, room_id, events FROM subscription WHERE enabled ORDER BY id")
    return [(row[0], row[1], frozenset(orjson.loads(row[2]))) for row in rows]


def count_failing(session: Session | Hot) -> int:
    """Those that can't be told anything at the moment, or were switched off for that."""
    sql = "SELECT count(*) FROM subscription WHERE off_reason IS NOT NULL OR (enabled AND failing_since_us IS NOT NULL)"
    return int(Hot.of(session).one(sql)[0])


def note_success(hot: Hot, subscription_id: str) -> None:
    hot.run(
        "UPDATE subscription SET failing_since_us = NULL WHERE id = ? AND failing_since_us IS NOT NULL",
        subscription_id,
    )


def note_failure(hot: Hot, subscription_id: str, now_us: int) -> bool:
    """Whether it has failed for too long by now."""
    row = hot.one(
        "UPDATE subscription SET failing_since_us = COALESCE(failing_since_us, ?) WHERE id = ? AND enabled"
        " RETURNING failing_since_us",
        now_us,
        subscription_id,
    )
    return row is not None and now_us - int(row[0]) > OFF_AFTER_US


def switch_off(hot: Hot, subscription_id: str, reason: str, now_us: int) -> None:
    hot.run(
        "UPDATE subscription SET enabled = FALSE, off_reason = ?, updated_us = ? WHERE id = ?",
        reason,
        now_us,
        subscription_id,
    )
    _turn(hot, subscription_id, "PENDING", "HELD")


def _turn(hot: Hot, subscription_id: str, before: str, after: str) -> None:
    sql = "UPDATE notice SET status = ? WHERE subscription_id = ? AND status = ?"
    hot.run(sql, after, subscription_id, before)


def _row(one: Subscription) -> tuple[Any, ...]:
    events = orjson.dumps([type_.value for type_ in one.events]).decode()
    return (
        *(one.id, one.room_id, one.name, one.url, events, one.enabled),
        *(one.off_reason, one.failing_since, one.created_at, one.updated_at),
    )


def _subscription(row: Any) -> Subscription:
    id_, room_id, name, url, events, enabled, off_reason, failing_us, created_us, updated_us = row
    return Subscription(
        id=id_,
        room_id=room_id,
        name=name,
        url=url,
        events=tuple(EventType(type_) for type_ in orjson.loads(events)),
        enabled=bool(enabled),
        off_reason=off_reason,
        failing_since=failing_us,
        created_at=created_us,
        updated_at=updated_us,
    )
