"""A whole installation in one thread: real services, runners and SQL; simulated time, threads, Redis and effects."""

from __future__ import annotations

import atexit
import logging
import random as global_random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

import orjson
from sqlalchemy import Engine

from engine.core.catalogue import Catalogue
from engine.core.discovery import discover
from engine.core.plan import Plan
from engine.core.runview import Run
from engine.runner import Runner, starting
from engine.runner.runner import MOST_BELLS
from engine.runtime import Runtime
from engine.services import runs
from engine.settings import Settings
from engine.store import claims, workers
from engine.store.database import Database, DatabaseDown
from engine.store.migrations import migrate
from engine.store.tables import RoomRow, VersionRow, WorkflowRow
from tests.crash.checker import Findings, check
from tests.crash.installation import ME
from tests.simulation.bells import Bell, Feed, Redis
from tests.simulation.effects import TOOLS, CountingDrive, Fates, SimulatedEffects, World
from tests.simulation.scheduler import Process, Scheduler
from tests.simulation.store import Mishap, SimulatedDatabase, Witness, close_engine, emptied, open_engine
from tests.simulation.threads import Threads, replaced

SECOND = 1_000_000
BEGIN_US = 1_924_984_790 * SECOND
"""2030-12-31T21:59:50Z: ten seconds before a moment that made-up workflows wait for."""


@cache
def catalogue() -> Catalogue:
    found = discover()
    for tool in TOOLS:
        found.add(tool)
    return found


@cache
def engine() -> Engine:
    """A migrated database in memory, for all installations of this process, one after the other."""
    shared = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="openrooms-sim-", dir=shared if shared.is_dir() else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with closing(Database(f"sqlite:///{folder}/openrooms.db")) as database:
        migrate(database)
    return open_engine(f"{folder}/openrooms.db")


@dataclass(frozen=True, slots=True)
class SimulatedRuntime(Runtime):
    place: Any = None

    def now_us(self) -> int:
        return int(self.place.passes())

    def new_id(self) -> str:
        return str(self.place.new_id())


@dataclass(eq=False)
class Worker(Process):
    number: int = 0
    rt: Any = None
    runner: Runner | None = None

    @property
    def is_up(self) -> bool:
        return not self.is_dead and self.runner is not None


def _no_mishap(_process: Process, _writes: bool) -> Mishap | None:
    return None


