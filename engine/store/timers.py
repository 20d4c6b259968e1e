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


def fire_due(hot: Hot, now_us: int, limit: int = 500) -> list[str]:
    """Turn timers that are due into wishes of their runs; the runs' ids. Once each: the row is the right to fire."""
    which = "FROM timer WHERE due_us <= ? ORDER BY due_us LIMIT ?"
    if not hot.is_sqlite:  # with its run's row, or not at all: whoever holds that may be stopped
        which = (
            "FROM timer JOIN run ON run.id = timer.run_id WHERE due_us <= ? ORDER BY due_us LIMIT ?"
            " FOR UPDATE SKIP LOCKED"
        )
    due = hot.all(f"SELECT run_id, activation, kind {which}", now_us, limit)
    if not due:
        return []
    hot.many(
        "DELETE FROM timer WHERE run_id = ? AND activation = ? AND kind = ?", [tuple(row) for row in due]
    )
    wishes = [
        (run_id, inbox.Wish("timer", {"activation": activation, "timer": kind}, now_us))
        for run_id, activation, kind in due
    ]
    inbox.put_many(hot, wishes)
    return list(dict.fromkeys(run_id for run_id, _ in wishes))


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
