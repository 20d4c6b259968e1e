"""Timers: set with the event that asks for them, fired once by deleting their row."""

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from engine.store import inbox
from engine.store.tables import TimerRow


def fire_due(session: Session, now_us: int, limit: int = 500) -> list[str]:
    """Turn timers that are due into wishes of their runs; the runs' ids. Once each: the row is the right to fire."""
    due = session.execute(
        select(col(TimerRow.run_id), col(TimerRow.activation), col(TimerRow.kind))
        .where(col(TimerRow.due_us) <= now_us)
        .order_by(col(TimerRow.due_us))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for run_id, activation, kind in due:
        session.execute(
            delete(TimerRow).where(
                col(TimerRow.run_id) == run_id,
                col(TimerRow.activation) == activation,
                col(TimerRow.kind) == kind,
            )
        )
        wish = inbox.Wish("timer", {"activation": activation, "timer": kind}, now_us)
        inbox.put(session, run_id, wish)
    return list(dict.fromkeys(run_id for run_id, _, _ in due))


def next_due_us(session: Session) -> int | None:
    """When the next timer is due."""
    return session.execute(select(func.min(col(TimerRow.due_us)))).scalar_one_or_none()


def next_of(session: Session, run_id: str) -> int | None:
    """When this run's next timer is due, its deadline left out."""
    return session.execute(
        select(func.min(col(TimerRow.due_us))).where(
            col(TimerRow.run_id) == run_id, col(TimerRow.kind) != "deadline"
        )
    ).scalar_one_or_none()
