"""Rings workers: "look after this run". A bell may be lost or doubled; SQL knows what is to be done."""

from collections.abc import Callable

from huey.consumer import Consumer

from engine.live.queue import MAX_PRIORITY, NotRung, OnRing, RunHuey, RunSet


class Bell:
    """The queue's two ends: services and workers ring, workers hear. Nothing connects before it is used."""

    def __init__(self, url: str, key: bytes) -> None:
        self.huey = RunHuey(url, key)
        self._queue: RunSet = self.huey.storage

    def ring(self, run_id: str, priority: int = 0) -> bool:
        """Queue the run for a worker, once however often it is rung; False when Redis did not take it.

        A higher `priority` goes first; beyond ±100 it makes no difference.
        """
        rank = max(-MAX_PRIORITY, min(priority, MAX_PRIORITY))
        try:
            self.huey.enqueue(self.huey.activate.s(run_id, priority=rank))
        except NotRung:
            return False
        return True

    def on_ring(self, listener: OnRing, room: Callable[[], int] = lambda: 1) -> None:
        """What a worker does for runs that ring; called in the consumer's threads, with up to `room()` of them."""
        self.huey.on_ring = listener
        self.huey.room = room

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
        """Messages on the queue that were not ours."""
        return self.huey.refused

    def close(self) -> None:
        self._queue.close()
