"""What browsers see while a run moves: published after its commit, best effort, rebuildable from SQL."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import orjson
from redis import Redis

from engine.live.link import Link

STREAM_BATCHES = 5000
STREAM_TTL_S = 900
HOT_TTL_S = 86_400

ROOMS = "rooms"
"""The channel of small notices: which run moved where."""
GAPS = "gaps"
"""The channel that says: something was not published, look into SQL."""

PUBLISH = """
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'b', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', KEYS[1], ARGV[3])
redis.call('PUBLISH', KEYS[2], ARGV[3])
if ARGV[4] ~= '' then
  local known = tonumber(redis.call('HGET', KEYS[3], 'seq'))
  if not known or tonumber(ARGV[5]) > known then
    redis.call('HSET', KEYS[3], 'seq', ARGV[5], 'is', ARGV[4])
    redis.call('EXPIRE', KEYS[3], ARGV[6])
    redis.call('PUBLISH', KEYS[4], ARGV[4])
  end
end
"""
"""One round for one batch: the run's stream and channels, and its hot state only if this is newer."""


@dataclass(frozen=True, slots=True)
class Published:
    """What one commit made visible of one run."""

    run_id: str
    room_id: str
    seq: int
    """Of the last event."""
    status: str
    payload: bytes | str
    """JSON list of public events."""
    summary: dict[str, Any] = field(default_factory=dict)
    """Small: goes to the lists and into the hot state."""
    first: int = 0
    """Seq of the first event; 0 leaves it open, and then nobody notices a lost batch by it."""


class Feed:
    """Publishes to Redis and reads its hot state; a dead Redis costs latency, never an error."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._link = Link(url)
        self._has_gap = False

    @property
    def failures(self) -> int:
        """Commands that Redis did not take."""
        return self._link.failures

    def publish(self, batches: list[Published]) -> bool:
        """Tell whoever watches; call it after the commit, never before. False: nobody was told."""
        return self._send([_of_batch(batch) for batch in batches])

    def ephemeral(self, run_id: str, payload: bytes | str, room_id: str = "") -> bool:
        """Show something that is not kept, as the words of a model while it speaks; `payload` is JSON."""
        frame = _frame({"kind": "ephemeral", "run_id": run_id, "room_id": room_id}, payload)
        return self._send([(run_id, room_id, frame, b"", 0)])

    def heal(self) -> None:
        """Tell readers that something was lost, once Redis is back; cheap enough for every sweep."""
        if self._has_gap:
            self._send([])

    def hot(self, run_id: str) -> dict[str, Any] | None:
        """The run's newest published summary, or None where Redis does not know it."""
        raw = self._link.ask(lambda redis: redis.hget(f"hot:{run_id}", "is"))
        return _read(raw)

    def control(self, worker_id: str, message: dict[str, Any]) -> bool:
        """Knock at a worker; a hint only: what is to be done stands in SQL."""
        raw = orjson.dumps(message)
        return bool(self._link.ask(lambda redis: redis.publish(f"ctl:{worker_id}", raw)))

    def ping(self) -> float | None:
        """Milliseconds to Redis and back, None when it is dead."""
        begun = time.perf_counter()
        if not self._link.ask(lambda redis: redis.ping()):
            return None
        return (time.perf_counter() - begun) * 1000

    def close(self) -> None:
        self._link.close()

    def _send(self, rows: list[tuple[str, str, bytes, bytes, int]]) -> bool:
        def call(redis: Redis) -> bool:
            pipe = redis.pipeline(transaction=False)
            script = redis.register_script(PUBLISH)
            pipe.script_load(PUBLISH)
            if self._has_gap:
                pipe.publish(GAPS, b"")
            for run_id, room_id, frame, summary, seq in rows:
                keys = (f"live:{run_id}", f"room:{room_id}", f"hot:{run_id}", ROOMS)
                args = (STREAM_BATCHES, STREAM_TTL_S, frame, summary, seq, HOT_TTL_S)
                pipe.evalsha(script.sha, len(keys), *keys, *args)
            pipe.execute()
            return True

        done = bool(self._link.ask(call))
        self._has_gap = not done
        return done


def _of_batch(batch: Published) -> tuple[str, str, bytes, bytes, int]:
    head = {
        "run_id": batch.run_id,
        "room_id": batch.room_id,
        "seq": batch.seq,
        "first": batch.first,
        "status": batch.status,
    }
    frame = _frame({"kind": "events", **head}, batch.payload)
    summary = orjson.dumps({"kind": "status", **head, "data": batch.summary})
    return batch.run_id, batch.room_id, frame, summary, batch.seq


def _frame(head: dict[str, Any], payload: bytes | str) -> bytes:
    """`head` with `payload` as its `data`: the payload is JSON already and is not read again."""
    body = payload.encode() if isinstance(payload, str) else payload
    return orjson.dumps(head)[:-1] + b',"data":' + body + b"}"


def _read(raw: object) -> dict[str, Any] | None:
    if not isinstance(raw, bytes):
        return None
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
