"""W7 and W8: many rooms that wait, for a model or for a moment."""

from __future__ import annotations

import time
from collections.abc import Iterator

from sqlalchemy import insert

from benchmarks.engine import workflows
from benchmarks.engine.installation import LIVE, ME, Installation, Unfinished, installation
from benchmarks.engine.measuring import Case, Figure, at_most, percentile
from benchmarks.engine.model import model_server
from benchmarks.engine.processes import family, resident_mb
from engine.core.times import parse_rfc3339, rfc3339
from engine.services import history
from engine.store.tables import TimerRow

ANSWER_S = 10.0
PENDING = 100_000
START_S = 0.012
"""Time to allow for one start at first; doubled until it is enough."""


def rooms(case: Case) -> Iterator[Figure]:
    """W7: rooms that each wait ten seconds for a model, on two workers."""
    count, took, memory = case.size(1_000, 200), [], []
    for _ in range(min(case.rounds, case.size(3, 1))):
        with (
            model_server(ANSWER_S) as environment,
            installation(case, **environment) as here,
            here.workers(2) as workers,
        ):
            workflow = here.workflow(workflows.ask())
            ids = [here.room(workflow) for _ in range(count)]
            began = time.perf_counter()
            started = [here.start(room_id) for room_id in ids]
            ours = [pid for worker in workers for pid in family(worker.pid)]
            ours += [here.redis.pid] if here.redis and here.redis.pid else []
            most = resident_mb(ours)
            while here.ask(LIVE):
                most = max(most, resident_mb(ours))
                if time.perf_counter() - began > 240:
                    raise Unfinished("the rooms are not done after 240 s")
                time.sleep(0.2)
            took.append(time.perf_counter() - began)
            here.check(started, "x")
            memory.append(most)
    title = f"W7 {count:,} rooms of {ANSWER_S:g} s"
    yield Figure(f"{title}, from the first start until all are done", "W7", "s", took, at_most(25))
    yield Figure(f"{title}, two workers and Redis", "W7", "MB", memory, at_most(1024))


def alarms(case: Case) -> Iterator[Figure]:
    """W8: WAITs due within one second, alone and with many timers pending."""
    count = case.size(1_000, 200)
    for pending in (0, case.size(PENDING, 10_000)):
        late = [_lateness_ms(case, count, pending) for _ in range(min(case.rounds, case.size(3, 1)))]
        title = f"W8 {count:,} WAITs in a second" + (f", {pending:,} pending" if pending else "")
        yield Figure(f"{title}, lateness p50", "W8", "ms", [percentile(round_, 0.5) for round_ in late])
        most = [percentile(round_, 0.99) for round_ in late]
        yield Figure(f"{title}, lateness p99", "W8", "ms", most, at_most(250))


def _lateness_ms(case: Case, count: int, pending: int) -> list[float]:
    with installation(case) as here, here.workers(1):
        workflow = here.workflow(workflows.alarm())
        ids = [here.room(workflow) for _ in range(count)]
        if pending:
            _fill(here, here.room(workflow), pending)
        ahead_s = 3 + START_S * count
        while (late := _ring(here, ids, ahead_s)) is None:
            ahead_s *= 2
        return late


def _ring(here: Installation, ids: list[str], ahead_s: float) -> list[float] | None:
    """How late each WAIT ended, in ms; None if the first was due before the last had begun."""
    count, others = len(ids), here.ask(LIVE)
    first_us = time.time_ns() // 1000 + round(ahead_s * 1_000_000)
    due_us = [first_us + index * 1_000_000 // count for index in range(count)]
    started = [here.start(id_, {"due": rfc3339(due)}) for id_, due in zip(ids, due_us, strict=True)]
    while here.ask("SELECT count(*) FROM run WHERE status = 'WAITING'") < count + others:
        if time.time_ns() // 1000 > first_us:
            here.until_falls(LIVE, others, 300, 0.2)
            return None
        time.sleep(0.05)
    here.until_falls(LIVE, others, 300, 0.1)
    late = []
    for run, due in zip(started, due_us, strict=True):
        ended = next(e for e in history.events(here.rt, ME, run.id) if e["type"] == "WAIT_ENDED")
        late.append((parse_rfc3339(ended["at"]) - due) / 1000)
    return late


def _fill(here: Installation, room_id: str, pending: int) -> None:
    """Timers of a run that rests till far from now."""
    far_us = time.time_ns() // 1000 + 86_400_000_000
    run = here.start(room_id, {"due": rfc3339(far_us)})
    here.until("SELECT count(*) FROM run WHERE status = 'WAITING'", 1, 60, 0.05)
    rows = [
        {"run_id": run.id, "activation": f"none{n}", "kind": "wait", "due_us": far_us + n}
        for n in range(pending)
    ]
    with here.rt.db.write() as session:
        session.execute(insert(TimerRow), rows)