class Installation:
    """Nothing moves but by `run`. One number decides all that is left to chance."""

    def __init__(self, seed: int, fates: Fates, commit: str) -> None:
        self.seed, self.commit = seed, commit
        self.random = Random(seed)
        self.scheduler = Scheduler(self.random, BEGIN_US)
        self.world = World(self.scheduler, fates)
        self.redis = Redis()
        self.fate: Callable[[Process, bool], Mishap | None] = _no_mishap
        self.workers: list[Worker] = []
        self.run_ids: list[str] = []
        self.accusations: list[str] = []
        self.slowness_us = 40
        """The longest that the processor takes between two looks at the clock."""
        self._ids = 0
        self._plans: dict[tuple[str, int], Plan] = {}
        self.web = Process("web")
        self.rt = self._runtime(self.web)
        """For whoever looks from outside: nothing befalls its store calls."""

    # What the parts ask for

    def passes(self) -> int:
        """The time, some of which has passed."""
        self.scheduler.now_us += self.random.randrange(self.slowness_us)
        return self.scheduler.now_us

    def new_id(self) -> str:
        self._ids += 1
        return f"{self.seed % 100_000:05d}-{self._ids:06d}"

    def accuse(self, what: str) -> None:
        self.accusations.append(what)

    def seq_of(self, run_id: str) -> int:
        with engine().connect() as connection:
            row = connection.exec_driver_sql("SELECT seq FROM run WHERE id = ?", (run_id,)).fetchone()
        return int(row[0]) if row else 0

    def _runtime(self, process: Process) -> SimulatedRuntime:

        def fate(of: Process, writes: bool) -> Mishap | None:
            return None if of is self.web else self.fate(of, writes)

        database = SimulatedDatabase(engine(), self.scheduler, process, fate)
        return SimulatedRuntime(
            settings=_settings(self.commit),
            db=database,
            feed=Feed(self),  # type: ignore[arg-type]
            bell=Bell(self),  # type: ignore[arg-type]
            catalogue=catalogue(),
            secret_key=b"",
            plans=self._plans,
            place=self,
        )

    # Redis

    def ring(self, run_id: str) -> bool:
        redis, random = self.redis, self.random
        if not redis.is_alive:
            return False
        chance = random.random()
        times = 0 if chance < redis.lost else 2 if chance < redis.lost + redis.doubled else 1
        for _ in range(times):
            redis.waiting.append(run_id)
            delay_us = random.randrange(1, redis.latest_us)
            self.scheduler.at(self.scheduler.now_us + delay_us, partial(self._deliver, run_id))
        return True

    def _deliver(self, run_id: str) -> None:
        """One of the workers takes the bell from the queue, and perhaps others; it stays there while there is none."""
        if not self.redis.is_alive or run_id not in self.redis.waiting:
            return
        able = [worker for worker in self.workers if worker.is_up]
        if not able:
            self.scheduler.at(self.scheduler.now_us + SECOND, partial(self._deliver, run_id))
            return
        worker = self.random.choice(able)
        others = sorted({*self.redis.waiting} - {run_id})
        heard = [run_id, *self.random.sample(others, min(len(others), self.random.randrange(MOST_BELLS)))]
        for one in heard:
            self.redis.waiting.remove(one)
        self.scheduler.spawn(worker, partial(worker.runner.hear, *heard), "bell")

    def knock(self, worker_id: str, run_id: str) -> bool:
        """The control channel of a worker."""
        found = [worker for worker in self.workers if worker.is_up and worker.runner.worker_id == worker_id]
        if not self.redis.is_alive or not found or self.random.random() < self.redis.lost:
            return False
        runner = found[0].runner
        self.scheduler.spawn(found[0], lambda: runner.submit(lambda: runner.activate(run_id)), "control")
        return True

    def wipe(self) -> None:
        """Redis is emptied."""
        self.scheduler.say("Redis is wiped")
        self.redis.waiting.clear()

    # Workers

    def hire(self, threads: int = 4, *, replaces: Worker | None = None) -> Worker:
        """Start a worker process; the supervisor of `up` would know whom it `replaces`."""
        number = len(self.workers) + 1
        worker = Worker(f"w{number}", number=number)
        worker.rt = self._runtime(worker)
        self.workers.append(worker)

        def begin() -> None:
            if replaces is not None and replaces.runner is not None:
                with worker.rt.db.write() as session:
                    workers.expire(session, worker_id=replaces.runner.worker_id)
            runner = Runner(worker.rt, threads=threads)
            runner.start()
            worker.runner = runner

        self.scheduler.spawn(worker, partial(self._unless_away, worker, begin), "main")
        return worker

    def _unless_away(self, worker: Worker, begin: Callable[[], None]) -> None:
        """A worker that finds no database ends; somebody starts another a second later."""
        try:
            begin()
        except DatabaseDown:
            self.scheduler.kill(worker)
            self.scheduler.at(self.scheduler.now_us + SECOND, self.hire)

    def kill(self, worker: Process) -> None:
        """SIGKILL, between two transactions."""
        self.scheduler.kill(worker)
        self.scheduler._bury()

    def stall(self, worker: Process, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after so long."""
        self.scheduler.say(f"{worker.name} is stopped for {seconds:g} s")
        worker.stalled_until_us = self.scheduler.now_us + round(seconds * SECOND)

    def dismiss(self, worker: Worker) -> None:
        """SIGTERM: it leaves in good order."""
        runner = worker.runner

        def leave() -> None:
            assert runner is not None
            worker.runner = None
            runner.stop()
            worker.is_dead = True

        self.scheduler.spawn(worker, leave, "main")

    # Rooms

    def workflow(self, document: dict[str, Any]) -> str:
        text, now_us, id_ = orjson.dumps(document).decode(), self.scheduler.now_us, self.new_id()
        row = WorkflowRow(id=id_, name=id_, status="ACTIVE", draft=text, created_us=now_us, updated_us=now_us)
        with self.rt.db.write() as session:
            session.add(row)
        self.publish(id_, document)
        return id_

    def publish(self, workflow_id: str, document: dict[str, Any]) -> int:
        """The next version of a workflow."""
        with self.rt.db.write() as session:
            workflow = session.get(WorkflowRow, workflow_id)
            assert workflow is not None
            workflow.latest_version = number = (workflow.latest_version or 0) + 1
            session.add(
                VersionRow(
                    workflow_id=workflow_id,
                    number=number,
                    document=orjson.dumps(document).decode(),
                    sha256="",
                    meaning_sha256="",
                    created_us=self.scheduler.now_us,
                )
            )
        return number

    def room(self, document: dict[str, Any] | str, **fields: Any) -> str:
        """A room for a document, or for a workflow by its id."""
        workflow_id = document if isinstance(document, str) else self.workflow(document)
        now_us, id_ = self.scheduler.now_us, self.new_id()
        with self.rt.db.write() as session:
            session.add(
                RoomRow(
                    id=id_, name=id_, workflow_id=workflow_id, created_us=now_us, updated_us=now_us, **fields
                )
            )
        return id_

    def get(self, run_id: str) -> Run:
        return runs.get(self.rt, ME, run_id)

    def statuses(self) -> list[str]:
        with engine().connect() as connection:
            return list(connection.exec_driver_sql("SELECT status FROM run ORDER BY id").scalars())

    def all_runs(self) -> list[str]:
        with engine().connect() as connection:
            return list(connection.exec_driver_sql("SELECT id FROM run ORDER BY id").scalars())

    def all_seqs(self) -> list[int]:
        """How far each run has come."""
        return [self.seq_of(run_id) for run_id in self.all_runs()]

    def is_over(self) -> bool:
        with engine().connect() as connection:
            left = connection.exec_driver_sql(
                "SELECT 1 FROM run WHERE status NOT IN ('COMPLETED', 'FAILED', 'CANCELLED') LIMIT 1"
            ).fetchone()
        return left is None

    # Time

    def run(self, seconds: float, is_enough: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass; True as soon as it is enough."""
        return self.scheduler.run(is_enough, self.scheduler.now_us + round(seconds * SECOND))

    def checked(self, run_ids: Sequence[str] | None = None) -> Findings:
        """What the log checker and the watchers found."""
        found = check(self.rt, self.all_runs() if run_ids is None else run_ids, self.world.ledger)
        found.violations += self.accusations
        return found


@cache
def _settings(commit: str) -> Settings:
    return Settings(_env_file=None, commit=commit)


class _Ears(logging.Handler):
    """An error in the product's log is a finding, unless it says that the database is away."""

    def __init__(self, place: Installation) -> None:
        super().__init__(logging.ERROR)
        self._place = place

    def emit(self, record: logging.LogRecord) -> None:
        told = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            if getattr(error, "code", "") == "database_unavailable":
                return
            told += f": {type(error).__name__}: {error}"
        self._place.accuse(f"logged: {told}")


@contextmanager
def installed(
    seed: int, fates: Fates | None = None, *, commit: str = "to_block", crowd: int = claims.CROWD
) -> Iterator[Installation]:
    """An empty installation; at the end everything that still moves is killed."""
    emptied(engine())
    global_random.seed(seed)  # the sweeper spreads its rounds by it
    place = Installation(seed, fates or Fates(), commit)
    Witness.accuse, Witness.now_us = place.accuse, lambda: place.scheduler.now_us
    ears, logger = _Ears(place), logging.getLogger("engine")
    before = logger.propagate, logger.level
    logger.addHandler(ears)
    logger.propagate = False
    logger.setLevel(logging.ERROR)
    try:
        threads = Threads(place.scheduler)
        with (
            threads.installed(partial(SimulatedEffects, place.world), CountingDrive),
            replaced(claims, "CROWD", crowd),
            replaced(starting, "_schemas", {}),  # kept by a workflow's id, and here the ids come again
        ):
            try:
                yield place
            finally:
                place.scheduler.close()
                for process in (place, *place.workers):
                    process.rt.db.close()
                if place.scheduler.is_broken:
                    close_engine(engine())
                    engine.cache_clear()
    finally:
        logger.removeHandler(ears)
        logger.propagate, level = before
        logger.setLevel(level)
