"""Workers' heartbeats: one row a process; a run whose owner's row has expired is anybody's."""

from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from engine.store.database import Hot, connection_name
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
    sql = update(WorkerRow).where(col(WorkerRow.id) == worker_id).values(expires_us=expires_us)
    return session.execute(sql.returning(col(WorkerRow.id))).first() is not None


def leave(hot: Hot, worker_id: str) -> None:
    """Say goodbye: whatever is still this worker's is ready for others, and nothing of it can be committed any more."""
    hot.run(
        "UPDATE run SET owner = NULL, ready = TRUE, kick_us = 0, fence = fence + 1 WHERE owner = ? AND live",
        worker_id,
    )
    hot.run("UPDATE worker SET expires_us = 0 WHERE id = ?", worker_id)


def connections_of_dead(hot: Hot, now_us: int) -> list[str]:
    """The names of the connections that workers whose lease has run out still have to PostgreSQL.

    A container that is started again gives its processes the names of the dead ones.
    """
    if hot.is_sqlite:
        return []
    rows = hot.all(
        "SELECT host, pid FROM worker WHERE expires_us < ? AND expires_us > 0 AND NOT EXISTS (SELECT 1"
        " FROM worker heir WHERE heir.host = worker.host AND heir.pid = worker.pid AND heir.expires_us >= ?)",
        now_us,
        now_us,
    )
    return [connection_name(host, pid) for host, pid in rows]


def cut_connections(hot: Hot, name: str) -> None:
    """End the connections of that name; PostgreSQL rolls back what they had begun."""
    hot.all("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?", name)


def expire(session: Session, *, worker_id: str | None = None, host: str = "", pid: int = 0) -> None:
    """End a worker's lease at once: it said goodbye, or its supervisor saw it die."""
    which = (
        col(WorkerRow.id) == worker_id
        if worker_id
        else (col(WorkerRow.host) == host) & (col(WorkerRow.pid) == pid)
    )
    session.execute(update(WorkerRow).where(which).values(expires_us=0))


def has_any(hot: Hot, now_us: int) -> bool:
    """Whether one is alive."""
    return hot.one("SELECT 1 FROM worker WHERE expires_us > ? LIMIT 1", now_us) is not None


def ending_after(hot: Hot, us: int) -> dict[str, int]:
    """When the leases end that end later than that, by worker."""
    return dict(hot.all("SELECT id, expires_us FROM worker WHERE expires_us > ?", us))


def alive(session: Session, now_us: int) -> list[Worker]:
    rows = session.execute(select(WorkerRow).where(col(WorkerRow.expires_us) > now_us)).scalars()
    return [Worker(**{name: getattr(row, name) for name in Worker.__slots__}) for row in rows]
