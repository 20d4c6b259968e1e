"""W6: how much longer it takes when one of two workers is killed on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.engine import workflows
from benchmarks.engine.installation import installation
from benchmarks.engine.measuring import Case, Figure, at_most
from engine.store.workers import LEASE_US

RUNS, STEPS, STEP_S = 50, 20, 0.05
KILL_AT = 0.3
WITHIN_S = 180
ALLOWED_S = LEASE_US / 1_000_000 + 1


def recovery(case: Case) -> Iterator[Figure]:
    """W6: 50 runs of 20 steps of 50 ms on two workers, one of them killed at 30 %."""
    calm, disturbed = [], []
    for _ in range(min(case.rounds, case.size(3, 1))):
        calm.append(_seconds(case, kills=False))
        disturbed.append(_seconds(case, kills=True))
    later = [two - one for one, two in zip(calm, disturbed, strict=True)]
    title = f"W6 {RUNS} x {STEPS} steps of {STEP_S * 1000:g} ms"
    yield Figure(f"{title}, undisturbed", "W6", "s", calm)
    yield Figure(f"{title}, a worker killed at {KILL_AT:.0%}", "W6", "s", disturbed)
    yield Figure(f"{title}, later by", "W6", "s", later, at_most(ALLOWED_S))


def _seconds(case: Case, *, kills: bool) -> float:
    with installation(case) as here, here.workers(2) as workers:
        workflow = here.workflow(workflows.chain(STEPS, "bench_rest", seconds=STEP_S))
        rooms = [here.room(workflow) for _ in range(RUNS)]
        began = time.perf_counter()
        started = [here.start(room_id) for room_id in rooms]
        if kills:
            here.until("SELECT sum(steps) FROM run", KILL_AT * RUNS * STEPS, WITHIN_S, 0.01)
            workers[0].kill()
        here.until_over(WITHIN_S, look_every_s=0.005)
        took = time.perf_counter() - began
        here.check(started, STEPS)
        return took
