"""The one commit primitive: a run's move with its events, timers and memory, for many runs in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlmodel import Session

from engine.core.log import Stored
from engine.store import conversation, inbox, memory, timers
from engine.store.database import Hot

BLOB_OVER = 262_144
"""Bytes of a body from which it is kept by its hash, apart from the event."""
PIECE_BYTES = 4_000_000
FEW, MANY = 16, 1000
"""Rows that are asked for when nothing is known of their size, and at most."""
NEVER = 2**62
"""No event has this number."""


UNREAD = -1
"""The answer to a move that would end its run while the run's inbox has more than its driver has read: it is not made."""


@dataclass(frozen=True, slots=True)
class Row:
    """Some recorded inputs with their facts; `seq` is the number of the last fact."""

    seq: int
    facts: int
    body: bytes
    hash: str
    at_us: int


@dataclass(slots=True)
class Move:
    """What a driver wants to commit for its run. `columns` are those of the run that change besides."""

    run_id: str
    room_id: str
    fence: int
    base_seq: int
    worker: str
    rows: Sequence[Row]
    columns: dict[str, Any]
    inbox_done: int
    release: bool = False
    has_read: bool = False
    """Wishes up to `inbox_done` were applied since the last commit."""
    room_status: str | None = None
    """The room's new status, None when it stays."""
    set_timers: list[tuple[str, str, int]] = field(default_factory=list)
    clear_timers: list[str | None] = field(default_factory=list)
    remember: dict[str, Any] = field(default_factory=dict)
    about: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What is not plain about an entry in `remember`."""
    say: list[dict[str, Any]] = field(default_factory=list)
    is_in_line: bool = False
    """The run has not got its room yet, so nobody drives it."""
    is_unfinished: bool = False
    """Released though it could go on: whoever comes next finds it ready."""

    heeds_inbox: bool = False
    """The run ends with it, unless its inbox has more: whoever was told that a wish is accepted comes before the end."""

    @property
    def is_last(self) -> bool:
        """The run is over with it."""
        return "ended_us" in self.columns

    @property
    def is_plain(self) -> bool:
        """Whether it is one row of the log and nothing beside it."""
        if len(self.rows) != 1 or len(self.rows[0].body) > BLOB_OVER:
            return False
        timers_or_inbox = self.set_timers or self.clear_timers or self.has_read or self.is_last
        return not (timers_or_inbox or self.remember or self.say or self.room_status)

    @property
    def seq(self) -> int:
        return self.rows[-1].seq if self.rows else self.base_seq


_EVENT = (
    "INSERT INTO event (run_id, seq, facts, body, blob, hash, at_us, fence, worker)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_STANDS = "SELECT 1 FROM run WHERE id = ? AND fence = ? AND seq = ? AND live"
_MADE = (
    "SELECT inbox_high FROM run JOIN event ON run_id = id AND event.fence = run.fence"
    " WHERE id = ? AND run.fence = ? AND event.seq = ? AND hash = ?"
)
_ROOM = "UPDATE room SET status = ?, updated_us = ? WHERE id = ?"
_BLOB = "INSERT INTO blob (hash, body) VALUES (?, ?) ON CONFLICT DO NOTHING"


def commit(hot: Hot, moves: Iterable[Move], now_us: int) -> list[int | None]:
    """Apply the moves; for each its inbox's newest id, None when its driver has been fenced, or UNREAD.

    A fenced move leaves no trace; the others are not disturbed by it.
    """
    answers: list[int | None] = []
    events: list[tuple[Any, ...]] = []
    blobs: list[tuple[Any, ...]] = []
    asked: list[tuple[int, Callable[[], Any]]] = []
    for number, move in enumerate(moves):
        if move.is_plain and not hot.is_sqlite:
            sql, parameters = at_once(move)
            asked.append((number, hot.later(sql, *parameters)))
            answers.append(None)
            continue
        high = _advance_run(hot, move)
        answers.append(high)
        if not was_made(high):
            continue
        for row in move.rows:
            events.append(_event(move, row, blobs))
        _keep_beside(hot, move, now_us)
    if blobs:
        hot.many(_BLOB, blobs)
    if events:
        hot.many(_EVENT, events)
    for number, answer in asked:
        answers[number] = heard(answer())
    return answers


def was_made(answer: int | None) -> bool:
    """Whether what `commit` answers to a move says that it was made."""
    return answer is not None and answer != UNREAD


def made_before(hot: Hot, move: Move) -> int | None:
    """What `commit` would answer had its answer not been lost: None unless the move was made, and its driver is the last."""
    return heard(hot.one(_MADE, move.run_id, move.fence, move.seq, move.rows[-1].hash)) if move.rows else None


def at_once(move: Move) -> tuple[str, tuple[Any, ...]]:
    """A plain move with its event as one statement of PostgreSQL: its answer can wait, for nothing else hangs on it."""
    sql, parameters = _advancing(move)
    (row,) = move.rows
    logged = (row.seq, row.facts, row.body.decode(), row.hash, row.at_us, move.fence, move.worker)
    return _logged(sql), (*parameters, move.run_id, *logged)


def heard(row: Any) -> int | None:
    """What `commit` answers to a move whose statement gave this row."""
    return None if row is None else int(row[0])


@lru_cache(maxsize=64)
def _logged(update: str) -> str:
    return (
        f"WITH moved AS ({update}), logged AS ("
        "INSERT INTO event (run_id, seq, facts, body, hash, at_us, fence, worker)"
        " SELECT ?::text, ?::int, ?::int, ?::text, ?::text, ?::bigint, ?::int, ?::text FROM moved"
        ") SELECT inbox_high FROM moved"
    )


def _advance_run(hot: Hot, move: Move) -> int | None:
    """Compare and set on fence and seq."""
    sql, parameters = _advancing(move)
    moved = hot.one(sql, *parameters)
    if moved is None:
        return UNREAD if move.heeds_inbox and hot.one(_STANDS, *_key(move)) else None
    if move.room_status is not None:
        hot.run(_ROOM, move.room_status, move.rows[-1].at_us, move.room_id)
    return int(moved[0])


def _advancing(move: Move) -> tuple[str, tuple[Any, ...]]:
    if move.heeds_inbox:
        where = _LIVE_AND_READ
    else:
        where = _IN_LINE if move.is_in_line else _LIVE
    sql = _update(tuple(move.columns), move.release, move.is_last, is_ready=move.is_unfinished, where=where)
    asks = move.release and not move.is_last and not move.is_unfinished
    released = (move.inbox_done,) if asks else ()
    read = (move.inbox_done,) if move.heeds_inbox else ()
    return sql, (move.seq, move.inbox_done, *move.columns.values(), *released, *_key(move), *read)


def _key(move: Move) -> tuple[str, int, int]:
    return move.run_id, move.fence, move.base_seq


_LIVE = "live"
_LIVE_AND_READ = "live AND inbox_high <= ?"
_IN_LINE = "live IS NULL AND status = 'QUEUED'"


@lru_cache(maxsize=64)
def _update(columns: tuple[str, ...], release: bool, is_last: bool, *, is_ready: bool, where: str) -> str:
    sets = ["seq = ?", "inbox_done = ?", *(f"{name} = ?" for name in columns)]
    if release:
        has_more = "CASE WHEN inbox_high > ? THEN TRUE ELSE FALSE END"
        sets += ["owner = NULL", f"ready = {'FALSE' if is_last else 'TRUE' if is_ready else has_more}"]
    return (
        f"UPDATE run SET {', '.join(sets)}"
        f" WHERE id = ? AND fence = ? AND seq = ? AND {where} RETURNING inbox_high"
    )


def _event(move: Move, row: Row, blobs: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    is_large = len(row.body) > BLOB_OVER
    if is_large:
        blobs.append((row.hash, row.body))
    body = None if is_large else row.body.decode()
    blob = row.hash if is_large else None
    return (move.run_id, row.seq, row.facts, body, blob, row.hash, row.at_us, move.fence, move.worker)


def _keep_beside(hot: Hot, move: Move, now_us: int) -> None:
    """Timers, inbox, memory and conversation, in the transaction of their events."""
    run_id = move.run_id
    if move.clear_timers or move.set_timers:
        timers.keep(hot, run_id, move.clear_timers, move.set_timers)
    if move.has_read or move.is_last:
        inbox.clear(hot, run_id, None if move.is_last else move.inbox_done)
    if move.remember:
        memory.keep(hot, move.room_id, run_id, move.remember, now_us)
    if move.about:
        memory.keep_about(hot, move.room_id, move.remember, move.about)
    if move.say:
        conversation.append(hot, move.room_id, run_id, move.say, now_us)


ALL = 1_000_000
"""Rows, where all are wanted that a snapshot has left."""
_ROWS = "SELECT seq, body, blob, hash, fence, worker FROM event WHERE run_id = ? AND seq > ?"


def rows_after(session: Session | Hot, run_id: str, seq: int, limit: int = 10_000) -> list[Stored]:
    """Stored rows with facts after `seq`, in order."""
    hot = Hot.of(session)
    return [_stored(hot, row) for row in hot.all(f"{_ROWS} ORDER BY seq LIMIT ?", run_id, seq, limit)]


def piece_after(session: Session | Hot, run_id: str, seq: int, upto_seq: int = NEVER) -> list[Stored]:
    """The next rows with facts after `seq` and up to `upto_seq`, in order: as many as fit into some megabytes, one at least.

    Empty at the end of the log. However long that is and whatever its steps gave, whoever reads on piece by piece
    holds no more than this.
    """
    hot = Hot.of(session)
    found: list[Stored] = []
    size, limit = 0, FEW
    while size < PIECE_BYTES and seq < upto_seq:
        rows = [_stored(hot, row) for row in hot.all(f"{_ROWS} ORDER BY seq LIMIT ?", run_id, seq, limit)]
        for row in rows:
            if seq < upto_seq:
                found.append(row)
                size, seq = size + len(row.body), row.seq
        if len(rows) < limit:
            break
        limit = max(1, min(2 * limit, MANY, (PIECE_BYTES - size) * len(found) // (size or 1)))
    return found


def rows_of_facts(session: Session | Hot, run_id: str, after_seq: int, upto_seq: int) -> list[Stored]:
    """The rows that hold the facts after `after_seq` up to `upto_seq`, and no others.

    A row is numbered by its last fact, so the last row wanted may have a higher number than `upto_seq`.
    """
    hot = Hot.of(session)
    reaching = hot.one("SELECT min(seq) FROM event WHERE run_id = ? AND seq >= ?", run_id, upto_seq)
    last = upto_seq if reaching is None or reaching[0] is None else reaching[0]
    rows = hot.all(f"{_ROWS} AND seq <= ? ORDER BY seq", run_id, after_seq, last)
    return [_stored(hot, row) for row in rows]


def rows_with(session: Session | Hot, run_id: str, seqs: Iterable[int]) -> list[Stored]:
    """The rows that hold these facts, in order, one look-up for each."""
    hot = Hot.of(session)
    found: list[Stored] = []
    for seq in sorted(seqs):
        if found and found[-1].seq >= seq:
            continue
        row = hot.one(f"{_ROWS} ORDER BY seq LIMIT 1", run_id, seq - 1)
        if row is None:
            break
        found.append(_stored(hot, row))
    return found


def _stored(hot: Hot, row: Any) -> Stored:
    seq, body, blob, hash_, fence, worker = row
    if body is None:
        raw = bytes(hot.one("SELECT body FROM blob WHERE hash = ?", blob)[0])
    else:
        raw = body.encode()
    return Stored(seq=seq, body=raw, hash=hash_, fence=fence, worker=worker)
