"""What subscribers are still to be told: put in with the event, claimed by one worker at a time, in order for each run."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlmodel import Session

from engine.core.subscription import Notice
from engine.store import subscriptions
from engine.store.database import Hot

LEASE_US = 30_000_000
"""How long a claimed notice is its worker's, unless that dies before."""
EACH = 4
"""Of one subscription that a worker sends at once: one that is slow must not hold up the others."""
ASIDE_US = 253_370_764_800_000_000
"""When what waits for an earlier one of its run is due: the year 9999."""
LOOKED_AT, LOOKS = 100, 100
"""So many of what is due to a subscription at once, and so often in one transaction."""
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


def claim(hot: Hot, worker_id: str, now_us: int, limit: int, busy: Mapping[str, int]) -> list[Claimed]:
    """Take what is due: of each run its earliest. `busy` says how many of a subscription are being sent; who has few is first.

    What it costs does not grow with what is waiting: one that can't be reached may leave a hundred thousand.
    """
    lost = (
        "SELECT id FROM notice WHERE status = 'PENDING' AND owner IS NOT NULL"
        f" AND owner NOT IN ({_ALIVE}){_skipping(hot)}"
    )
    hot.run(f"UPDATE notice SET owner = NULL, next_us = ? WHERE id IN ({lost})", now_us, now_us)
    taken: list[Claimed] = []
    for subscription_id, most in sorted(_shares(hot, now_us, limit, busy).items()):  # all lock in this order
        subscriptions.hold(hot, subscription_id)
        due = _due(hot, subscription_id, now_us, most)
        taken += [_claimed(hot, id_) for id_ in due if _take(hot, worker_id, id_, now_us)]
    return taken


def _shares(hot: Hot, now_us: int, limit: int, busy: Mapping[str, int]) -> dict[str, int]:
    """How many to take of each subscription that something is due to."""
    has_due = (
        "SELECT 1 FROM notice WHERE subscription_id = subscription.id AND status = 'PENDING' AND next_us <= ?"
    )
    rows = hot.all(f"SELECT id FROM subscription WHERE enabled AND EXISTS ({has_due})", now_us)
    places = [(place, id_) for (id_,) in rows for place in range(busy.get(id_, 0), EACH)]
    return Counter(id_ for _, id_ in sorted(places)[:limit])


def _due(hot: Hot, subscription_id: str, now_us: int, most: int) -> list[str]:
    """What comes first in its run. What comes after is put aside, once, until that is done."""
    sql = (
        f"SELECT id, EXISTS (SELECT 1 {_EARLIER}) FROM notice"
        " WHERE subscription_id = ? AND status = 'PENDING' AND next_us <= ? ORDER BY next_us LIMIT ?"
    )
    aside = f"UPDATE notice SET next_us = ? WHERE id IN (SELECT id FROM notice WHERE id = ?{_skipping(hot)})"
    first: list[str] = []
    for _ in range(LOOKS):
        found = hot.all(sql, subscription_id, now_us, LOOKED_AT)
        behind = [(ASIDE_US, id_) for id_, is_behind in found if is_behind]
        first = [id_ for id_, is_behind in found if not is_behind]
        hot.many(aside, behind)
        if len(first) >= most or not behind:
            break
    return first[:most]


def _take(hot: Hot, worker_id: str, notice_id: str, now_us: int) -> bool:
    free = f"SELECT id FROM notice WHERE id = ? AND status = 'PENDING' AND next_us <= ?{_skipping(hot)}"
    sql = (
        f"UPDATE notice SET owner = ?, attempts = attempts + 1, next_us = ? WHERE id IN ({free}) RETURNING id"
    )
    return hot.one(sql, worker_id, now_us + LEASE_US, notice_id, now_us) is not None


def _skipping(hot: Hot) -> str:
    return "" if hot.is_sqlite else " FOR UPDATE SKIP LOCKED"


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
    """Keep how it went; False when the notice is no longer ours. Hold its subscription, as who puts aside does."""
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
        after = (
            "SELECT id FROM notice WHERE subscription_id = ? AND run_id = ? AND seq > ?"
            " AND status IN ('PENDING', 'HELD') ORDER BY seq LIMIT 1"
        )
        hot.run(  # what comes next in its run may go
            f"UPDATE notice SET next_us = ? WHERE next_us = ? AND id IN ({after})",
            *(now_us, ASIDE_US, sent.subscription_id, sent.run_id, sent.seq),
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
    told = dict(zip((*names, "created_at", "done_at"), row, strict=True))
    if told["next_at"] == ASIDE_US:
        told["next_at"] = told["created_at"]
    return Notice(**told)
