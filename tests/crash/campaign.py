"""A campaign: many runs on one installation while its parts are killed, wiped and stopped by a seeded plan."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import text

from engine.core.errors import OpenRoomsError
from tests.crash import workflows
from tests.crash.checker import Findings, check
from tests.crash.installation import AWAY, ME, Installation, all_over, until
from tests.crash.ledger import read
from tests.crash.nursery import Child
from tests.crash.postgres import Postgres

FEEDERS = 4
STOP_S = 7.0
"""Longer than a lease."""


@dataclass(frozen=True)
class Scale:
    """How much of everything; strikes come between `rest_s` apart, in an order that follows from the seed."""

    runs: int
    worker_kills: int
    worker_stops: int
    redis_kills: int
    postgres_kills: int = 0
    workers: int = 2
    rest_s: tuple[float, float] = (0.3, 1.5)
    live_at_most: int = 60
    drain_s: float = 60
    """Time for what is left after the last strike."""
    steered: float = 0.02
    """The share of runs that somebody pauses and resumes, or cancels."""


@dataclass
class Outcome:
    seconds: float
    strikes: Counter[str]
    unfinished: list[str]
    findings: Findings
    cancelled_by_us: int


@dataclass
class Campaign:
    """Carries out a plan on an installation that nobody else uses."""

    place: Installation
    postgres: Postgres | None
    scale: Scale
    seed: int
    tell: Callable[[str], None] = lambda _: None
    strikes: Counter[str] = field(default_factory=Counter)
    run_ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._workers: list[Child] = []
        self._stopped: deque[tuple[float, Child]] = deque()
        self._live = 0
        self._progress = 0.0
        """The share of the strikes that have been begun."""
        self._failures: list[BaseException] = []
        self._is_over = threading.Event()
        self._cancelled = 0
        self._redis_back_at = 0.0
        self._redis_turn = threading.Lock()
        self._worker_turn = threading.Lock()

    def run(self) -> Outcome:
        begun = time.monotonic()
        self._workers = [self.place.worker() for _ in range(self.scale.workers)]
        plan = self._plan()
        span_s = sum(rest for rest, _ in plan)
        keeper = threading.Thread(target=self._guarded, args=(self._look_after,))
        feeders = [
            threading.Thread(target=self._guarded, args=(self._feed, number, span_s))
            for number in range(FEEDERS)
        ]
        for thread in (keeper, *feeders):
            thread.start()
        self._guarded(self._strike, plan)
        for thread in feeders:
            thread.join()
        self._go_on_all()
        unfinished = all_over(self.place, self.run_ids, self.scale.drain_s)
        self._is_over.set()
        keeper.join()
        if self._failures:
            raise self._failures[0]
        self.tell("checking")
        findings = check(self.place.rt, self.run_ids, read(self.place.ledger))
        for workflow_id, fingerprints in findings.fingerprints.items():
            findings.expect(len(fingerprints) == 1, workflow_id, "equal runs have one fingerprint")
        seconds = time.monotonic() - begun
        return Outcome(seconds, self.strikes, unfinished, findings, self._cancelled)

    def _guarded(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except BaseException as failure:  # noqa: BLE001 - told by `run`, once all have ended
            self._failures.append(failure)
            self._is_over.set()

    # Runs

    def _feed(self, feeder: int, span_s: float) -> None:
        """Start runs evenly over the time of the strikes, as far as they are keeping up."""
        dice = random.Random(f"{self.seed} feeder {feeder}")
        names = list(workflows.ALL)
        begun = time.monotonic()
        for number in range(feeder, self.scale.runs, FEEDERS):
            while (
                time.monotonic() - begun < span_s * number / self.scale.runs
                or number > self.scale.runs * self._progress + self.scale.live_at_most
                or self._live >= self.scale.live_at_most
            ):
                if self._is_over.wait(0.02):
                    return
            self._begin_one(dice, names[number % len(names)])

    def _begin_one(self, dice: random.Random, name: str) -> None:
        """One run; each request is repeated until it is answered, and some once more."""
        room_id = self._insist(lambda: self.place.room(workflows.ALL[name]()))
        run_id = room_id and self._insist(lambda: self.place.start(room_id, "one wish").id)
        if not room_id or not run_id:
            return
        if dice.random() < 0.1:
            again = self._insist(lambda: self.place.start(room_id, "one wish").id)
            assert again in (run_id, None), "one request gave two runs"
        self.run_ids.append(run_id)
        if name == "signal":
            for _ in range(2):
                self._insist(lambda: self.place.signal(room_id, "go", "once") or "sent")
        elif dice.random() < self.scale.steered:
            self._steer(dice, room_id)

    def _insist(self, ask: Callable[[], str]) -> str | None:
        while not self._is_over.is_set():
            with suppress(*AWAY):
                return ask()
            self.strikes["requests repeated"] += 1
            time.sleep(0.05)
        return None

    def _steer(self, dice: random.Random, room_id: str) -> None:
        from engine.services import control

        def wish(what: Callable[..., object]) -> str:
            with suppress(OpenRoomsError):
                what(self.place.rt, ME, room_id)
                return "done"
            return "refused"

        time.sleep(dice.random() * 0.05)
        if dice.random() < 0.3:
            self._cancelled += wish(control.cancel) == "done"
            return
        wish(control.pause)
        time.sleep(dice.random() * 0.1)
        end = time.monotonic() + 30
        while wish(control.resume) == "refused" and time.monotonic() < end:
            with suppress(*AWAY):
                if self.place.rt and self._is_not_held(room_id):
                    return
            time.sleep(0.05)

    def _is_not_held(self, room_id: str) -> bool:
        """Nothing to resume: it is over, or the pause was refused, and nobody's wish is under way."""
        from engine.services import rooms

        return rooms.get(self.place.rt, ME, room_id).status not in ("PAUSED", "QUEUED")

    def _count_live(self) -> int:
        with suppress(*AWAY), self.place.rt.db.read() as session:
            return int(session.execute(text("SELECT count(*) FROM run WHERE live")).scalar_one())
        return self._live

    # Strikes

    def _plan(self) -> list[tuple[float, str]]:
        """(seconds of rest, what is struck then)."""
        dice = random.Random(f"{self.seed} plan")
        scale = self.scale
        what = ["kill worker"] * scale.worker_kills + ["stop worker"] * scale.worker_stops
        what += [("kill redis", "wipe redis", "flush redis")[n % 3] for n in range(scale.redis_kills)]
        server = ("terminate backends", "terminate backends", "kill backend", "kill server")
        what += [server[n % 4] for n in range(scale.postgres_kills)]
        dice.shuffle(what)
        return [(dice.uniform(*scale.rest_s), each) for each in what]

    def _strike(self, plan: list[tuple[float, str]]) -> None:
        dice = random.Random(f"{self.seed} strikes")
        for number, (rest_s, what) in enumerate(plan, 1):
            self._progress = number / len(plan)
            self._is_over.wait(rest_s)
            while len(self.run_ids) < self.scale.runs * number / len(plan) - self.scale.live_at_most:
                if self._is_over.wait(0.05):  # strikes hit all runs, not the first ones alone
                    return
            if getattr(self, f"_{what.replace(' ', '_')}")(dice):
                self.strikes[what] += 1
                self.strikes["strikes while no run was live"] += not self._live
            if number % 20 == 0:
                self.tell(f"{number} of {len(plan)} strikes, {len(self.run_ids)} runs, {self._live} live")

    def _kill_worker(self, dice: random.Random) -> bool:
        """SIGKILL; most are replaced as `up` does it, some by one that knows nothing of them."""
        with self._worker_turn:
            place = dice.randrange(len(self._workers))
            victim = self._workers[place]
            victim.kill()
            self._workers[place] = self.place.worker(replaces=victim if dice.random() < 0.8 else None)
        return True

    def _stop_worker(self, dice: random.Random) -> bool:
        """SIGSTOP for longer than a lease; another takes its place, and it comes back beside it for a while."""
        with self._worker_turn:
            place = dice.randrange(len(self._workers))
            victim = self._workers[place]
            victim.send(signal.SIGSTOP)
            self._stopped.append((time.monotonic() + STOP_S, victim))
            self._workers[place] = self.place.worker()
        return True

    def _kill_redis(self, _: random.Random, *, wipe: bool = False) -> bool:
        until(self.place.redis.is_alive, 30)
        with self._redis_turn:  # nobody wipes the folder of one that is starting
            self._redis_back_at = time.monotonic() + 0.5
            self.place.kill_redis(wipe=wipe)
        return True

    def _wipe_redis(self, dice: random.Random) -> bool:
        return self._kill_redis(dice, wipe=True)

    def _flush_redis(self, _: random.Random) -> bool:
        with suppress(Exception):
            self.place.flush_redis()
            return True
        return False

    def _terminate_backends(self, dice: random.Random) -> bool:
        assert self.postgres is not None
        return bool(self.postgres.terminate_backends(dice))

    def _kill_backend(self, dice: random.Random) -> bool:
        assert self.postgres is not None
        done = self.postgres.kill_backend(dice)
        time.sleep(0.05)
        self.postgres.start()
        return bool(done)

    def _kill_server(self, _: random.Random) -> bool:
        assert self.postgres is not None
        self.postgres.kill_server()
        self.postgres.start()
        return True

    def _look_after(self) -> None:
        """What a supervisor does, and waking those that were stopped."""
        while not self._is_over.is_set():
            self._live = self._count_live()
            with self._redis_turn:
                if time.monotonic() > self._redis_back_at:
                    self.place.redis.revive()
            self._revive()
            while self._stopped and self._stopped[0][0] < time.monotonic():
                self._wake(self._stopped.popleft()[1])
            self._is_over.wait(0.05)

    def _revive(self) -> None:
        """Replace the workers that ended by themselves, as one does that finds no database at its start."""
        with self._worker_turn:
            for place, worker in enumerate(self._workers):
                if not worker.is_alive():
                    worker.wait()
                    self._workers[place] = self.place.worker(replaces=worker)
                    self.strikes["workers that ended by themselves"] += 1

    def _wake(self, victim: Child) -> None:
        """Let it go on for half a second, in which it may do harm, then end it: there is one too many."""
        victim.send(signal.SIGCONT)
        self._is_over.wait(0.5)
        if not victim.is_alive():
            assert "database_unavailable" in victim.told(), f"one that was continued died:\n{victim.told()}"
        victim.kill()

    def _go_on_all(self) -> None:
        for _, victim in list(self._stopped):
            victim.send(signal.SIGCONT)
