"""The runs that this process drives: claimed on a bell, driven until they block, swept for what bells missed."""

from __future__ import annotations

import contextlib
import gc
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson

from engine.core.advance import move
from engine.core.errors import OpenRoomsError
from engine.core.inputs import Blame, Broken
from engine.core.log import Stored
from engine.core.plan import NO_PLAN
from engine.core.replaying import fold
from engine.core.run import RunStatus
from engine.core.tokens import State
from engine.failpoints import Point, reach
from engine.isolation.pool import Children
from engine.runner.committer import Committer
from engine.runner.crashes import Crashes
from engine.runner.drive import Drive
from engine.runner.effects import Effects
from engine.runner.lease import Lease
from engine.runner.messenger import Messenger
from engine.runner.record import Record
from engine.runner.sweeper import Sweeper
from engine.runtime import Runtime
from engine.store import claims
from engine.store.claims import Claimed
from engine.store.database import DatabaseDown

log = logging.getLogger(__name__)

GC_THRESHOLDS = (20_000, 20, 20)
"""The first is in objects: about 800 steps that nobody has committed yet."""
HOLD_BACK_S = 0.02
MOST_BELLS = 8
"""Runs that are taken at once: more would leave a second worker without work."""
RUNS_A_THREAD = 2
"""Runs that want to be driven, for each driving thread, from which this worker has enough to do."""
WITHOUT_LEASE_S = 0.25
"""Between two looks whether the lease is back."""
LEASE_BACK_S = 3.0
"""How long a drive waits for it: by then the lease was tried several times, and others may take its run."""
LEASE_LOOK_S = 0.02
UNPLANNABLE_US = 60_000_000
"""How long a run waits for a worker that knows all its node types before it fails."""


