"""W9: how soon those who watch a room see what happens in it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from benchmarks.engine import workflows
from benchmarks.engine.app import App, up
from benchmarks.engine.measuring import Case, Figure, percentile
from engine.core.times import parse_rfc3339

WATCHERS = 20
EVENTS_PER_S = 500
AT = re.compile(rb'"at":"([^"]+)"')
OVER = b'"type":"ROOM_COMPLETED"'
Heard = list[tuple[int, bytes]]


def watchers(case: Case) -> Iterator[Figure]:
    """W9: twenty live watchers of a run of 500 events a second."""
    seconds = case.size(10, 4)
    halves, most, rates = [], [], []
    with up(case) as app:
        per_step = _events_per_step(app)
        rest_s = per_step / EVENTS_PER_S
        steps = round(seconds / rest_s)
        room_id = app.here.room(workflows.loop(steps, "bench_rest", seconds=rest_s))
        for _ in range(min(case.rounds, case.size(5, 1))):
            heard = asyncio.run(_watch(app, room_id))
            counts = {len(one) for one in heard}
            assert len(counts) == 1, f"watchers saw different numbers of events: {counts}"
            late = [(at_us - _moment(at)) / 1000 for one in heard for at_us, at in one]
            moments = sorted(_moment(at) for _, at in heard[0])
            rates.append(len(moments) / (moments[-1] - moments[0]) * 1_000_000)
            halves.append(percentile(late, 0.5))
            most.append(percentile(late, 0.95))
    title = f"W9 event to each of {WATCHERS} watchers"
    yield Figure(f"{title}, p50", "W9", "ms", halves)
    yield Figure(f"{title}, p95", "W9", "ms", most)
    yield Figure("W9 events of the run", "W9", "events/s", rates)


def _events_per_step(app: App) -> float:
    room_id = app.here.room(workflows.loop(20, "bench_rest", seconds=0))
    run_id = app.ask("POST", f"/api/rooms/{room_id}/run", {"input": {"x": 0}})["run_id"]
    app.here.until_over(20, look_every_s=0.01)
    return float(app.ask("GET", f"/api/runs/{run_id}")["seq"]) / 20


async def _watch(app: App, room_id: str) -> list[Heard]:
    """For each watcher the events it heard: (when, the event's own moment)."""
    ready = [asyncio.Event() for _ in range(WATCHERS)]
    tasks = [asyncio.create_task(_hear(app, room_id, event)) for event in ready]
    for event in ready:
        await asyncio.wait_for(event.wait(), 10)
    await asyncio.sleep(0.3)  # they are subscribed once Redis has said so
    await asyncio.to_thread(app.ask, "POST", f"/api/rooms/{room_id}/run", {"input": {"x": 0}})
    return await asyncio.wait_for(asyncio.gather(*tasks), 120)


async def _hear(app: App, room_id: str, ready: asyncio.Event) -> Heard:
    address = urlsplit(app.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=2**22)
    writer.write(
        f"GET /api/rooms/{room_id}/stream HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: {app.cookie}\r\n\r\n".encode()
    )
    heard: Heard = []
    began_us = time.time_ns() // 1000
    async for line in reader:
        if line.startswith(b"event: status"):
            ready.set()
        elif line.startswith(b"data: ") and (found := AT.search(line)):
            if _moment(found[1]) < began_us:
                continue  # of the run before
            heard.append((time.time_ns() // 1000, found[1]))
            if OVER in line:
                break
    writer.close()
    return heard


def _moment(at: bytes) -> int:
    return parse_rfc3339(at.decode())
