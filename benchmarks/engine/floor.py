"""The floor: what the database itself allows at one commit a step, with no engine at all."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from benchmarks.engine.databases import connect, empty_database, folder_at
from benchmarks.engine.measuring import Case

TABLE = {
    "sqlite": "CREATE TABLE IF NOT EXISTS floor (k TEXT PRIMARY KEY, v TEXT)",
    "postgresql": "CREATE TABLE IF NOT EXISTS floor (k TEXT PRIMARY KEY, v TEXT) WITH (fillfactor=50)",
}
SAVE = "INSERT INTO floor VALUES ({0}, {0}) ON CONFLICT (k) DO UPDATE SET v = excluded.v"


Floor = Callable[..., float]


@contextmanager
def floor(case: Case) -> Iterator[Floor]:
    """Measures it as often as it is called, with `steps` and `runs`: the steps a second of so many runs at once, a connection
    each, every step one durable update of one row.

    Its database stays meanwhile: to drop one makes PostgreSQL write a checkpoint, and then every page whole once more, at
    the cost of whoever is measured next.
    """
    with folder_at(case.place) as folder, empty_database(case, folder) as url:
        first = connect(url)
        first.execute(TABLE[case.database])
        first.close()
        yield partial(_steps_per_s, url, case.database)


def floor_steps_per_s(case: Case, steps: int, runs: int = 1) -> float:
    """The same once."""
    with floor(case) as measured:
        return measured(steps, runs)


def _steps_per_s(url: str, database: str, steps: int, runs: int = 1) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(runs) as pool:
        done = list(pool.map(lambda run: _one(url, database, str(run), steps), range(runs)))
    assert done == [steps] * runs
    return runs * steps / (time.perf_counter() - began)


def _one(url: str, database: str, key: str, steps: int) -> int:
    connection = connect(url)
    save = SAVE.format("?" if database == "sqlite" else "%s")
    x = 0
    for step in range(steps):
        x += 1
        connection.execute(save, (key, json.dumps({"x": x, "step": step})))
    connection.close()
    return x