class Runner:
    """Drives runs in this process. `start` before the first `activate`, `stop` at the end."""

    def __init__(self, rt: Runtime, *, threads: int = 16) -> None:
        self.rt = rt
        self.worker_id = rt.new_id()
        self.committer = Committer(rt.db, rt.feed, rt.now_us)
        children = Children(
            most=threads,
            memory_mb=rt.settings.child_memory_mb,
            patience_s=rt.settings.watchdog_s,
            sources=rt.sources,
            reveal=rt.reveal_to_tools,
        )
        self.effects = Effects(rt.catalogue, children)
        self.crashes = Crashes()
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="drive")
        self._drives: dict[str, Drive] = {}
        self._claiming: set[str] = set()
        self._crowds: set[str] = set()
        """Dead workers that left a crowd of runs, which is less of one with each that is taken over."""
        self._mutex = threading.Lock()
        self.is_stopping = False
        """From now on nothing new begins."""
        self._busy = 0
        """Works that are being done or wait for a thread."""
        self._has_room = threading.Event()
        """One of them has ended since somebody began to wait for that."""
        self._sweeper = Sweeper(self)
        self.messenger = Messenger(self)
        self._lease = Lease(rt, self.worker_id, threads)

    def start(self) -> None:
        """Register this worker and begin to sweep."""
        # What a run gathers until its commit is freed by that: the collector would look at all of it again and again,
        # which takes a quarter of a long run's time.
        gc.set_threshold(*GC_THRESHOLDS)
        self._lease.start()
        self._sweeper.start()

    def stop(self, *, grace_s: float = 0) -> None:
        """Give every run back once its steps under way have ended; those that have not within `grace_s` are cancelled.

        Whoever comes next takes them up as after a crash.
        """
        self.is_stopping = True
        self._sweeper.stop()
        until = time.monotonic() + grace_s
        while self._drives and time.monotonic() < until:
            time.sleep(0.01)
        self.committer.wait_no_longer()
        self.messenger.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.effects.settle()
        with self._mutex:
            drives, self._drives = list(self._drives.values()), {}
        for drive in drives:
            drive.abandon()
        self.effects.close()
        self.committer.close()
        self._lease.stop()

    def activate(self, run_id: str) -> None:
        """Look after a run: claim it if it is free, knock at its drive if it is ours."""
        self._begin([run_id], Drive.run)

    def _begin(self, run_ids: Sequence[str], then: Callable[[Drive], None]) -> None:
        """`then` gets a drive for each run that was free and is ours now; at the drives that are known it knocks."""
        if self.is_stopping or not self.may_start_effects():
            return
        free: list[str] = []
        try:
            free += filter(self._is_free, run_ids)
            found = self._claimed(free) if free else []
            self._no_longer_claiming(set(free) - {claimed.run_id for claimed, _ in found})
            for claimed, unfolded in found:
                drive = self._taken_up(claimed, unfolded)
                self._no_longer_claiming({claimed.run_id})
                if drive is not None:
                    then(drive)
        finally:
            self._no_longer_claiming(set(free))

    def _claimed(self, run_ids: Sequence[str]) -> list[tuple[Claimed, list[Stored]]]:
        return self.committer.claim(run_ids, self.worker_id, may_take_over=self._lease.may_take_over)

    def _is_free(self, run_id: str) -> bool:
        """Whether nobody here drives the run: then it is to be claimed now. Whoever does drive it hears a knock."""
        while True:
            drive = self._drives.get(run_id)
            if drive is not None and drive.knock(look=True):
                return False
            with self._mutex:  # two bells for one run must not both find it free
                if run_id in self._claiming:
                    return False
                if self._drives.get(run_id) is drive:  # as it was: none, or one that has just ended
                    self._claiming.add(run_id)
                    return True

    def _no_longer_claiming(self, run_ids: set[str]) -> None:
        with self._mutex:
            self._claiming -= run_ids

    def may_start_effects(self) -> bool:
        return self._lease.is_held

    def has_kept(self, claimed: Claimed) -> bool:
        """Whether the lease comes back with the run still this worker's: as long as it is held nobody else takes it.

        As after a full disk, which had room for an intent just before it had some for the lease.
        """
        until = time.monotonic() + LEASE_BACK_S
        while not self.may_start_effects() and time.monotonic() < until:
            time.sleep(LEASE_LOOK_S)
        with contextlib.suppress(DatabaseDown), self.rt.db.look() as hot:
            return claims.is_held(hot, claimed.run_id, claimed.fence) and self.may_start_effects()
        return False

    def room(self) -> int:
        """How many runs a bell's thread may take now; 0: what rings is for other workers.

        While all of this worker's children are busy that comes a moment late: one that has a child free comes first.
        """
        if self.is_stopping or not self.may_start_effects():
            time.sleep(WITHOUT_LEASE_S)
            return 0
        if self._free() < 1:
            self._has_room.clear()
            self._has_room.wait(HOLD_BACK_S)
        if self._places() < 1:
            return 0
        return max(1, min(self._free(), MOST_BELLS))

    def _free(self) -> int:
        return min(self._places(), self.effects.free_children)

    def _places(self) -> int:
        """How many runs more may want to be driven, until this worker has enough to do."""
        return self._threads * RUNS_A_THREAD - self._busy

    def hear(self, *run_ids: str) -> None:
        """Bells have rung: the runs are claimed together, and the driving threads take them up."""
        self._begin(run_ids, lambda drive: self.submit(drive.run))

    def submit(self, work: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the pool is shut
            self._pool.submit(self._work, work)
            self._count(1)

    def is_crowded(self) -> bool:
        """Whether a long run should make room: others may want its thread."""
        return self._busy >= self._threads

    def is_full(self) -> bool:
        """Whether runs wait in the queue for which this worker has no room."""
        return self._places() < 1 and bool(self.rt.bell.queue_length())

    def queue(self, run_id: str) -> None:
        """Ring for a run that could go on: it comes after those that wait already."""
        if not self.rt.bell.ring(run_id):
            self.submit(lambda: self.activate(run_id))

    def is_shared(self) -> bool:
        """Whether a thread that would wait can drive other runs."""
        return len(self._drives) > 1

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("a drive crashed")
        finally:
            self._count(-1)

    def _count(self, works: int) -> None:
        with self._mutex:
            self._busy += works
        if works < 0 and not self._has_room.is_set():
            self._has_room.set()

    def let_go(self, run_id: str, drive: Drive, *, again: bool) -> None:
        """A drive has ended; `again` when there is more to do for its run."""
        with self._mutex:
            if self._drives.get(run_id) is drive:
                del self._drives[run_id]
        if again:
            self.submit(lambda: self.activate(run_id))

    def blame_for(self, last_owner: str | None) -> Blame:
        """What the steps that a run's last owner executed have to do with its loss, by how many runs it has left behind."""
        if last_owner is None or last_owner == self.worker_id:
            return Blame.NOBODY
        if last_owner not in self._crowds:
            with self.rt.db.look() as hot:
                if not claims.is_crowd(hot, last_owner):
                    return Blame.WORKER
            self._crowds.add(last_owner)
        return Blame.CROWD

    def save(self, run_id: str) -> None:
        """Commit a run whose thread hangs in a pure step."""
        drive = self._drives.get(run_id)
        if drive is not None:
            drive.save()

    def is_driving(self, run_id: str) -> bool:
        return run_id in self._drives or run_id in self._claiming

    def driven(self) -> dict[str, Drive]:
        """The runs that this worker believes to be its own."""
        with self._mutex:
            return dict(self._drives)

    def expect(self, due_us: int) -> None:
        self._sweeper.expect(due_us)

    def freed(self, room_id: str) -> None:
        self._sweeper.freed(room_id)

    def _taken_up(self, claimed: Claimed, unfolded: list[Stored]) -> Drive | None:
        reach(Point.AFTER_CLAIM)
        try:
            return self._take_up(claimed, unfolded)
        except DatabaseDown as error:  # the sweeper finds it: ours, and nobody drives it
            log.warning("run %s: %s", claimed.run_id, error)
        except Exception as error:
            self.crashes.note(claimed.run_id, error)
            log.exception("run %s can't be taken up", claimed.run_id)
        return None

    def _take_up(self, claimed: Claimed, unfolded: list[Stored]) -> Drive | None:
        """A drive for a run that is ours now; None when it can't be driven here, or not at all any more."""
        if (fault := self.crashes.verdict(claimed.run_id)) is not None:
            self._give_up(claimed, unfolded, fault)
            return None
        try:
            plan = self.rt.plan(claimed.workflow_id, claimed.version)
        except DatabaseDown:
            raise
        except OpenRoomsError as error:
            self._hand_back(claimed, unfolded, error)
            return None
        drive = Drive(self, claimed, plan, unfolded)
        with self._mutex:
            self._drives[claimed.run_id] = drive
        return drive

    def _hand_back(self, claimed: Claimed, unfolded: list[Stored], error: OpenRoomsError) -> None:
        """This worker lacks what the run's version is made of; another may have it, but not for ever."""
        log.error("run %s can't be planned by this worker: %s", claimed.run_id, error)
        has_begun = claimed.status != RunStatus.QUEUED
        if not has_begun and self.rt.now_us() - claimed.created_us > UNPLANNABLE_US:
            self._give_up(claimed, unfolded, {"code": error.code, "message": str(error), "node_id": None})
            return
        with self.rt.db.hot() as hot:
            claims.take_back(hot, claimed.run_id, claimed.fence)

    def _give_up(self, claimed: Claimed, unfolded: list[Stored], fault: dict[str, Any]) -> None:
        """End a run that the engine can't go on with."""
        log.error("run %s is given up: %s", claimed.run_id, fault["message"])
        given, at_us = Broken(fault), self.rt.now_us()
        try:
            plan = self.rt.plan(claimed.workflow_id, claimed.version)
            state = State.of(orjson.loads(claimed.state)) if claimed.state else State()
            facts, commands = move(plan, fold(plan, state, unfolded), given, at_us)
        except DatabaseDown:
            raise
        except Exception as error:  # noqa: BLE001 - what crashes may be just this: then it ends without its state
            log.warning("the state of run %s can't be read: %s", claimed.run_id, error)
            state = State()
            facts, commands = move(NO_PLAN, state, given, at_us)
        record = Record(claimed.run_id, claimed.room_id, claimed.seq, claimed.head_hash, claimed.status)
        record.add(given, facts, commands, at_us)
        ended = record.move(
            state, fence=claimed.fence, worker=self.worker_id, inbox_done=claimed.inbox_high, release=True
        )
        self.committer.commit(ended, record.shown(state))
        self.crashes.forget(claimed.run_id)
