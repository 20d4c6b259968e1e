"""W1c: many runs at once on worker processes, through the queue, their events streamed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.engine import workflows
from benchmarks.engine.floor import floor
from benchmarks.engine.installation import ME, Installation, installation
from benchmarks.engine.measuring import Case, Figure, Goal, at_least
from engine.services import runs

RUNS, STEPS = 50, 20
BLOCKED_STEPS, BLOCKED_S = 4, 0.1
TWO_WORKERS = at_least(1.6)
PURE = at_least(20_000)
EFFECTS = at_least({"sqlite": 3_000, "postgresql": 2_000})
WITHIN_S = 300
FAR_US = 4_000_000_000_000_000


def many_pure(case: Case) -> Iterator[Figure]:
    """W1c: pure steps."""
    yield from _on_workers(case, "W1c pure", workflows.chain(STEPS), PURE)


def many_effects(case: Case) -> Iterator[Figure]:
    """W1c: an external effect in every step."""
    yield from _on_workers(case, "W1c effects", workflows.chain(STEPS, "bench_touch"), EFFECTS)


def many_blocking(case: Case) -> Iterator[Figure]:
    """W1c: tools that block, in child processes: a worker has as many as it has threads."""
    document = workflows.chain(BLOCKED_STEPS, "bench_block", seconds=BLOCKED_S)
    rates: dict[int, list[float]] = {}
    with installation(case) as here:
        workflow = here.workflow(document)
        rooms = [here.room(workflow) for _ in range(RUNS)]
        for count in (1, 2):
            with here.workers(count):
                for _ in range(3):  # until there are as many children as there will be
                    started_and_driven(here, rooms, BLOCKED_STEPS)
                rates[count] = [driven(here, rooms, BLOCKED_STEPS) for _ in range(case.rounds)]
    for count, found in rates.items():
        title = (
            f"{RUNS} x {BLOCKED_STEPS} steps that block {BLOCKED_S:g} s, {count} worker{'s' * (count > 1)}"
        )
        yield Figure(f"W1c {title}", "W1c", "steps/s", found)
    both = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    yield Figure("W1c blocking, two workers to one", "W1c", "ratio", both, TWO_WORKERS)


def _on_workers(case: Case, name: str, document: workflows.Document, goal: Goal) -> Iterator[Figure]:
    rates: dict[int, list[float]] = {1: [], 2: []}
    whole: dict[int, list[float]] = {1: [], 2: []}
    floors: list[float] = []
    with floor(case) as least, installation(case) as here:
        workflow = here.workflow(document)
        rooms = [here.room(workflow) for _ in range(RUNS)]
        for count, found in rates.items():
            with here.workers(count):
                started_and_driven(here, rooms)  # a first time, unmeasured
                for _ in range(case.rounds):
                    if count == 1:
                        floors.append(least(STEPS, RUNS))
                    found.append(driven(here, rooms))
                    whole[count].append(started_and_driven(here, rooms))
    for count, found in rates.items():
        title = f"{name}, {RUNS} x {STEPS}, {count} worker{'s' * (count > 1)}"
        yield Figure(title, "W1c", "steps/s", found, goal if count == 1 else None, floors)
        yield Figure(f"{title}, starts included", "W1c", "steps/s", whole[count], None, floors)
    both = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    yield Figure(f"{name}, two workers to one", "W1c", "ratio", both)


def driven(here: Installation, rooms: list[str], steps: int = STEPS) -> float:
    """Steps a second from the first bell until the last run's last commit; the runs were entered before."""
    quiet = _Quiet()
    silent = replace(here.rt, bell=quiet)  # type: ignore[arg-type]
    started = []
    for room_id in rooms:
        started.append(runs.start(silent, ME, room_id, {"x": 0}))
        here.bare.execute(
            f"UPDATE run SET kick_us = {FAR_US} WHERE id = '{started[-1].id}'"
        )  # unseen by sweeps
    began = time.perf_counter()
    for run_id in quiet.rung:
        here.rt.bell.ring(run_id)
    here.until_over(WITHIN_S, look_every_s=0.001)
    took = time.perf_counter() - began
    here.check(started, steps)
    return len(rooms) * steps / took


def started_and_driven(here: Installation, rooms: list[str], steps: int = STEPS) -> float:
    """Steps a second from the first call of the service, one after the other, until the last run's last commit."""
    began = time.perf_counter()
    started = [here.start(room_id) for room_id in rooms]
    here.until_over(WITHIN_S, look_every_s=0.001)
    took = time.perf_counter() - began
    here.check(started, steps)
    return len(rooms) * steps / took


class _Quiet:
    """A bell that only remembers who was to be rung."""

    def __init__(self) -> None:
        self.rung: list[str] = []

    def ring(self, run_id: str, priority: int = 0) -> bool:
        self.rung.append(run_id)
        return True
