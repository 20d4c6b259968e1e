"""W1, W4 and replay: one run, driven in this process until it is over, with Redis and its live events on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.engine import workflows
from benchmarks.engine.floor import floor
from benchmarks.engine.installation import ME, Installation, installation
from benchmarks.engine.measuring import Case, Figure, at_least
from benchmarks.engine.workflows import Document
from engine.core.runview import Run
from engine.runner import Runner
from engine.services import history

PURE = at_least({"sqlite": 25_000, "postgresql": 12_000})
STRICT = at_least(0.8, of_floor=True)
EFFECTS = at_least(0.6, of_floor=True)
IN_A_ROW = 500
"""Steps: a round of a run that is shorter is several of them, as four milliseconds alone say little."""


def drive_seconds(here: Installation, runner: Runner, room_id: str, output: object) -> tuple[float, Run]:
    """From the claim until the run's last commit."""
    run = here.start(room_id)
    began = time.perf_counter()
    runner.activate(run.id)
    while runner.is_driving(run.id):  # it is let go once its last commit is made
        time.sleep(0.001)
    took = time.perf_counter() - began
    here.until_over(0.001, look_every_s=0.001)
    here.check([run], output)
    return took, run


def pure(case: Case) -> Iterator[Figure]:
    """W1: pure steps, committed when the run blocks or has gathered enough."""
    long = case.size(10_000, 2_000)
    documents = {
        "chain of 100, calculator": (workflows.chain(100, "calculator"), 100),
        "chain of 100, own tool": (workflows.chain(100), 100),
        "chain of 100 decisions": (workflows.decisions(100), 100),
        f"loop of {long:,}, calculator": (workflows.loop(long, "calculator"), long),
        f"loop of {long:,}, own tool": (workflows.loop(long), long),
    }
    for name, (document, steps) in documents.items():
        yield _steps_per_s(case, f"W1 pure, {name}", document, steps, PURE)


def strict(case: Case) -> Iterator[Figure]:
    """W1 with a commit for every step."""
    long = case.size(10_000, 2_000)
    documents = {
        "chain of 100, own tool": (workflows.chain(100), 100),
        f"loop of {long:,}, own tool": (workflows.loop(long), long),
    }
    for name, (document, steps) in documents.items():
        yield _steps_per_s(case, f"W1 strict, {name}", document, steps, STRICT, OPENROOMS_COMMIT="every_step")


def effects(case: Case) -> Iterator[Figure]:
    """W1 with an external effect in every step."""
    for name, kind in (("at once", "bench_touch_at_once"), ("on the loop", "bench_touch")):
        yield _steps_per_s(case, f"W1 effects {name}, chain of 100", workflows.chain(100, kind), 100, EFFECTS)


def growth(case: Case) -> Iterator[Figure]:
    """W4: what a step costs in time and in bytes as the run grows."""
    lengths = (100, 1_000, case.size(10_000, 3_000))
    rates: dict[int, list[float]] = {length: [] for length in lengths}
    weight: list[float] = []
    with installation(case) as here, here.runner() as runner:
        rooms = {length: here.room(workflows.loop(length)) for length in lengths}
        for length in lengths:
            drive_seconds(here, runner, rooms[length], length)
        for _ in range(case.rounds):
            for length in lengths:
                rate, run = _in_a_row(
                    partial(drive_seconds, here, runner, rooms[length], length), length, 1_000
                )
                rates[length].append(rate)
            bytes_ = here.ask(f"SELECT sum(length(body)) FROM event WHERE run_id = '{run.id}'")
            weight.append(bytes_ / lengths[-1])
    for length in lengths:
        yield Figure(f"W4 loop of {length:,}", "W4", "steps/s", rates[length])
    ratios = [long / short for short, long in zip(rates[100], rates[lengths[-1]], strict=True)]
    yield Figure(f"W4 {lengths[-1]:,} to 100", "W4", "ratio", ratios, at_least(0.95))
    yield Figure("W4 history", "W4", "bytes/step", weight)


def replay(case: Case) -> Iterator[Figure]:
    """How fast a recorded run is decided again."""
    length, rates = case.size(10_000, 2_000), []
    with installation(case) as here, here.runner() as runner:
        room_id = here.room(workflows.loop(length))
        _, run = drive_seconds(here, runner, room_id, length)
        for _ in range(case.rounds):
            began = time.perf_counter()
            found = history.replay_run(here.rt, ME, run.id)
            assert found["identical"], found
            rates.append(found["events"] / (time.perf_counter() - began))
    yield Figure(f"Replay of {length:,} steps", "replay", "events/s", rates, at_least(20_000))


def _in_a_row(drive: Callable[[], tuple[float, Run]], steps: int, least: int) -> tuple[float, Run]:
    """Steps a second of as many runs as make `least` steps, of one at least, and the last: short ones are as steady then as long ones."""
    took = [drive() for _ in range(max(1, least // steps))]
    return len(took) * steps / sum(seconds for seconds, _ in took), took[-1][1]


def _steps_per_s(
    case: Case, name: str, document: Document, steps: int, goal: object, **environment: str
) -> Figure:
    rates, floors = [], []
    with floor(case) as least, installation(case, **environment) as here, here.runner() as runner:
        room_id = here.room(document)
        output = 0 if "decisions" in name else steps
        drive_seconds(here, runner, room_id, output)
        for _ in range(case.rounds):
            floors.append(least(min(max(steps, IN_A_ROW), 1_000)))
            rate, run = _in_a_row(partial(drive_seconds, here, runner, room_id, output), steps, IN_A_ROW)
            entered = here.ask(f"SELECT steps FROM run WHERE id = '{run.id}'")
            assert entered >= steps, f"{entered} steps"
            rates.append(rate)
    return Figure(name, "W1", "steps/s", rates, goal, floors)  # type: ignore[arg-type]
