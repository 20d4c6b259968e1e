"""LangGraph, DBOS and Burr beside OpenRooms and the floor of the database: the same workloads, in turns.

Each round runs every system once, in a new order. Prints one JSON line a measurement, then a table of medians.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial

from benchmarks.engine.databases import servers
from benchmarks.engine.measuring import Case, short
from benchmarks.peers.measured import floor, ours, peer

Measure = Callable[[Case, str], dict[str, float]]
WORKLOADS = {
    "chain": "W1: one run of 100 steps",
    "many": "W1c: 50 runs x 20 steps at once, one worker",
    "many, two workers": "W1c: the same, two workers",
    "three": "W2: a run of three steps, one after the other",
    "fork": "W3: 20 branches x 5 steps and a join",
}
SYSTEMS: dict[str, tuple[Measure, tuple[str, ...]]] = {
    "floor": (floor, ("sqlite", "postgresql")),
    **{
        name: (partial(ours, name=name), ("sqlite", "postgresql"))
        for name in ("ours, pure steps", "ours, a commit a step", "ours, every step an effect")
    },
    "langgraph": (partial(peer, name="langgraph"), ("sqlite", "postgresql")),
    "dbos": (partial(peer, name="dbos"), ("sqlite", "postgresql")),
    "burr": (partial(peer, name="burr"), ("sqlite",)),
}
ONCE = "ours, every step an effect"
"""The one of ours that W2 measures: its first step is an effect that tells the time."""

Found = dict[tuple[str, str, str], list[dict[str, float]]]


def main() -> int:
    asked = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    databases = ("sqlite", "postgresql") if asked.database == "both" else (asked.database,)
    rounds = asked.rounds or (1 if asked.quick else 3)
    found: Found = defaultdict(list)
    is_whole = True
    for database in databases:
        case = Case(database, asked.place, rounds, asked.quick)
        with servers(case):
            for number in range(rounds):
                for workload in asked.workloads or WORKLOADS:
                    is_whole &= _round(case, workload, number, asked.systems, found)
    _show(found, asked.place)
    return 0 if is_whole else 1


def _round(case: Case, workload: str, number: int, systems: list[str], found: Found) -> bool:
    """Every system once; whether all could be measured."""
    names = [name for name, (_, databases) in SYSTEMS.items() if case.database in databases]
    names = [name for name in names if not systems or name in systems]
    if workload == "three":
        names = [name for name in names if not name.startswith("ours") or name == ONCE]
    random.shuffle(names)
    is_whole = True
    for name in names:
        line = {"system": name, "workload": workload, "database": case.database, "place": case.place}
        try:
            figures = SYSTEMS[name][0](case, workload)
        except Exception as error:  # noqa: BLE001 - a peer's failure is a finding, told and counted
            is_whole = False
            print(json.dumps({**line, "round": number, "error": f"{error}"[-400:]}), flush=True)
            continue
        found[workload, case.database, name].append(figures)
        told = {key: short(value) for key, value in figures.items()}
        load = round(os.getloadavg()[0], 1)
        print(json.dumps({**line, "round": number, **told, "load": load}), flush=True)
    return is_whole


def _show(found: Found, place: str) -> None:
    """A table for each workload; ratios to the floor of the same round."""
    print(f"\nMeasured on {place}, {time.strftime('%Y-%m-%d')}, load {os.getloadavg()[0]:.1f}.")
    for workload, title in WORKLOADS.items():
        rows = {key[1:]: figures for key, figures in found.items() if key[0] == workload}
        if not rows:
            continue
        keys = list(dict.fromkeys(key for figures in rows.values() for key in figures[0]))
        print(f"\n**{title}**\n")
        print("| system | " + " | ".join(key.replace("_", " ") for key in keys) + " | to the floor |")
        print("|---|" + "---:|" * (len(keys) + 1))
        for (database, name), figures in rows.items():
            cells = [_median(figures, key) for key in keys]
            shown = " | ".join("" if cell is None else f"{short(cell):,}" for cell in cells)
            print(f"| {name}, {database} | {shown} | {_to_floor(figures, rows.get((database, 'floor')))} |")


def _median(figures: list[dict[str, float]], key: str) -> float | None:
    values = [figure[key] for figure in figures if key in figure]
    return statistics.median(values) if values else None


def _to_floor(figures: list[dict[str, float]], floors: list[dict[str, float]] | None) -> str:
    key = next((name for name in ("steps_per_s", "done_p50_ms", "fork_ms") if name in figures[0]), None)
    if not floors or key is None or len(floors) != len(figures):
        return ""
    ratios = [mine[key] / theirs[key] for mine, theirs in zip(figures, floors, strict=True)]
    return f"{statistics.median(ratios):.3g}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description=__doc__, epilog=f"systems: {'; '.join(SYSTEMS)}"
    )
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=[], metavar="SYSTEM")
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=[], metavar="WORKLOAD")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--place", choices=("disk", "tmpfs"), default="disk")
    parser.add_argument("--rounds", type=int, help="default: 3, 1 with --quick")
    parser.add_argument("--quick", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
