"""What subscribers are still to be told: put in with the event, claimed by one worker at a time, in order for each run."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlmodel import Session

from engine.core.subscription import Notice
from engine.store.database import Hot

LEASE_US = 30_000_000
"""How long a claimed notice is its worker's, unless that dies before."""
EACH = 4
"""Of one subscription that a worker sends at once: one that is slow must not hold up the others."""
KEPT_US = 7 * 24 * 3600 * 1_000_000
"""How long those that were delivered, and those given up, are kept."""

_ALIVE = "SELECT id FROM worker WHERE expires_us > ?"
_COLUMNS = "id, run_id, seq, type, status, attempts, next_us, response_status, error, created_us, done_us"


class NewNotice(NamedTuple):
    subscription_id: str
    run_id: str
    seq: int
    type: str

    @property
    def id(self) -> str:
        """The same whoever makes it: an event is told to a subscription once."""
        said = f"{self.subscription_id}:{self.run_id}:{self.seq}"
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notice to be sent now, and where to; `attempts` counts this one."""

    id: str
    subscription_id: str
    run_id: str
    seq: int
    type: str
    attempts: int
    url: str
    rotation: int


_PUT = (
    "INSERT INTO notice (id, subscription_id, run_id, seq, type, status, attempts, next_us, created_us)"
    " SELECT ?, id, ?, ?, ?, 'PENDING', 0, ?, ? FROM subscription WHERE id = ? AND enabled ON CONFLICT DO NOTHING"
)


def put(hot: Hot, found: list[NewNotice], now_us: int) -> None:
    """Whose subscription is gone or off by now is left out."""
    rows = [(one.id, one.run_id, one.seq, one.type, now_us, now_us, one.subscription_id) for one in found]
    hot.many(_PUT, rows)


def is_due(hot: Hot, now_us: int) -> bool:
    """Whether there is something to send, or somebody died while sending."""
    due = "SELECT 1 FROM notice WHERE status = 'PENDING' AND next_us <= ? LIMIT 1"
    lost = f"SELECT 1 FROM notice WHERE status = 'PENDING' AND owner IS NOT NULL AND owner NOT IN ({_ALIVE}) LIMIT 1"
    return hot.one(due, now_us) is not None or hot.one(lost, now_us) is not None


_EARLIER = (
    "FROM notice earlier WHERE earlier.subscription_id = notice.subscription_id"
    " AND earlier.run_id = notice.run_id AND earlier.seq < notice.seq AND earlier.status = 'PENDING'"
)


def claim(hot: Hot, worker_id: str, now_us: int, limit: int, busy: Collection[str] = ()) -> list[Claimed]:
    """Take what is due: of each run its earliest, nothing of subscriptions in `busy`."""
    skipping = "" if hot.is_sqlite else " FOR UPDATE SKIP LOCKED"
    lost = f"SELECT id FROM notice WHERE status = 'PENDING' AND owner NOT IN ({_ALIVE}){skipping}"
    hot.run(f"UPDATE notice SET owner = NULL, next_us = ? WHERE id IN ({lost})", now_us, now_us)
    is_due = "status = 'PENDING' AND next_us <= ?"
    behind = (
        f"SELECT id FROM notice WHERE {is_due} AND owner IS NULL AND EXISTS (SELECT 1 {_EARLIER}){skipping}"
    )
    hot.run(  # what comes after waits for what comes before, and needs no look until then
        f"UPDATE notice SET next_us = (SELECT max(earlier.next_us) {_EARLIER}) + 1 WHERE id IN ({behind})",
        now_us,
    )
    busy_marks = f" AND subscription_id NOT IN ({', '.join('?' * len(busy))})" if busy else ""
    each = (
        "SELECT id, row_number() OVER (PARTITION BY subscription_id ORDER BY next_us) AS place FROM notice"
        f" WHERE {is_due}{busy_marks} AND subscription_id IN (SELECT id FROM subscription WHERE enabled)"
        f" AND NOT EXISTS (SELECT 1 {_EARLIER})"
    )
    chosen = f"SELECT id FROM ({each}) due WHERE place <= {EACH} LIMIT ?"
    taken = hot.all(
        "UPDATE notice SET owner = ?, attempts = attempts + 1, next_us = ? WHERE id IN"
        f" (SELECT id FROM notice WHERE id IN ({chosen}) AND {is_due}{skipping}) RETURNING id",
        *(worker_id, now_us + LEASE_US, now_us, *busy, limit, now_us),
    )
    return [_claimed(hot, id_) for (id_,) in taken]


def _claimed(hot: Hot, notice_id: str) -> Claimed:
    row = hot.one(
        "SELECT notice.id, subscription_id, run_id, seq, type, attempts, url, rotation FROM notice"
        " JOIN subscription ON subscription.id = subscription_id WHERE notice.id = ?",
        notice_id,
    )
    return Claimed(*row)


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended; `next_us` None: there is no other one."""

    status: str
    response_status: int | None
    error: str | None
    next_us: int | None = None


