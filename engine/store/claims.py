"""Who may move a run: claims, orphans, bells that were lost, rooms with runs in line."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.store.database import Hot

KICK_AGAIN_US = 2_000_000
"""A run that is ready for longer than this since its last bell is rung again."""
CROWD = 16
"""A dead worker's runs beside the one that is taken over: more than so many are too many for a child process each."""

_COLUMNS = (
    "id, room_id, workflow_id, version, number, fence, seq, inbox_high, inbox_done, status, state, state_seq,"
    " head_hash, input, options, created_us"
)
_ALIVE = "SELECT id FROM worker WHERE expires_us > ?"


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a driver needs to go on with a run; `last_owner` is who drove it and did not give it back."""

    run_id: str
    room_id: str
    workflow_id: str
    version: int
    number: int
    fence: int
    seq: int
    inbox_high: int
    inbox_done: int
    status: str
    state: str | None
    state_seq: int
    head_hash: str
    input: str
    options: str
    created_us: int
    last_owner: str | None = None


def claim(hot: Hot, run_id: str, worker_id: str, now_us: int) -> Claimed | None:
    """Take a run that is ready, or whose owner has died; None if it is taken, parked or over.

    Who has left is dead at any time, also at 0.
    """
    free = "id = ? AND live AND owner IS NULL AND ready"
    if (
        not hot.is_sqlite
    ):  # two groups of claims must not wait for each other; whoever holds the row wakes its run
        free = f"id = (SELECT id FROM run WHERE {free} FOR UPDATE SKIP LOCKED)"
    row = hot.one(
        f"UPDATE run SET fence = fence + 1, owner = ?, ready = FALSE WHERE {free} RETURNING {_COLUMNS}",
        worker_id,
        run_id,
    )
    if row is not None:
        return Claimed(*row)
    return _adopt(hot, run_id, worker_id, now_us)


def _adopt(hot: Hot, run_id: str, worker_id: str, now_us: int) -> Claimed | None:
    """Take a run whose owner has died, or that is this worker's own: dropped when a commit's end was unknown."""
    locked = "" if hot.is_sqlite else " FOR UPDATE SKIP LOCKED"
    orphan = hot.one(
        "SELECT owner, fence FROM run WHERE id = ? AND live AND owner IS NOT NULL"
        f" AND (owner = ? OR owner NOT IN ({_ALIVE})){locked}",
        run_id,
        worker_id,
        now_us,
    )
    if orphan is None:
        return None
    owner, fence = orphan
    row = hot.one(
        "UPDATE run SET fence = fence + 1, owner = ?, ready = FALSE"
        f" WHERE id = ? AND live AND owner = ? AND fence = ? RETURNING {_COLUMNS}",
        worker_id,
        run_id,
        owner,
        fence,
    )
    return replace(Claimed(*row), last_owner=owner) if row is not None else None


def is_held(hot: Hot, run_id: str, fence: int) -> bool:
    """Whether nobody has taken the run since it was claimed with that fence."""
    return hot.one("SELECT 1 FROM run WHERE id = ? AND fence = ?", run_id, fence) is not None


def is_crowd(hot: Hot, worker_id: str) -> bool:
    """Whether more runs than make a crowd are still this worker's."""
    counted = "SELECT count(*) FROM (SELECT 1 FROM run WHERE owner = ? AND live LIMIT ?) AS theirs"
    row = hot.one(counted, worker_id, CROWD + 1)
    return row is not None and row[0] > CROWD


def take_back(hot: Hot, run_id: str, fence: int) -> None:
    """Let go of a run that nothing was done with; whoever comes next finds it ready."""
    hot.run("UPDATE run SET owner = NULL, ready = TRUE WHERE id = ? AND fence = ? AND live", run_id, fence)


def waiting_for_a_driver(hot: Hot, now_us: int, limit: int = 500) -> list[str]:
    """Runs that nobody drives though they could go on: their last bell was lost, or their owner has died."""
    quiet = hot.all(
        "SELECT id FROM run WHERE ready AND live AND kick_us < ? LIMIT ?", now_us - KICK_AGAIN_US, limit
    )
    orphans = hot.all(
        f"SELECT id FROM run WHERE owner IS NOT NULL AND live AND owner NOT IN ({_ALIVE}) LIMIT ?",
        now_us,
        limit,
    )
    return [row[0] for row in (*quiet, *orphans)]


def mark_kicked(hot: Hot, run_ids: list[str], now_us: int) -> None:
    """Note that the runs were rung; those whose row somebody holds are left for the next round."""
    which = "?" if hot.is_sqlite else "(SELECT id FROM run WHERE id = ? FOR UPDATE SKIP LOCKED)"
    hot.many(f"UPDATE run SET kick_us = ? WHERE id = {which}", [(now_us, run_id) for run_id in run_ids])


def owned_by(hot: Hot, worker_id: str) -> list[tuple[str, bool]]:
    """Live runs of this worker; True: there is something in their inbox that was not applied."""
    rows = hot.all("SELECT id, inbox_high > inbox_done FROM run WHERE owner = ? AND live", worker_id)
    return [(run_id, bool(has_news)) for run_id, has_news in rows]


def promote_next(hot: Hot, room_id: str) -> str | None:
    """Let the first run in line have its room, if nobody has it; its id."""
    if not hot.is_sqlite:
        hot.one("SELECT id FROM room WHERE id = ? FOR UPDATE", room_id)
    row = hot.one(
        "UPDATE run SET live = TRUE, ready = TRUE WHERE id = (SELECT id FROM run WHERE room_id = ?"
        " AND live IS NULL AND status = 'QUEUED' ORDER BY number LIMIT 1)"
        " AND NOT EXISTS (SELECT 1 FROM run held WHERE held.room_id = ? AND held.live) RETURNING id",
        room_id,
        room_id,
    )
    return None if row is None else str(row[0])


def rooms_in_line(hot: Hot, limit: int = 100) -> list[str]:
    """Rooms that have a run in line and none that holds the room."""
    rows = hot.all(
        "SELECT DISTINCT room_id FROM run WHERE status = 'QUEUED' AND live IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM run held WHERE held.room_id = run.room_id AND held.live) LIMIT ?",
        limit,
    )
    return [row[0] for row in rows]
