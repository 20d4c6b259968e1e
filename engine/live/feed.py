"""What browsers see while a run moves: published after its commit, best effort, rebuildable from SQL."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import Any

import orjson
from redis import Redis
from redis.exceptions import RedisError

from engine.live.frames import (
    GAPS,
    ROOMS,
    Batch,
    Published,
    control_channel,
    ephemeral_frame,
    event_frame,
    hot_key,
    read_frame,
    room_channel,
    run_channel,
    status_frame,
)
from engine.live.link import Link
from engine.live.words import Speaker, Voice, Words

__all__ = ["Batch", "Feed", "Published"]

STREAM_BATCHES = 5000
STREAM_TTL_S = 900
"""A stream helps whoever comes a little late; what is older stands in SQL."""
HOT_TTL_S = 86_400

PUBLISH = """
local live, room, hot, rooms = unpack(KEYS)
local batches, stream_ttl, frame, seq, status, hot_ttl = unpack(ARGV)
if #frame <= 16384 and status ~= '' then
  redis.call('XADD', live, 'MAXLEN', '~', batches, '*', 'f', frame)
  redis.call('EXPIRE', live, stream_ttl)
end
redis.call('PUBLISH', live, frame)
redis.call('PUBLISH', room, frame)
if status == '' then return 0 end
local known = tonumber(redis.call('HGET', hot, 'seq'))
if known and known >= tonumber(seq) then return 0 end
redis.call('HSET', hot, 'seq', seq, 'f', status)
redis.call('EXPIRE', hot, hot_ttl)
redis.call('PUBLISH', rooms, status)
return 1
"""
"""One call for one batch. Large ones, of runs that spin, are shown and not kept, and so is what has no status: a
model's words. The hot state and the lists hear only what is newer than what they know."""

SHA = hashlib.sha1(PUBLISH.encode(), usedforsecurity=False).hexdigest()

Row = tuple[tuple[str, ...], tuple[bytes | int, ...]]
"""Keys and arguments of one call of the script."""


class Feed:
    """Publishes to Redis and reads its hot state; a dead Redis costs latency, never an error."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._link = Link(url)
        self._lock = threading.Lock()
        self._lost = 0
        self._lost_told = 0
        self._words = Words(self._speak)

    @property
    def failures(self) -> int:
        """What Redis did not take."""
        return self._link.failures

    def publish(self, batches: list[Published]) -> bool:
        """Tell whoever watches; call it after the commit, never before. False: not all were told."""
        return self._send([_row(b, event_frame(b), b.seq, status_frame(b)) for b in batches])

    def voice(self, speaker: Speaker) -> Voice:
        """What shows the words of a step's model while it speaks: from any thread, holding nobody up."""
        return Voice(self._words, speaker)

    def note_loss(self) -> None:
        """Something committed was never handed to `publish`: the next round tells watchers to read SQL."""
        with self._lock:
            self._lost += 1

    def heal(self) -> None:
        """Tell watchers that something was lost, once Redis is back; cheap enough for every sweep."""
        if self._lost != self._lost_told:
            self._send([])

    def hot(self, run_id: str) -> dict[str, Any] | None:
        """The run's newest published state, or None where Redis does not know it.

        Holds `run_id`, `room_id`, `seq`, `status` and what its summary held.
        """
        batch = read_frame(self._link.ask(lambda redis: redis.hget(hot_key(run_id), "f")))
        if batch is None or not isinstance(batch.data, dict):
            return None
        head = {"run_id": batch.run_id, "room_id": batch.room_id, "seq": batch.seq, "status": batch.status}
        return {**batch.data, **head}

    def recent(self, run_id: str, limit: int = 100) -> list[Batch]:
        """The last batches of a run, oldest first: for whoever opens it while a model is speaking."""
        entries = self._link.ask(lambda redis: redis.xrevrange(run_channel(run_id), count=limit))
        if not isinstance(entries, list):
            return []
        found = [read_frame(fields.get(b"f")) for _, fields in reversed(entries)]
        return [batch for batch in found if batch]

    def control(self, worker_id: str, message: dict[str, Any]) -> bool:
        """Knock at a worker; False if nobody heard. A hint only: what is to be done stands in SQL."""
        raw = orjson.dumps(message)
        return bool(self._link.ask(lambda redis: redis.publish(control_channel(worker_id), raw)))

    def ping(self) -> float | None:
        """Milliseconds to Redis and back, None when it is dead."""
        begun = time.perf_counter()
        if not self._link.ask(lambda redis: redis.ping()):
            return None
        return (time.perf_counter() - begun) * 1000

    def close(self) -> None:
        self._words.close()
        self._link.close()

    def _speak(self, said: list[tuple[Speaker, dict[str, Any]]]) -> None:
        """Nobody is told when words are lost: what was said will be an event."""
        rows = [_spoken(speaker, orjson.dumps(told)) for speaker, told in said]
        self._link.ask(lambda redis: self._run(redis, rows, tell_gap=False))

    def _send(self, rows: list[Row]) -> bool:
        lost = self._lost
        errors = self._link.ask(lambda redis: self._run(redis, rows, tell_gap=lost != self._lost_told))
        with self._lock:
            if errors is not None:
                self._lost_told = max(self._lost_told, lost)
        if errors != 0:
            self.note_loss()
        return errors == 0

    def _run(self, redis: Redis, rows: list[Row], *, tell_gap: bool) -> int:
        """How many batches Redis refused; it is asked in one round."""
        pipe = redis.pipeline(transaction=False)
        pipe.script_load(PUBLISH)  # known already but for the first time after a restart
        if tell_gap:
            pipe.publish(GAPS, b"")
        for keys, arguments in rows:
            pipe.evalsha(SHA, len(keys), *keys, *arguments)
        refused = [answer for answer in pipe.execute(raise_on_error=False) if isinstance(answer, RedisError)]
        if refused:
            self._link.count(len(refused), refused[0])
        return len(refused)


def _spoken(speaker: Speaker, payload: bytes) -> Row:
    run_id, room_id = speaker.run_id, speaker.room_id
    shown = Published(run_id, room_id, 0, "", payload)
    return _row(shown, ephemeral_frame(run_id, room_id, payload), 0, b"")


def _row(batch: Published, frame: bytes, seq: int, status: bytes) -> Row:
    keys = (run_channel(batch.run_id), room_channel(batch.room_id), hot_key(batch.run_id), ROOMS)
    return keys, (STREAM_BATCHES, STREAM_TTL_S, frame, seq, status, HOT_TTL_S)
