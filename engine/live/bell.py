"""Rings workers: "look after this run". A bell may be lost or doubled; SQL knows what is to be done."""

from __future__ import annotations

import logging
from collections.abc import Callable

from huey.consumer import Consumer

from engine.live.queue import MAX_PRIORITY, NotRung, RunHuey, RunSet
from engine.live.queue import __name__ as queue_module

log = logging.getLogger(__name__)

OnRing = Callable[[str], None]


class Bell:
    """The queue's two ends: services and workers ring, workers hear. Nothing connects before it is used."""

    def __init__(self, url: str, key: bytes) -> None:
        self.huey = RunHuey(url, key)
        self._queue: RunSet = self.huey.storage
        self._on_ring: OnRing | None = None

        def activate(run_id: str) -> None:
            if self._on_ring is None:
                log.error(
                    "run %s rang, and nobody listens: call on_ring() before the consumer starts", run_id
                )
                return
            self._on_ring(run_id)

        activate.__module__ = queue_module
        self._activate = self.huey.task(name="activate")(activate)

    def ring(self, run_id: str, priority: int = 0) -> bool:
        """Queue the run for a worker, once however often it is rung; False when Redis did not take it."""
        rank = max(-MAX_PRIORITY, min(priority, MAX_PRIORITY))
        try:
            self.huey.enqueue(self._activate.s(run_id, priority=rank))
        except NotRung:
            return False
        return True

    def on_ring(self, listener: OnRing) -> None:
        """What a worker does for each run that rings; called in the consumer's threads."""
        self._on_ring = listener

    def consumer(self, threads: int) -> Consumer:
        """Huey's consumer: `run()` blocks until somebody calls `stop(graceful=True)`."""
        return self.huey.create_consumer(workers=threads)

    def queue_length(self) -> int | None:
        """Runs that wait for a worker; None when Redis is dead."""
        return self._queue.queue_size()

    @property
    def failures(self) -> int:
        """Rings that Redis did not take."""
        return self._queue.link.failures

    @property
    def refused(self) -> int:
        """Messages that were not ours."""
        return self.huey.refused

    def close(self) -> None:
        self._queue.close()
