"""Workers' heartbeats: one row a process; a run whose owner's row has expired is anybody's."""

from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from engine.store.tables import WorkerRow

LEASE_US = 6_000_000
"""How long a silent worker keeps its runs."""

FORGET_US = 3_600_000_000
"""How long a dead worker's row is kept, for people to see."""


@dataclass(frozen=True, slots=True)
class Worker:
    id: str
    host: str
    pid: int
    threads: int
    started_us: int
    expires_us: int


def register(session: Session, worker: Worker) -> None:
    session.add(WorkerRow(**{name: getattr(worker, name) for name in Worker.__slots__}))
    session.execute(delete(WorkerRow).where(col(WorkerRow.expires_us) < worker.started_us - FORGET_US))


def renew(session: Session, worker_id: str, expires_us: int) -> bool:
    """Push the lease out; False if the row is gone.

    A worker that was taken for dead may come back: the runs it lost are guarded by their fences.
    """
    renewed = session.execute(
        update(WorkerRow).where(col(WorkerRow.id) == worker_id).values(expires_us=expires_us)
    )
    return bool(renewed.rowcount)  # type: ignore[attr-defined]


def expire(session: Session, *, worker_id: str | None = None, host: str = "", pid: int = 0) -> None:
    """End a worker's lease at once: it said goodbye, or its supervisor saw it die."""
    which = (
        col(WorkerRow.id) == worker_id
        if worker_id
        else (col(WorkerRow.host) == host) & (col(WorkerRow.pid) == pid)
    )
    session.execute(update(WorkerRow).where(which).values(expires_us=0))


def alive(session: Session, now_us: int) -> list[Worker]:
    rows = session.execute(select(WorkerRow).where(col(WorkerRow.expires_us) > now_us)).scalars()
    return [Worker(**{name: getattr(row, name) for name in Worker.__slots__}) for row in rows]