def record(hot: Hot, sent: Claimed, worker_id: str, result: Result, now_us: int) -> bool:
    """Keep how it went; False when the notice is no longer ours."""
    done_us = None if result.next_us is not None else now_us
    status = "?" if done_us is not None else "CASE WHEN status = 'HELD' THEN status ELSE ? END"
    kept = hot.one(
        f"UPDATE notice SET status = {status}, response_status = ?, error = ?, next_us = COALESCE(?, next_us),"
        " done_us = ?, owner = NULL WHERE id = ? AND owner = ? AND attempts = ? AND status IN ('PENDING', 'HELD')"
        " RETURNING id",
        *(result.status, result.response_status, result.error, result.next_us, done_us),
        *(sent.id, worker_id, sent.attempts),
    )
    if kept is not None and done_us is not None:
        hot.run(  # what comes next in its run may go
            "UPDATE notice SET next_us = ? WHERE subscription_id = ? AND run_id = ? AND status = 'PENDING'"
            " AND owner IS NULL AND attempts = 0 AND seq > ?",
            *(now_us, sent.subscription_id, sent.run_id, sent.seq),
        )
    return kept is not None


def list_after(session: Session | Hot, subscription_id: str, last: str | None, limit: int) -> list[Notice]:
    """Newest first; `last` as `key_of` gives it."""
    created_us, seq, id_ = (last or f"{2**62}/0/").split("/")
    rows = Hot.of(session).all(
        f"SELECT {_COLUMNS} FROM notice WHERE subscription_id = ? AND (created_us, seq, id) < (?, ?, ?)"
        " ORDER BY created_us DESC, seq DESC, id DESC LIMIT ?",
        *(subscription_id, int(created_us), int(seq), id_, limit),
    )
    return [_notice(row) for row in rows]


def key_of(notice: Notice) -> str:
    return f"{notice.created_at}/{notice.seq}/{notice.id}"


def send_again(session: Session | Hot, subscription_id: str, notice_id: str, now_us: int) -> Notice | None:
    """Let it be delivered once more, with all its attempts, unless it is under way; None when there is none."""
    hot = Hot.of(session)
    hot.run(
        "UPDATE notice SET status = CASE WHEN (SELECT enabled FROM subscription WHERE id = ?) THEN 'PENDING'"
        " ELSE 'HELD' END, attempts = 0, next_us = ?, done_us = NULL, owner = NULL"
        " WHERE id = ? AND subscription_id = ? AND status IN ('DEAD', 'DELIVERED')",
        *(subscription_id, now_us, notice_id, subscription_id),
    )
    row = hot.one(
        f"SELECT {_COLUMNS} FROM notice WHERE id = ? AND subscription_id = ?", notice_id, subscription_id
    )
    return None if row is None else _notice(row)


def forget_old(hot: Hot, now_us: int) -> None:
    """What is over since long, and what nobody is left to be told of."""
    hot.run("DELETE FROM notice WHERE created_us < ? AND status IN ('DELIVERED', 'DEAD')", now_us - KEPT_US)
    hot.run("DELETE FROM notice WHERE subscription_id NOT IN (SELECT id FROM subscription)")


def _notice(row: Any) -> Notice:
    names = ("id", "run_id", "seq", "type", "status", "attempts", "next_at", "response_status", "error")
    return Notice(**dict(zip((*names, "created_at", "done_at"), row, strict=True)))
