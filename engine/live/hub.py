"""The web process's one ear at Redis: one connection for all open pages, fanned out in memory."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from engine.live.frames import GAP, GAPS, ROOMS, Batch, read_frame, room_channel, run_channel
from engine.live.link import CONNECT_TIMEOUT_S

log = logging.getLogger(__name__)

QUEUE_BATCHES = 256
RUNS_KNOWN = 100
DOWN_GAP_S = 1.0
"""While Redis is dead every subscriber gets a gap this often, so it goes on reading SQL."""
SAFETY_GAP_S = 5.0
"""While all is well too, rarely: a worker may die between its commit and its publishing."""
IDLE_S = 5.0
"""How long a silent connection is trusted before it must answer a ping."""
FIRST_REST_S, LAST_REST_S = 0.05, 1.0


class Subscription:
    """What one page hears: `async for batch in subscription`. On a gap it reads SQL by `seq > last`."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self._waiting: deque[Batch] = deque([GAP])
        self._has_news = asyncio.Event()
        self._has_news.set()
        self._last_seq: dict[str, int] = {}

    def put(self, batch: Batch) -> None:
        """Queue a batch. A gap, or a reader that is too slow, turns all that waits into one gap."""
        if batch.kind == "ephemeral" and len(self._waiting) >= QUEUE_BATCHES:
            return  # words that nobody has time to read
        has_missed = self._misses(batch)
        if batch.kind == "gap" or len(self._waiting) >= QUEUE_BATCHES:
            self._waiting.clear()
            self._waiting.append(GAP)
        elif has_missed:
            self._waiting += (GAP, batch)
        else:
            self._waiting.append(batch)
        self._has_news.set()

    def remind(self) -> None:
        """Have an idle reader look into SQL."""
        if not self._waiting:
            self.put(GAP)

    async def get(self, timeout_s: float | None = None) -> Batch | None:
        """The next batch; None when none came in time."""
        if not self._waiting:
            try:
                await asyncio.wait_for(self._has_news.wait(), timeout_s)
            except TimeoutError:
                return None
        batch = self._waiting.popleft()
        if not self._waiting:
            self._has_news.clear()
        return batch

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Batch:
        while (batch := await self.get()) is None:
            pass
        return batch

    def _misses(self, batch: Batch) -> bool:
        """Whether one was lost between this batch of a run and the one before."""
        if batch.kind != "events":
            return False
        before = self._last_seq.get(batch.run_id)
        self._last_seq[batch.run_id] = max(batch.seq, before or 0)
        if len(self._last_seq) > RUNS_KNOWN:  # a page may stay open for longer than a room has runs
            del self._last_seq[next(iter(self._last_seq))]
        return before is not None and batch.first > before + 1


class Hub:
    """Subscriptions by run, by room, or to the notices of all rooms; lives on one event loop.

    Each subscription begins with a gap, and gets another when its channel is live: who reads SQL at
    each gap misses nothing, whenever it was committed.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._subscribers: dict[str, set[Subscription]] = {}
        self._pubsub: PubSub | None = None
        self._heard: set[str] = set()
        self._lock = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self.is_connected = False
        self._is_lost = asyncio.Event()
        self.dropped = 0
        """Messages that were no batches."""

    @asynccontextmanager
    async def subscribe(
        self, *, run_id: str | None = None, room_id: str | None = None
    ) -> AsyncIterator[Subscription]:
        """Hear one run, else one room, else the `status` notices of all rooms."""
        channel = run_channel(run_id) if run_id else room_channel(room_id) if room_id else ROOMS
        subscription = Subscription(channel)
        self._start()
        self._subscribers.setdefault(channel, set()).add(subscription)
        try:
            await self._tune()
            yield subscription
        finally:
            self._subscribers[channel].discard(subscription)
            if not self._subscribers[channel]:
                del self._subscribers[channel]
            await self._tune()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def _start(self) -> None:
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._listen_forever()), asyncio.create_task(self._remind())]

    async def _tune(self) -> None:
        """Hear the channels that somebody listens to, and no others."""
        async with self._lock:
            if self._pubsub is None:
                return
            wanted = {GAPS, *self._subscribers}
            more, less = wanted - self._heard, self._heard - wanted
            self._heard = wanted
            with suppress(RedisError, OSError):  # the listener meets it too, and begins anew
                if more:
                    await self._pubsub.subscribe(*more)
                if less:
                    await self._pubsub.unsubscribe(*less)

    async def _listen_forever(self) -> None:
        rest_s = FIRST_REST_S
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                if self.is_connected:
                    log.warning("live updates: redis is gone, reading SQL meanwhile: %s", error)
                    rest_s = FIRST_REST_S
                    self._is_lost.set()
            self.is_connected = False
            await asyncio.sleep(rest_s)
            rest_s = min(rest_s * 2, LAST_REST_S)

    async def _listen(self) -> None:
        """Hear until the connection breaks."""
        redis = Redis.from_url(
            self._url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=CONNECT_TIMEOUT_S
        )
        async with redis, redis.pubsub() as pubsub:
            await pubsub.subscribe(GAPS)
            self._pubsub, self._heard = pubsub, {GAPS}
            try:
                await self._tune()
                await self._hear(pubsub)
            finally:
                self._pubsub = None

    async def _hear(self, pubsub: PubSub) -> None:
        is_asked = False
        while True:
            message = await pubsub.get_message(timeout=IDLE_S)
            if message:
                is_asked = False
                self._take(message)
            elif is_asked:
                raise ConnectionError("no answer to a ping")
            else:
                is_asked = True
                await pubsub.ping()

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "subscribe":
                self.is_connected = True
                self._put(message["channel"].decode(), GAP)
            case "message" if message["channel"] == GAPS.encode():
                self._put_all(GAP)
            case "message":
                batch = read_frame(message["data"])
                self.dropped += batch is None
                if batch:
                    self._put(message["channel"].decode(), batch)

    def _put(self, channel: str, batch: Batch) -> None:
        for subscription in self._subscribers.get(channel, ()):
            subscription.put(batch)

    def _put_all(self, batch: Batch) -> None:
        for channel in self._subscribers:
            self._put(channel, batch)

    async def _remind(self) -> None:
        while True:
            with suppress(TimeoutError):  # a loss ends the long rest of a hub that was well
                await asyncio.wait_for(
                    self._is_lost.wait(), SAFETY_GAP_S if self.is_connected else DOWN_GAP_S
                )
            self._is_lost.clear()
            for members in self._subscribers.values():
                for subscription in members:
                    subscription.remind()
