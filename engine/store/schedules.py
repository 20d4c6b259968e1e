"""Schedules and what became of their due times. The right to fire one is its row, locked until the run is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from sqlmodel import Session

from engine.core.schedule import Firing, Schedule
from engine.store.database import Hot

FIRINGS_KEPT = 1_000
"""Of each schedule."""

_COLUMNS = (
    "id, room_id, name, cron, zone, input, enabled, overlap, catch_up, next_due_us, created_us, updated_us"
)


def add(session: Session | Hot, schedule: Schedule, created_by: str) -> None:
    marks = ", ".join("?" * 13)
    Hot.of(session).run(
        f"INSERT INTO schedule ({_COLUMNS}, created_by) VALUES ({marks})", *_row(schedule), created_by
    )


def get(session: Session | Hot, schedule_id: str, *, lock: bool = False) -> Schedule | None:
    """The schedule; with `lock` nobody fires it until the commit."""
    hot = Hot.of(session)
    row = hot.one(f"SELECT {_COLUMNS} FROM schedule WHERE id = ?{_locked(hot, lock)}", schedule_id)
    return None if row is None else _schedule(row)


def save(session: Session | Hot, schedule: Schedule) -> None:
    names = [f"{name.strip()} = ?" for name in _COLUMNS.split(",")[2:]]
    Hot.of(session).run(
        f"UPDATE schedule SET {', '.join(names)} WHERE id = ?", *_row(schedule)[2:], schedule.id
    )


def remove(session: Session | Hot, schedule_id: str) -> bool:
    """Whether there was one."""
    return Hot.of(session).one("DELETE FROM schedule WHERE id = ? RETURNING id", schedule_id) is not None


def list_after(
    session: Session | Hot, room_id: str | None, last_id: str | None, limit: int
) -> list[Schedule]:
    """Those of a room, or all; newest first."""
    wanted = [("room_id = ?", room_id), ("id < ?", last_id)]
    given = [(sql, value) for sql, value in wanted if value is not None]
    where = " AND ".join(["1 = 1", *(sql for sql, _ in given)])
    sql = f"SELECT {_COLUMNS} FROM schedule WHERE {where} ORDER BY id DESC LIMIT ?"
    return [_schedule(row) for row in Hot.of(session).all(sql, *(value for _, value in given), limit)]


def next_due_us(hot: Hot) -> int | None:
    """When the next schedule is due."""
    found = hot.one("SELECT min(next_due_us) FROM schedule")
    return None if found is None else found[0]


def due(hot: Hot, now_us: int, limit: int = 100) -> list[str]:
    rows = hot.all(
        "SELECT id FROM schedule WHERE next_due_us <= ? ORDER BY next_due_us LIMIT ?", now_us, limit
    )
    return [row[0] for row in rows]


def take_due(hot: Hot, schedule_id: str, now_us: int) -> Schedule | None:
    """The schedule if it is due and nobody fires it at this moment; it is ours until the commit.

    One whose row somebody holds is left for the next round, for whoever holds it may be stopped.
    """
    skipping = "" if hot.is_sqlite else " FOR UPDATE SKIP LOCKED"
    row = hot.one(
        f"SELECT {_COLUMNS} FROM schedule WHERE id = ? AND enabled AND next_due_us <= ?{skipping}",
        schedule_id,
        now_us,
    )
    return None if row is None else _schedule(row)


def move_on(hot: Hot, schedule: Schedule, next_us: int | None) -> bool:
    """Compare and set: whether the due time was still the one that was taken."""
    moved = hot.one(
        "UPDATE schedule SET next_due_us = ? WHERE id = ? AND next_due_us = ? RETURNING id",
        next_us,
        schedule.id,
        schedule.next_due_at,
    )
    return moved is not None


def note(hot: Hot, schedule_id: str, firing: Firing) -> None:
    """Add to the history, whose oldest part is forgotten."""
    told = (firing.outcome, firing.run_id, firing.code, firing.message)
    hot.run(
        "INSERT INTO firing (schedule_id, due_us, fired_us, outcome, run_id, code, message)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        schedule_id,
        firing.due_at,
        firing.fired_at,
        *told,
    )
    hot.run(
        "DELETE FROM firing WHERE schedule_id = ? AND due_us <= (SELECT due_us FROM firing"
        " WHERE schedule_id = ? ORDER BY due_us DESC LIMIT 1 OFFSET ?)",
        schedule_id,
        schedule_id,
        FIRINGS_KEPT,
    )


def firings(session: Session | Hot, schedule_id: str, before_us: int | None, limit: int) -> list[Firing]:
    """Newest first."""
    rows = Hot.of(session).all(
        "SELECT due_us, fired_us, outcome, run_id, code, message FROM firing"
        " WHERE schedule_id = ? AND due_us < ? ORDER BY due_us DESC LIMIT ?",
        schedule_id,
        2**62 if before_us is None else before_us,
        limit,
    )
    names = ("due_at", "fired_at", "outcome", "run_id", "code", "message")
    return [Firing(**dict(zip(names, row, strict=True))) for row in rows]


@dataclass(frozen=True, slots=True)
class Held:
    """A run that holds a room, and who drives it."""

    run_id: str
    owner: str | None


def holder(hot: Hot, room_id: str) -> Held | None:
    """The room's live run, which can't end before the commit. Lock it before its room, as its driver does."""
    row = hot.one(f"SELECT id, owner FROM run WHERE room_id = ? AND live{_locked(hot, True)}", room_id)
    return None if row is None else Held(*row)


def count_in_line(hot: Hot, room_id: str) -> int:
    sql = "SELECT count(*) FROM run WHERE room_id = ? AND status = 'QUEUED' AND live IS NULL"
    return int(hot.one(sql, room_id)[0])


def _locked(hot: Hot, lock: bool) -> str:
    return " FOR UPDATE" if lock and not hot.is_sqlite else ""


def _row(schedule: Schedule) -> tuple[Any, ...]:
    given = orjson.dumps(schedule.input).decode()
    return (
        *(schedule.id, schedule.room_id, schedule.name, schedule.cron, schedule.zone, given),
        *(schedule.enabled, schedule.overlap, schedule.catch_up, schedule.next_due_at),
        *(schedule.created_at, schedule.updated_at),
    )


def _schedule(row: Any) -> Schedule:
    id_, room_id, name, cron, zone, given, enabled, overlap, catch_up, next_us, created_us, updated_us = row
    return Schedule(
        id=id_,
        room_id=room_id,
        name=name,
        cron=cron,
        zone=zone,
        input=orjson.loads(given),
        enabled=bool(enabled),
        overlap=overlap,
        catch_up=catch_up,
        next_due_at=next_us,
        created_at=created_us,
        updated_at=updated_us,
    )
