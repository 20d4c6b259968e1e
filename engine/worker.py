"""A worker process: Huey hears the bells, the runner drives; messages carry run ids only."""

from __future__ import annotations

import gc
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.failpoints import Point, reach
from engine.live.control import ControlListener
from engine.runner import Runner
from engine.runner.watchdog import Watchdog
from engine.runtime import Runtime
from engine.store import workers

log = logging.getLogger(__name__)

LISTENERS = 2
"""Threads that hear bells; what they start goes on in the runner's own threads."""


def expire_predecessor(rt: Runtime, pid: int) -> None:
    """End the lease of a worker of this machine that is known to be dead, so that its runs go on at once."""
    with rt.db.write() as session:
        workers.expire(session, host=socket.gethostname(), pid=pid)


@contextmanager
def at_work(rt: Runtime, *, threads: int) -> Iterator[Callable[[], None]]:
    """A worker in this process: the block gets a function that listens for bells until it is told to stop."""
    rt.clock.agree(rt.db)
    rt.look_after_tools()
    rt.db.lay_out()
    runner = Runner(rt, threads=threads)
    runner.start()
    watchdog = Watchdog(runner)
    watchdog.start()

    def heard(*run_ids: str) -> None:
        reach(Point.AFTER_POP)
        runner.hear(*run_ids)

    rt.bell.on_ring(heard, runner.room)

    def hear(message: dict[str, object]) -> None:
        if "run" in message:
            runner.submit(lambda: runner.activate(str(message["run"])))

    ears = ControlListener(rt.bell_url, runner.worker_id, hear)
    ears.start()
    consumer = rt.bell.consumer(LISTENERS)
    gc.collect()
    gc.freeze()  # what is imported stays for ever: the collector need not look at it again and again
    log.info("worker %s (process %d) is ready", runner.worker_id, os.getpid())
    try:
        yield consumer.run
    finally:
        consumer.stop(graceful=True)
        ears.stop()
        runner.stop(grace_s=rt.settings.worker_grace_s)
        watchdog.stop()  # last: what holds a thread up would hold this up for ever
