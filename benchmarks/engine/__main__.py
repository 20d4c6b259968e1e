"""Run the benchmarks of the engine; one JSON line for each figure.

Names are those that --list shows; none means all.
"""

from __future__ import annotations

import argparse
import signal
import sys
import traceback
from collections.abc import Callable, Iterator

from benchmarks.engine import forks, many_runs, one_run, recovery, resting, starting, waiting, watching
from benchmarks.engine.databases import servers
from benchmarks.engine.measuring import Case, Figure

BENCHMARKS: dict[str, Callable[[Case], Iterator[Figure]]] = {
    "pure": one_run.pure,
    "strict": one_run.strict,
    "effects": one_run.effects,
    "growth": one_run.growth,
    "replay": one_run.replay,
    "many_pure": many_runs.many_pure,
    "many_effects": many_runs.many_effects,
    "many_blocking": many_runs.many_blocking,
    "start": starting.start,
    "http_start": starting.http_start,
    "fork": forks.fork,
    "calls": forks.calls,
    "rest": resting.rest,
    "recovery": recovery.recovery,
    "rooms": waiting.rooms,
    "alarms": waiting.alarms,
    "watchers": watching.watchers,
}


def main() -> int:
    asked = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    if asked.list:
        for name, benchmark in BENCHMARKS.items():
            print(f"{name:14} {(benchmark.__doc__ or '').splitlines()[0]}")
        return 0
    unknown = [name for name in asked.names if name not in BENCHMARKS]
    if unknown:
        print(f"there is no benchmark {', '.join(unknown)}; see --list", file=sys.stderr)
        return 2
    rounds = asked.rounds or (3 if asked.quick else 5)
    case = Case(asked.database, asked.place, rounds, asked.quick, asked.idle or 0)
    is_whole = True
    with servers(case):
        for name in asked.names or BENCHMARKS:
            is_whole &= _run(name, case)
    return 0 if is_whole else 1


def _run(name: str, case: Case) -> bool:
    """Whether it could be measured; what fails does not keep the others from being measured."""
    try:
        for figure in BENCHMARKS[name](case):
            figure.show(case)
    except Exception:  # noqa: BLE001 - told, and counted in the exit code
        print(f"{name} could not be measured:", file=sys.stderr)
        traceback.print_exc()
        return False
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--place", choices=("disk", "tmpfs"), default="disk")
    parser.add_argument("--rounds", type=int, help="default: 5, 3 with --quick")
    parser.add_argument("--quick", action="store_true", help="smaller sizes")
    parser.add_argument(
        "--idle",
        type=float,
        nargs="?",
        const=120,
        metavar="SECONDS",
        help="measure the start latency again after so long without work (120)",
    )
    parser.add_argument("--list", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
