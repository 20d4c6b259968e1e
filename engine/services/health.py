"""Whether the installation's parts answer; tells anybody no more than that."""

import time
from typing import Literal

from engine.core.document import Frozen
from engine.core.errors import OpenRoomsError
from engine.runtime import Runtime
from engine.store import runs, subscriptions, workers
from engine.store.database import SQLAlchemyError
from engine.store.migrations import is_current

FULL = "Its disk is full: make room on it. Until then what runs have decided waits, and nothing is lost."


class Check(Frozen):
    """One part; `detail` says what to do about one that is down."""

    status: Literal["up", "down"]
    latency_ms: float | None = None
    count: int | None = None
    detail: str = ""


class Health(Frozen):
    status: Literal["healthy", "degraded"]
    checks: dict[str, Check]


class Load(Frozen):
    """What the installation has to do right now, for gauges."""

    runs: dict[str, int]
    workers: int
    worker_threads: int
    queue_length: int | None
    redis_failures: int


def check(rt: Runtime) -> Health:
    """Needs no user: load balancers ask it."""
    checks = {
        "database": _database(rt),
        "redis": _redis(rt),
        "workers": _workers(rt),
        "subscriptions": _subscriptions(rt),
    }
    is_healthy = all(one.status == "up" for one in checks.values())
    return Health(status="healthy" if is_healthy else "degraded", checks=checks)


def load(rt: Runtime) -> Load:
    with rt.db.read() as session:
        counts = runs.count_by_status(session)
        alive = workers.alive(session, rt.now_us())
    return Load(
        runs=counts,
        workers=len(alive),
        worker_threads=sum(worker.threads for worker in alive),
        queue_length=rt.bell.queue_length(),
        redis_failures=rt.feed.failures + rt.bell.failures,
    )


def _database(rt: Runtime) -> Check:
    begun = time.perf_counter()
    try:
        is_ready = is_current(rt.db)
    except OpenRoomsError as error:
        detail = str(error) if error.code == "database_newer" else "It can't be reached."
        return Check(status="down", detail=detail)
    if not is_ready:
        return Check(status="down", detail="Its tables are of an older version: run `openrooms migrate`.")
    if rt.db.is_full:
        return Check(status="down", detail=FULL)
    return Check(status="up", latency_ms=round((time.perf_counter() - begun) * 1000, 3))


def _redis(rt: Runtime) -> Check:
    took_ms = rt.feed.ping()
    if took_ms is None:
        return Check(status="down", detail="It does not answer; runs go on, live views lag by a second.")
    return Check(status="up", latency_ms=round(took_ms, 3))


def _workers(rt: Runtime) -> Check:
    try:
        with rt.db.read() as session:
            alive = len(workers.alive(session, rt.now_us()))
    except OpenRoomsError:
        return Check(status="down", detail="Nobody knows while the database is away.")
    if not alive and rt.db.is_full:
        return Check(status="down", count=0, detail="None can say that it is alive while the disk is full.")
    if not alive:
        return Check(
            status="down", count=0, detail="None is alive: start `openrooms up` or `openrooms worker`."
        )
    return Check(status="up", count=alive)


def _subscriptions(rt: Runtime) -> Check:
    """Somebody else's server that does not answer is told, but makes nothing of ours unwell."""
    try:
        with rt.db.read() as session:
            failing = subscriptions.count_failing(session)
    except (OpenRoomsError, SQLAlchemyError):
        return Check(status="up", detail="Nobody knows while the database is away.")
    detail = f"{failing} can't be told of events: see their deliveries." if failing else ""
    return Check(status="up", count=failing, detail=detail)
