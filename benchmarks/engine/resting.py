"""W5: what the whole app takes when there is nothing to do."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.engine.app import up
from benchmarks.engine.measuring import Case, Figure, at_most
from benchmarks.engine.processes import cpu_s, family, resident_mb

SETTLE_S = 3
LOOK_S = 10


def rest(case: Case) -> Iterator[Figure]:
    """W5: memory of all processes of `openrooms up` at rest, and the CPU they use."""
    began = time.perf_counter()
    with up(case) as app:
        ready_s = time.perf_counter() - began
        time.sleep(SETTLE_S)
        shares, memory = [], []
        for _ in range(min(case.rounds, case.size(3, 1))):
            pids = family(app.pid)
            before = cpu_s(pids)
            time.sleep(LOOK_S)
            shares.append((cpu_s(pids) - before) / LOOK_S * 100)
            memory.append(resident_mb(pids))
    yield Figure(f"W5 memory at rest, {len(pids)} processes", "W5", "MB", memory, at_most(400))
    yield Figure("W5 CPU at rest", "W5", "% of a core", shares, at_most(1))
    yield Figure("W5 start until ready", "W5", "s", [ready_s])
