"""One measurement of one system: ours and the floor in this process, a peer in processes of its own."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.engine import workflows
from benchmarks.engine.databases import empty_database, folder_at
from benchmarks.engine.floor import floor_steps_per_s
from benchmarks.engine.installation import ME, Installation, installation
from benchmarks.engine.measuring import Case, percentile
from benchmarks.engine.one_run import drive_seconds
from benchmarks.peers.environments import python_of
from engine.services import runs

SYSTEMS = Path(__file__).parent / "systems"
WITHIN_S = 300
TOOLS = {"ours, pure steps": "bench_increment", "ours, a commit a step": "bench_increment"}
"""What else is ours has an effect in every step."""

Workload = Callable[[Case, str], dict[str, float]]


def floor(case: Case, workload: str) -> dict[str, float]:
    """The database alone, at one commit a step."""
    if workload.startswith("many"):
        return {"steps_per_s": floor_steps_per_s(case, 20, 50)}
    if workload == "fork":
        return {"fork_ms": 100 / floor_steps_per_s(case, 5, 20) * 1000}
    rate = floor_steps_per_s(case, 100)
    if workload == "chain":
        return {"steps_per_s": rate}
    return {"first_p50_ms": 1000 / rate, "done_p50_ms": 4000 / rate}


def peer(case: Case, workload: str, name: str) -> dict[str, float]:
    """A peer's own figures.

    Raises:
        subprocess.SubprocessError: it failed, or took too long.
    """
    asked = {
        "chain": ["chain", "--steps", "100"],
        "many": ["many", "--runs", "50", "--steps", "20"],
        "many, two workers": ["many", "--runs", "50", "--steps", "20", "--workers", "2"],
        "three": ["three", "--samples", str(case.size(200, 40))],
        "fork": ["fork", "--samples", str(case.size(200, 60))],
    }[workload]
    with folder_at(case.place) as folder, empty_database(case, folder) as address:
        is_file = address.startswith("sqlite")
        url = str(folder / "peer.db") if is_file else address.replace("+psycopg", "")
        command = [str(python_of(name)), str(SYSTEMS / f"{name}_peer.py"), asked[0], url, *asked[1:]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise subprocess.SubprocessError((done.stderr or done.stdout).strip()[-400:])
    found: dict[str, float] = json.loads(lines[-1])
    return found


def ours(case: Case, workload: str, name: str) -> dict[str, float]:
    """OpenRooms: one run or fork driven in this process, everything else through the queue on worker processes."""
    tool = TOOLS.get(name, "bench_touch")
    environment = {"OPENROOMS_COMMIT": "every_step"} if name == "ours, a commit a step" else {}
    with installation(case, **environment) as here:
        if workload in ("chain", "fork"):
            return _driven(case, here, workload, tool)
        with here.workers(2 if "two" in workload else 1):
            return _three(case, here) if workload == "three" else _many(here, tool)


def _driven(case: Case, here: Installation, workload: str, tool: str) -> dict[str, float]:
    is_chain = workload == "chain"
    document = workflows.chain(100, tool) if is_chain else workflows.forked(20, 5, tool)
    with here.runner() as runner:
        room_id, took = here.room(document), []
        drive_seconds(here, runner, room_id, 100)
        for _ in range(3):
            began = time.perf_counter()
            drive_seconds(here, runner, room_id, 100)
            took.append(time.perf_counter() - began)
    seconds = percentile(took, 0.5)  # the start included, as for the peers
    return {"steps_per_s": 100 / seconds} if is_chain else {"fork_ms": seconds * 1000}


def _many(here: Installation, tool: str) -> dict[str, float]:
    workflow = here.workflow(workflows.chain(20, tool))
    rooms = [here.room(workflow) for _ in range(50)]
    for is_measured in (False, True):
        began = time.perf_counter()
        started = [here.start(room_id) for room_id in rooms]
        here.until_over(WITHIN_S, look_every_s=0.001)
        seconds = time.perf_counter() - began
        if is_measured:
            here.check(started, 20)
    return {"steps_per_s": 1000 / seconds}


def _three(case: Case, here: Installation) -> dict[str, float]:
    room_id = here.room(workflows.clock_and_two())
    firsts, wholes = [], []
    for _ in range(case.size(200, 40) + 3):
        began_us = time.time_ns() // 1000
        run = here.start(room_id)
        here.until_over(WITHIN_S, look_every_s=0.0005)
        wholes.append((time.time_ns() // 1000 - began_us) / 1000)
        output = runs.get(here.rt, ME, run.id).output
        assert isinstance(output, int), output
        firsts.append((output - began_us) / 1000)
    return {
        "first_p50_ms": percentile(firsts[3:], 0.5),
        "first_p95_ms": percentile(firsts[3:], 0.95),
        "done_p50_ms": percentile(wholes[3:], 0.5),
        "done_p95_ms": percentile(wholes[3:], 0.95),
    }
