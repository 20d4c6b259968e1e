"""What others want of a run: put in by anybody, applied by its driver in order of id."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import case, insert, select, update
from sqlmodel import Session, col

from engine.store.database import Hot
from engine.store.tables import InboxRow, RunRow


@dataclass(frozen=True, slots=True)
class Wish:
    """pause, resume, cancel, signal or timer, with what it needs to say."""

    kind: str
    body: dict[str, Any]
    at_us: int
    request_id: str | None = None


def put(session: Session, run_id: str, wish: Wish) -> int | None:
    """Leave a wish for the run and make it ready if nobody drives it; its id, None for a repeated request.

    The run's row is locked first, so that ids become visible in their order.
    """
    session.execute(select(col(RunRow.id)).where(col(RunRow.id) == run_id).with_for_update())
    if wish.request_id is not None:
        seen = select(col(InboxRow.id)).where(
            col(InboxRow.run_id) == run_id, col(InboxRow.request_id) == wish.request_id
        )
        if session.execute(seen).scalar_one_or_none() is not None:
            return None
    id_ = int(
        session.execute(
            insert(InboxRow)
            .values(
                run_id=run_id,
                kind=wish.kind,
                request_id=wish.request_id,
                body=orjson.dumps(wish.body).decode(),
                at_us=wish.at_us,
            )
            .returning(col(InboxRow.id))
        ).scalar_one()
    )
    session.execute(
        update(RunRow)
        .where(col(RunRow.id) == run_id)
        .values(
            inbox_high=id_,
            kick_us=0,  # the next sweep looks after it, should the bell be lost
            ready=case((col(RunRow.owner).is_(None), col(RunRow.live).is_(True)), else_=col(RunRow.ready)),
        )
    )
    return id_


def unread(session: Session | Hot, run_id: str, after: int) -> list[tuple[int, str, dict[str, Any]]]:
    """(id, kind, body) of the wishes that come after id `after`, in order."""
    sql = "SELECT id, kind, body FROM inbox WHERE run_id = ? AND id > ? ORDER BY id"
    rows = Hot.of(session).all(sql, run_id, after)
    return [(int(id_), kind, orjson.loads(body)) for id_, kind, body in rows]


def clear(hot: Hot, run_id: str, done: int | None) -> None:
    """Forget applied wishes; all of them when the run is over.

    While it lasts, those with a request id are kept: a repeated request must be known as one.
    """
    if done is None:
        hot.run("DELETE FROM inbox WHERE run_id = ?", run_id)
    else:
        hot.run("DELETE FROM inbox WHERE run_id = ? AND id <= ? AND request_id IS NULL", run_id, done)


def put_many(hot: Hot, wishes: Sequence[tuple[str, Wish]]) -> list[tuple[str, str | None]]:
    """As `put`, for many runs at once: (run id, wish) each, none with a request id. Lock the runs before.

    Returns the runs, in the order of their wishes, each with its owner.
    """
    if not wishes:
        return []
    run_ids = list(dict.fromkeys(run_id for run_id, _ in wishes))
    hot.many(
        "INSERT INTO inbox (run_id, kind, body, at_us) VALUES (?, ?, ?, ?)",
        [(run_id, wish.kind, orjson.dumps(wish.body).decode(), wish.at_us) for run_id, wish in wishes],
    )
    hot.many(
        "UPDATE run SET inbox_high = (SELECT max(id) FROM inbox WHERE run_id = run.id), kick_us = 0,"
        " ready = CASE WHEN owner IS NULL AND live THEN TRUE ELSE ready END WHERE id = ?",
        [(run_id,) for run_id in run_ids],
    )
    marks = ", ".join("?" * len(run_ids))
    owners = dict(tuple(row) for row in hot.all(f"SELECT id, owner FROM run WHERE id IN ({marks})", *run_ids))
    return [(run_id, owners.get(run_id)) for run_id in run_ids]
