"""W2: how soon a run begins after it was asked for, and how soon a short one is complete over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from benchmarks.engine import workflows
from benchmarks.engine.app import App, up
from benchmarks.engine.installation import ME, Installation, installation
from benchmarks.engine.measuring import Case, Figure, Goal, at_most, percentile
from engine.services import runs

P50 = at_most({"sqlite": 5, "postgresql": 8})
P95 = at_most({"sqlite": 15, "postgresql": 20})
HTTP = at_most(12)


def start(case: Case) -> Iterator[Figure]:
    """W2: service call to first effect, through the queue, on a worker process."""
    samples = case.size(200, 60)
    with installation(case) as here, here.workers(1):
        room_id = here.room(workflows.clock())
        for _ in range(5):
            _first_effect_ms(here, room_id)
        rounds = [[_first_effect_ms(here, room_id) for _ in range(samples)] for _ in range(case.rounds)]
        yield from _shares("W2 service call to first effect", rounds, P50, P95)
        if case.idle_s:
            time.sleep(case.idle_s)
            first = [_first_effect_ms(here, room_id)]
            yield Figure(f"W2 the same after {case.idle_s:g} idle s, first", "W2", "ms", first, P95)


def _first_effect_ms(here: Installation, room_id: str) -> float:
    began_us = time.time_ns() // 1000
    run = here.start(room_id)
    here.until_over(10, look_every_s=0.002)
    output = runs.get(here.rt, ME, run.id).output
    assert isinstance(output, int), output
    return (output - began_us) / 1000


def http_start(case: Case) -> Iterator[Figure]:
    """W2: POST …/run to COMPLETED of three pure steps, as a client of the live stream learns it."""
    samples = case.size(200, 60)
    with up(case) as app:
        room_id = app.here.room(workflows.chain(3))
        with app.client.stream("GET", f"/api/rooms/{room_id}/stream") as stream:
            lines = stream.iter_lines()
            for _ in range(5):
                _completed_ms(app, room_id, lines)
            rounds = [
                [_completed_ms(app, room_id, lines) for _ in range(samples)] for _ in range(case.rounds)
            ]
            seen = [[took for took, _ in round_] for round_ in rounds]
            yield from _shares("W2 POST to COMPLETED, seen live", seen, HTTP)
            recorded = [[took for _, took in round_] for round_ in rounds]
            yield from _shares("W2 POST to COMPLETED, by the run's own times", recorded)
            if case.idle_s:
                time.sleep(case.idle_s)
                title = f"W2 POST to COMPLETED after {case.idle_s:g} idle s, first"
                yield Figure(title, "W2", "ms", [_completed_ms(app, room_id, lines)[0]], HTTP)


def _completed_ms(app: App, room_id: str, lines: Iterator[str]) -> tuple[float, float]:
    """(until the live stream says so, until the run's recorded end)."""
    began_us = time.time_ns() // 1000
    run_id = app.ask("POST", f"/api/rooms/{room_id}/run", {"input": {"x": 0}})["run_id"]
    for line in lines:
        is_of_it = line.startswith("data: ") and run_id in line
        if is_of_it and json.loads(line[6:]).get("type") == "ROOM_COMPLETED":
            break
    seen_us = time.time_ns() // 1000
    ended_us = app.here.ask(f"SELECT ended_us FROM run WHERE id = '{run_id}'")
    return (seen_us - began_us) / 1000, (ended_us - began_us) / 1000


def _shares(
    name: str, rounds: list[list[float]], half: Goal | None = None, most: Goal | None = None
) -> Iterator[Figure]:
    """Median and 95th percentile of each round."""
    yield Figure(f"{name}, p50", "W2", "ms", [percentile(round_, 0.5) for round_ in rounds], half)
    yield Figure(f"{name}, p95", "W2", "ms", [percentile(round_, 0.95) for round_ in rounds], most)
