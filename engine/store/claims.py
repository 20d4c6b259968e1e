"""Who may move a run: claims, orphans, bells that were lost, rooms with runs in line."""

from dataclasses import dataclass

from sqlalchemy import and_, or_, select, update
from sqlmodel import Session, col

from engine.store.tables import RunRow, WorkerRow

KICK_AGAIN_US = 2_000_000
"""A run that is ready for longer than this since its last bell is rung again."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a driver needs to go on with a run; `was_orphan` when its last driver died."""

    run_id: str
    room_id: str
    workflow_id: str
    version: int
    number: int
    fence: int
    seq: int
    inbox_high: int
    inbox_done: int
    state: str | None
    head_hash: str
    input: str
    options: str
    created_us: int
    was_orphan: bool


def claim(session: Session, run_id: str, worker_id: str, now_us: int) -> Claimed | None:
    """Take a run that is ready, or whose owner has died; None if it is taken, parked or over."""
    alive = select(col(WorkerRow.id)).where(col(WorkerRow.expires_us) > now_us)
    row = session.execute(
        select(RunRow)
        .where(
            col(RunRow.id) == run_id,
            col(RunRow.live).is_(True),
            or_(
                and_(col(RunRow.owner).is_(None), col(RunRow.ready).is_(True)),
                and_(col(RunRow.owner).is_not(None), col(RunRow.owner).not_in(alive)),
                col(RunRow.owner) == worker_id,  # its own, dropped after a commit nobody knows the end of
            ),
        )
        .with_for_update(skip_locked=True)
    ).scalar_one_or_none()
    if row is None:
        return None
    claimed = Claimed(
        run_id=row.id,
        room_id=row.room_id,
        workflow_id=row.workflow_id,
        version=row.version,
        number=row.number,
        fence=row.fence + 1,
        seq=row.seq,
        inbox_high=row.inbox_high,
        inbox_done=row.inbox_done,
        state=row.state,
        head_hash=row.head_hash,
        input=row.input,
        options=row.options,
        created_us=row.created_us,
        was_orphan=row.owner is not None,
    )
    row.fence, row.owner, row.ready = claimed.fence, worker_id, False
    session.add(row)
    return claimed


def take_back(session: Session, run_id: str, fence: int) -> None:
    """Let go of a run that nothing was done with; whoever comes next finds it ready."""
    session.execute(
        update(RunRow)
        .where(col(RunRow.id) == run_id, col(RunRow.fence) == fence, col(RunRow.live).is_(True))
        .values(owner=None, ready=True)
    )


def ready_run_ids(session: Session, now_us: int, limit: int = 500) -> list[str]:
    """Runs that nobody drives though they could go on, whose last bell was lost or long ago."""
    alive = select(col(WorkerRow.id)).where(col(WorkerRow.expires_us) > now_us)
    quiet = col(RunRow.kick_us) < now_us - KICK_AGAIN_US
    found = (
        select(col(RunRow.id))
        .where(
            col(RunRow.live).is_(True),
            or_(
                and_(col(RunRow.ready).is_(True), quiet),
                and_(col(RunRow.owner).is_not(None), col(RunRow.owner).not_in(alive)),
            ),
        )
        .limit(limit)
    )
    return list(session.execute(found).scalars())


def mark_kicked(session: Session, run_ids: list[str], now_us: int) -> None:
    session.execute(update(RunRow).where(col(RunRow.id).in_(run_ids)).values(kick_us=now_us))


def with_unread_inbox(session: Session, worker_id: str) -> list[str]:
    """Runs this worker owns that have something in their inbox it has not applied."""
    found = select(col(RunRow.id)).where(
        col(RunRow.owner) == worker_id, col(RunRow.inbox_high) > col(RunRow.inbox_done)
    )
    return list(session.execute(found).scalars())


def owned_by(session: Session, worker_id: str) -> list[str]:
    found = select(col(RunRow.id)).where(col(RunRow.owner) == worker_id, col(RunRow.live).is_(True))
    return list(session.execute(found).scalars())


def promote_next(session: Session, room_id: str) -> str | None:
    """Let the first run in line have its room, if nobody has it; its id."""
    held = select(col(RunRow.id)).where(col(RunRow.room_id) == room_id, col(RunRow.live).is_(True))
    if session.execute(held).first() is not None:
        return None
    following = (
        select(RunRow)
        .where(col(RunRow.room_id) == room_id, col(RunRow.live).is_(None), col(RunRow.status) == "QUEUED")
        .order_by(col(RunRow.number))
        .limit(1)
        .with_for_update()
    )
    row: RunRow | None = session.execute(following).scalar_one_or_none()
    if row is None:
        return None
    row.live, row.ready = True, True
    session.add(row)
    return row.id


def rooms_in_line(session: Session, limit: int = 100) -> list[str]:
    """Rooms that have a run in line and none that holds the room."""
    waiting = select(col(RunRow.room_id)).where(col(RunRow.live).is_(None), col(RunRow.status) == "QUEUED")
    busy = select(col(RunRow.room_id)).where(col(RunRow.live).is_(True))
    return list(
        session.execute(waiting.where(col(RunRow.room_id).not_in(busy)).distinct().limit(limit)).scalars()
    )
