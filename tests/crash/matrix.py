"""The full matrix: `python -m tests.crash.matrix`. Prints its progress and seed, writes docs/crash-matrix.md.

Exit code 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from engine.store.database import Database
from engine.store.migrations import migrate
from tests.crash import ledger
from tests.crash.campaign import Campaign, Outcome, Scale
from tests.crash.installation import Installation
from tests.crash.nursery import ROOT, Nursery
from tests.crash.postgres import IN_MEMORY, Postgres

DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Passage:
    """One campaign and what came of it."""

    database: str
    seed: int
    scale: Scale
    outcome: Outcome

    @property
    def is_well(self) -> bool:
        return not self.outcome.unfinished and not self.outcome.findings.violations


def main() -> int:
    asked = _arguments().parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}", flush=True)
    names = asked.databases.split(",")
    passages = [_passage(name, _scale(asked, name, len(names)), seed) for name in names]
    command = " ".join(["python -m tests.crash.matrix", *sys.argv[1:]])
    text = report(passages, command)
    print(text)
    if asked.report:
        Path(asked.report).write_text(text)
    return 0 if all(passage.is_well for passage in passages) else 1


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests.crash.matrix", description="Kills, on both databases.")
    for name, number in (
        ("runs", 10_000),
        ("worker-kills", 200),
        ("worker-stops", 20),
        ("redis-kills", 50),
        ("postgres-kills", 100),
        ("workers", 2),
    ):
        parser.add_argument(f"--{name}", type=int, default=number, help=f"default {number}")
    parser.add_argument("--rest", type=float, default=0.2, help="mean seconds between strikes")
    parser.add_argument("--databases", default=",".join(DATABASES))
    parser.add_argument("--seed", type=int, help="default: a new one, printed")
    parser.add_argument("--drain", type=float, default=200, help="seconds for what is left at the end")
    parser.add_argument("--report", default=str(ROOT / "docs" / "crash-matrix.md"), help="'' for none")
    return parser


def _scale(asked: argparse.Namespace, database: str, share: int) -> Scale:
    """An equal share of everything; PostgreSQL's own deaths are its alone."""
    return Scale(
        runs=asked.runs // share,
        worker_kills=asked.worker_kills // share,
        worker_stops=asked.worker_stops // share,
        redis_kills=asked.redis_kills // share,
        postgres_kills=asked.postgres_kills if database == "postgresql" else 0,
        workers=asked.workers,
        rest_s=(asked.rest * 0.4, asked.rest * 1.6),
        drain_s=asked.drain,
    )


def _passage(database: str, scale: Scale, seed: int) -> Passage:
    folder = Path(tempfile.mkdtemp(prefix="openrooms-crash-", dir=IN_MEMORY))
    begun = time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s {database}: {what}", flush=True)

    tell(f"{scale}")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        ledger.enter(folder / "plugins")
        nursery = stack.enter_context(closing(Nursery(folder / "plugins")))
        postgres, url = None, f"sqlite:///{folder / 'openrooms.db'}"
        if database == "postgresql":
            postgres = Postgres()
            stack.callback(postgres.stop)
            postgres.start()
            url = postgres.create("crash")
        with closing(Database(url)) as fresh:
            migrate(fresh)
        place = stack.enter_context(closing(Installation(folder, url, nursery)))
        outcome = Campaign(place, postgres, scale, seed, tell).run()
        tell(f"{outcome.findings}")
        return Passage(database, seed, scale, outcome)


def report(passages: list[Passage], command: str) -> str:
    """The page docs/crash-matrix.md."""
    is_well = all(passage.is_well for passage in passages)
    columns = [_column(passage) for passage in passages]
    lines = [
        "# The crash matrix",
        "",
        "Written by `make crash`; how it is done stands in `tests/crash/`. Real processes and real signals: workers, Redis,",
        "PostgreSQL's backends and its postmaster are killed at random instants while runs with effects, waits, signals,",
        "retries, forks and loops go on; some are stopped for longer than a lease and continued. Afterwards",
        "`tests/crash/checker.py` reads every run's log, state, memory, timers and inbox, and the ledger that the effects",
        "themselves have written. The rows of the matrix one by one, with named fail-points, are in",
        "`tests/crash/test_failpoints.py`, `test_stopped.py`, `test_parts.py` and `test_web.py`.",
        "",
        f"**{'Every promise was kept.' if is_well else 'PROMISES WERE BROKEN, see below.'}**",
        "",
        f"`{command}` on {os.cpu_count()} cores, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}.",
        "",
        "| | " + " | ".join(passage.database for passage in passages) + " |",
        "|---" * (len(passages) + 1) + "|",
    ]
    for name in columns[0]:
        lines.append(f"| {name} | " + " | ".join(str(column.get(name, "")) for column in columns) + " |")
    lines += ["", *_remarks(passages)]
    return "\n".join(lines) + "\n"


def _column(passage: Passage) -> dict[str, object]:
    outcome, counts = passage.outcome, passage.outcome.findings.counts
    strikes = outcome.strikes
    return {
        "seed": passage.seed,
        "seconds": round(outcome.seconds),
        "workers killed (SIGKILL)": strikes["kill worker"],
        "workers stopped past their lease, then continued": strikes["stop worker"],
        "Redis killed / killed and wiped / flushed": " / ".join(
            str(strikes[name]) for name in ("kill redis", "wipe redis", "flush redis")
        ),
        "PostgreSQL: backends terminated / backend killed / postmaster killed": " / ".join(
            str(strikes[name]) for name in ("terminate backends", "kill backend", "kill server")
        ),
        "workers that found no database at their start and were started again": strikes[
            "workers that ended by themselves"
        ],
        "requests repeated because the database was away": strikes["requests repeated"],
        "strikes while no run was live": strikes["strikes while no run was live"],
        "runs accepted": counts["runs"],
        "runs that did not end": len(outcome.unfinished),
        "completed / failed / cancelled": f"{counts['completed']} / {counts['failed']} / {counts['cancelled']}",
        "events checked": counts["events"],
        "claims (drives by a worker)": counts["claims"],
        "steps taken up from a dead worker": counts["worker_lost"],
        "effects in the ledger": counts["effects"],
        "effects repeated, same key, said in the log": counts["repeated_effects"],
        "at most once: `unknown_outcome`": counts["unknown_outcome"],
        "steps given up after 3 deaths": counts["poisoned"],
        "**promises broken**": f"**{len(outcome.findings.violations)}**",
    }


def _remarks(passages: list[Passage]) -> list[str]:
    lines = [
        "A run fails or takes its FAILURE way only where a step was given up after three deaths; equal runs without such a",
        "step or an unknown outcome have one fingerprint, kills or not.",
    ]
    for passage in passages:
        outcome = passage.outcome
        broken = [f"did not end: {run_id}" for run_id in outcome.unfinished] + outcome.findings.violations
        if broken:
            lines += ["", f"## Broken on {passage.database}", ""]
            lines += [f"- {item[:500]}" for item in broken[:100]]
    return lines


if __name__ == "__main__":
    sys.exit(main())
