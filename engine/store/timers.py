"""Timers: set with the event that asks for them, fired once by deleting their row."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlmodel import Session, col

from engine.store import inbox
from engine.store.database import Hot
from engine.store.tables import TimerRow

Timer = tuple[str, str, int]
"""Activation, kind, due in microseconds."""


def keep(hot: Hot, run_id: str, clear: Iterable[str | None], timers: Sequence[Timer]) -> None:
    """Clear a run's timers by activation (None: all of them), then set new ones."""
    for activation in clear:
        if activation is None:
            hot.run("DELETE FROM timer WHERE run_id = ?", run_id)
        else:
            hot.run("DELETE FROM timer WHERE run_id = ? AND activation = ?", run_id, activation)
    if timers:
        hot.many(
            "INSERT INTO timer (run_id, activation, kind, due_us) VALUES (?, ?, ?, ?)",
            [(run_id, *timer) for timer in timers],
        )


def fire_due(hot: Hot, now_us: int, limit: int = 500) -> list[tuple[str, str | None]]:
    """Turn timers that are due into wishes; their runs and who drives them. Once each: the row is the right to fire.

    On PostgreSQL runs are locked first and in the order of their ids, as everywhere; one that somebody holds
    is left for the next round, for whoever holds it may be stopped.
    """
    due = "SELECT run_id FROM timer WHERE due_us <= ? ORDER BY due_us LIMIT ?"
    if hot.is_sqlite:
        runs = list(dict.fromkeys(row[0] for row in hot.all(due, now_us, limit)))
    else:
        locked = f"SELECT id FROM run WHERE id IN ({due}) ORDER BY id FOR UPDATE SKIP LOCKED"
        runs = [row[0] for row in hot.all(locked, now_us, limit)]
    if not runs:
        return []
    marks = ", ".join("?" * len(runs))
    fired = hot.all(
        f"DELETE FROM timer WHERE due_us <= ? AND run_id IN ({marks}) RETURNING due_us, run_id, activation, kind",
        now_us,
        *runs,
    )
    wishes = [
        (run_id, inbox.Wish("timer", {"activation": activation, "timer": kind}, now_us))
        for _, run_id, activation, kind in sorted(fired)
    ]
    return inbox.put_many(hot, wishes)


def next_due_us(hot: Hot) -> int | None:
    """When the next timer is due."""
    found = hot.one("SELECT min(due_us) FROM timer")
    return None if found is None else found[0]


def next_of(session: Session, run_id: str) -> int | None:
    """When this run's next timer is due, its deadline left out."""
    return session.execute(
        select(func.min(col(TimerRow.due_us))).where(
            col(TimerRow.run_id) == run_id, col(TimerRow.kind) != "deadline"
        )
    ).scalar_one_or_none()
