"""W3: a fork of twenty branches, and twenty calls to a model that truly run at once."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.engine import workflows
from benchmarks.engine.floor import floor
from benchmarks.engine.installation import installation
from benchmarks.engine.measuring import Case, Figure, Goal, at_most
from benchmarks.engine.model import model_server
from benchmarks.engine.one_run import drive_seconds

BRANCHES, DEPTH = 20, 5
CALL_S = 1.0


def fork(case: Case) -> Iterator[Figure]:
    """W3: twenty branches of five steps and a join that sums, pure and with effects."""
    for name, tool, goal in (("pure", "bench_increment", 10), ("effects", "bench_touch", 60)):
        yield _fork(case, name, tool, at_most(goal))


def _fork(case: Case, name: str, tool: str, goal: Goal) -> Figure:
    steps, took, floors = BRANCHES * DEPTH, [], []
    with floor(case) as least, installation(case) as here, here.runner() as runner:
        room_id = here.room(workflows.forked(BRANCHES, DEPTH, tool))
        drive_seconds(here, runner, room_id, steps)
        for _ in range(case.rounds):
            floors.append(steps / least(DEPTH, BRANCHES) * 1000)
            took += [drive_seconds(here, runner, room_id, steps)[0] * 1000]
    return Figure(f"W3 {name}, {BRANCHES} x {DEPTH} and a join", "W3", "ms", took, goal, floors)


def calls(case: Case) -> Iterator[Figure]:
    """W3: twenty branches, each of which waits a second for a model."""
    took = []
    with (
        model_server(CALL_S) as environment,
        installation(case, **environment) as here,
        here.runner() as runner,
    ):
        room_id = here.room(workflows.asked(BRANCHES))
        drive_seconds(here, runner, room_id, BRANCHES)  # loads the SDK
        for _ in range(case.rounds):
            took.append(drive_seconds(here, runner, room_id, BRANCHES)[0])
    yield Figure(f"W3 {BRANCHES} calls of {CALL_S:g} s", "W3", "s", took, at_most(1.5))
