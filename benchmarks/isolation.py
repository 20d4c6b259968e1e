"""What it costs to execute a tool in a child process, and how punctually one is killed.

    python benchmarks/isolation.py

Prints one JSON line: milliseconds to start a child, milliseconds of a round trip (median and 95th percentile of 2000
calls of the calculator), milliseconds beyond the deadline at which a killed step has ended (worst of 20), resident and
private megabytes of a child.
"""

import asyncio
import json
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from engine.core.discovery import discover  # noqa: E402
from engine.isolation.clock import TooLong, in_time  # noqa: E402
from engine.isolation.pool import Children  # noqa: E402
from tests.fixtures.contexts import a_context  # noqa: E402

CALLS = 2000
KILLS = 20
TIMEOUT_S = 0.1


def memory_mb(pid: int) -> tuple[float, float]:
    """(resident, private) megabytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return sizes["Rss"] / 1024, (sizes["Private_Clean"] + sizes["Private_Dirty"]) / 1024


async def overrun_ms(children: Children) -> float:
    """How long after its deadline a step that would take a minute has ended."""
    ctx = a_context()
    params = {"provider": "scripted", "model": "slow:60", "prompt": "x"}
    await children.call_step(ctx.catalogue.node_types["AGENT_TASK"], {**params, "model": "echo"}, ctx)
    began = time.perf_counter()
    try:
        async with in_time(TIMEOUT_S):
            await children.call_step(ctx.catalogue.node_types["AGENT_TASK"], params, ctx)
    except TooLong:
        pass
    return (time.perf_counter() - began - TIMEOUT_S) * 1000


async def main() -> None:
    children = Children(most=1, memory_mb=1024, patience_s=10)
    ctx = a_context(catalogue=discover())
    tool = ctx.catalogue.tools["calculator"]
    took = []
    for _ in range(CALLS + 1):
        began = time.perf_counter()
        await children.call_tool(ctx, tool, {"expression": "1"})
        took.append((time.perf_counter() - began) * 1000)
    start, *trips = took
    (child,) = children.pids
    resident, private = memory_mb(child)
    late = [await overrun_ms(children) for _ in range(KILLS)]
    await children.close()
    told = {
        "start_ms": round(start),
        "round_trip_p50_ms": round(statistics.median(trips), 3),
        "round_trip_p95_ms": round(statistics.quantiles(trips, n=20)[-1], 3),
        "overrun_worst_ms": round(max(late), 1),
        "child_resident_mb": round(resident, 1),
        "child_private_mb": round(private, 1),
    }
    print(json.dumps({"benchmark": "isolation", **told}))


asyncio.run(main())
