"""The runs that this process drives: claimed on a bell, driven until they block, swept for what bells missed."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import orjson

from engine.core.document import Document
from engine.core.errors import NotFound, OpenRoomsError
from engine.core.plan import Plan, compile_plan
from engine.failpoints import Point, reach
from engine.runner.committer import Committer
from engine.runner.drive import Drive
from engine.runner.effects import Effects
from engine.runner.sweeper import Sweeper
from engine.runtime import Runtime
from engine.store import claims, runs, workers

log = logging.getLogger(__name__)


class Runner:
    """Drives runs in this process. `start` before the first `activate`, `stop` at the end."""

    def __init__(self, rt: Runtime, *, threads: int = 16) -> None:
        self.rt = rt
        self.worker_id = rt.new_id()
        self.committer = Committer(rt.db, rt.feed, rt.now_us)
        self.effects = Effects(rt.catalogue)
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="drive")
        self._drives: dict[str, Drive] = {}
        self._claiming: set[str] = set()
        self._mutex = threading.Lock()
        self._is_stopping = False
        self._sweeper = Sweeper(self)
        self._plan = lru_cache(maxsize=256)(self._load_plan)

    def start(self) -> None:
        """Register this worker and begin to sweep."""
        self.register(self.rt.now_us() + workers.LEASE_US)
        self._sweeper.start()

    def register(self, expires_us: int) -> None:
        """Enter this worker's heartbeat row."""
        me = workers.Worker(
            id=self.worker_id,
            host=socket.gethostname(),
            pid=os.getpid(),
            threads=self._threads,
            started_us=self.rt.now_us(),
            expires_us=expires_us,
        )
        with self.rt.db.write() as session:
            workers.register(session, me)

    def stop(self) -> None:
        """Give every run back; what was under way is taken up by whoever comes next."""
        self._is_stopping = True
        self._sweeper.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        with self._mutex:
            drives, self._drives = list(self._drives.values()), {}
        for drive in drives:
            drive.abandon()
        self.effects.close()
        self.committer.close()
        try:
            with self.rt.db.write() as session:
                workers.expire(session, worker_id=self.worker_id)
        except OpenRoomsError:
            log.warning("the database is away: this worker's lease ends by itself")

    def activate(self, run_id: str) -> None:
        """Look after a run: claim it if it is free, knock at its drive if it is ours."""
        if self._is_stopping or not self.may_start_effects():
            return
        drive = self._drives.get(run_id)
        if drive is not None:
            drive.knock(look=True)
            return
        with self._mutex:  # two bells for one run must not both find it free
            if run_id in self._drives or run_id in self._claiming:
                return
            self._claiming.add(run_id)
        try:
            drive = self._claim(run_id)
        finally:
            with self._mutex:
                self._claiming.discard(run_id)
        if drive is not None:
            drive.run()

    def may_start_effects(self) -> bool:
        return self._sweeper.has_lease

    def submit(self, work: Callable[[], None]) -> None:
        if self._is_stopping:
            return
        with contextlib.suppress(RuntimeError):  # the pool was shut between the two lines
            self._pool.submit(_logged, work)

    def let_go(self, run_id: str, drive: Drive, *, again: bool) -> None:
        """A drive has ended; `again` when there is more to do for its run."""
        with self._mutex:
            if self._drives.get(run_id) is drive:
                del self._drives[run_id]
        if again:
            self.submit(lambda: self.activate(run_id))

    def is_driving(self, run_id: str) -> bool:
        return run_id in self._drives or run_id in self._claiming

    def _claim(self, run_id: str) -> Drive | None:
        with self.rt.db.write() as session:
            claimed = claims.claim(session, run_id, self.worker_id, self.rt.now_us())
        if claimed is None:
            return None
        reach(Point.AFTER_CLAIM)
        try:
            plan = self._plan(claimed.workflow_id, claimed.version)
        except OpenRoomsError:
            log.exception("run %s can't be planned by this worker", run_id)
            with self.rt.db.write() as session:
                claims.take_back(session, run_id, claimed.fence)
            return None
        drive = Drive(self, claimed, plan)
        with self._mutex:
            self._drives[run_id] = drive
        return drive

    def _load_plan(self, workflow_id: str, version: int) -> Plan:
        with self.rt.db.read() as session:
            document = runs.version_document(session, workflow_id, version)
        if document is None:
            raise NotFound("version", f"{workflow_id}/{version}")
        return compile_plan(Document.of(orjson.loads(document)), self.rt.catalogue)


def _logged(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        log.exception("a drive crashed")
