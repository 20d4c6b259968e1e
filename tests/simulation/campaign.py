"""One seed, one story: workflows, people, mishaps; then all is brought back, and every promise must have been kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from engine.core.errors import IllegalTransition, NotFound, OpenRoomsError
from engine.core.fingerprint import digest
from engine.core.run import RunStatus
from engine.services import control, history, runs
from engine.services.control import Signal
from engine.store.claims import CROWD
from engine.store.database import DatabaseDown
from tests.crash import workflows
from tests.crash.installation import ME
from tests.simulation import documents
from tests.simulation.effects import Fates
from tests.simulation.installation import SECOND, Installation, Worker, installed
from tests.simulation.scheduler import Crashed, Process, Stuck
from tests.simulation.store import WRITES_ONLY, Mishap

TROUBLE_S = 8
"""How long things go wrong."""
PATIENCE_S = 40
"""Within which some run must have moved on, once nothing goes wrong any more, until all are over."""
STRICT = 0.3
"""How many installations commit every step."""
CROWDED = 0.3
"""How many installations take whatever a dead worker has left for a crowd."""
QUICK = 0.3
"""In how many installations steps are executed by their driver's thread that need not wait."""
EXPECTED = (IllegalTransition, runs.RoomBusy, NotFound, control.TooManySignals)
"""What a person may be told instead of being obeyed."""


@dataclass
class Story:
    """What became of a seed."""

    seed: int
    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    trace: str = ""
    told: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        shown = "\n".join(self.faults[:20])
        return f"seed {self.seed}: {len(self.faults)} faults\n{shown}\nAgain: {again(self.seed)}"


def again(seed: int) -> str:
    return f"python -m tests.simulation --seeds {seed}:{seed + 1} --tell"


@dataclass
class Room:
    id: str
    workflow_id: str
    document: dict[str, Any]
    requests: list[str] = field(default_factory=list)
    accepted: dict[str, set[str]] = field(default_factory=dict)
    """The runs that each request was told it had started."""


class Campaign:
    """A seed's story while it is told."""

    def __init__(self, place: Installation) -> None:
        self.place, self.random = place, place.random
        self.faults: list[str] = []
        self.counts: Counter[str] = Counter()
        self.rooms: list[Room] = []
        self.is_troubled = True
        self.away_until_us = 0
        self.web: Process = Process("web1")
        self.rt = place._runtime(self.web)
        self.signals_sent = 0
        self.moved: list[int] = []
        self.unanswered = 0
        """Requests that people still wait for."""
        random = self.random
        self.is_calm = random.random() < 0.1
        rates = [0] if self.is_calm else [0, 0, 0.003, 0.01, 0.04]
        self.rates = {mishap: random.choice(rates) for mishap in Mishap}
        self.rates[Mishap.AWAY] /= 4
        self.rates[Mishap.STOPPED] /= 2

    # The story

    def tell(self) -> None:
        place, random = self.place, self.random
        self._set_the_scene()
        place.fate = self._fate
        for room in self.rooms:
            for _ in range(random.randint(1, 3)):
                self._later(partial(self._start, room, place.new_id()))
            for _ in range(random.choice([0, 2, 4, 8])):
                self._later(partial(self._steer, room))
        for _ in range(0 if self.is_calm else random.choice([0, 1, 3, 6])):
            self._later(self._befall)
        place.run(TROUBLE_S)
        self._bring_back()
        while not place.run(PATIENCE_S, self._is_over):
            before, self.moved = self.moved, place.all_seqs()
            if before == self.moved:
                self._accuse_stuck()
                break
        place.run(1)
        self._judge()

    def _set_the_scene(self) -> None:
        place, random = self.place, self.random
        for _ in range(random.randint(1, 4)):
            place.hire(random.choice([1, 2, 4, 16]))
        place.redis.lost = random.choice([0, 0, 0.2, 1])
        place.redis.doubled = random.choice([0, 0.3])
        place.redis.latest_us = random.choice([2_000, 2_000, 500_000])
        place.redis.is_alive = random.random() < 0.9
        place.slowness_us = random.choice([10, 40, 40, 5_000])
        place.world.slowest_us = random.choice([1_000, 50_000, 200_000, 3_000_000])
        place.world.fates.failing = random.choice([0, 0.1, 0.3])
        place.world.fates.deadly = 0 if self.is_calm else random.choice([0, 0, 0.2])
        for _ in range(random.randint(1, 3)):
            document = self._document()
            workflow_id = place.workflow(document)
            room = place.room(workflow_id, queue_runs=random.random() < 0.5)
            self.rooms.append(Room(room, workflow_id, document))

    def _document(self) -> dict[str, Any]:
        random, own = self.random, Random(self.place.seed * 10 + len(self.rooms))
        if own.random() < 0.15:
            approval = own.choice([(), ("ledger_external",), documents.KINDS])
            return documents.with_agent(*approval, tools=documents.KINDS)
        if random.random() < 0.4:
            return random.choice(list(workflows.ALL.values()))()
        return documents.made_up(random, random.randint(2, 16))

    def _fate(self, process: Process, writes: bool) -> Mishap | None:
        """What befalls a transaction."""
        if not self.is_troubled:
            return None
        if self.place.scheduler.now_us < self.away_until_us:
            return Mishap.AWAY
        chance = self.random.random()
        for mishap, rate in self.rates.items():
            if chance < rate:
                return self._befalls(process, mishap, writes)
            chance -= rate
        return None

    def _befalls(self, process: Process, mishap: Mishap, writes: bool) -> Mishap | None:
        if mishap is Mishap.STOPPED:
            self.place.stall(process, self.random.choice([0.5, 5.9, 6.3, 7, 9]))
        return mishap if writes or mishap not in WRITES_ONLY else None

    def _later(self, what: Callable[[], None]) -> None:
        random = self.random
        due_us = self.place.scheduler.now_us + random.randrange(random.choice([1, 3, TROUBLE_S - 1]) * SECOND)
        self.place.scheduler.at(due_us, what)

    # People

    def _ask(self, ask: Callable[[], None], times: int = 1) -> None:
        """A person's request, handled by the web process; repeated until there is an answer."""
        self.unanswered += times == 1

        def handle() -> None:
            try:
                ask()
                self.unanswered -= 1
            except EXPECTED as refused:
                self.unanswered -= 1
                self.counts[f"refused_{refused.code}"] += 1
            except DatabaseDown:
                self._ask_again(ask, times)
            except Crashed:
                self._ask_again(ask, times)
                raise

        self._serve()
        self.place.scheduler.spawn(self.web, handle, "request", lambda: self._ask_again(ask, times))

    def _ask_again(self, ask: Callable[[], None], times: int) -> None:
        due_us = self.place.scheduler.now_us + self.random.randrange(SECOND)
        self.place.scheduler.at(due_us, lambda: self._ask(ask, times + 1))

    def _serve(self) -> None:
        if self.web.is_dead:
            self.counts["webs"] += 1
            self.web = Process(f"web{self.counts['webs'] + 1}")
            self.rt = self.place._runtime(self.web)

    def _start(self, room: Room, request_id: str) -> None:
        def ask() -> None:
            run = runs.start(self.rt, ME, room.id, documents.an_input(Random(1)), request_id=request_id)
            room.accepted.setdefault(request_id, set()).add(run.id)

        for _ in range(self.random.choice([1, 1, 2])):
            self._ask(ask)

    def _steer(self, room: Room) -> None:
        ask: Callable[[], Any] = self.random.choice(
            [
                lambda: control.pause(self.rt, ME, room.id),
                lambda: control.resume(self.rt, ME, room.id),
                lambda: control.cancel(self.rt, ME, room.id),
                *[partial(self._signal, room.id, name) for name in documents.signals(room.document)],
            ]
        )
        if isinstance(ask, partial):
            self.signals_sent += 1
            ask = partial(ask, f"signal{self.signals_sent}")
        for _ in range(self.random.choice([0, 0, 2])):
            self._ask(ask)
        self._ask(ask)
        if isinstance(ask, partial) and self.random.random() < 0.5:
            self._later(lambda: self._ask(ask))

    def _signal(self, room_id: str, name: str, request_id: str) -> None:
        control.signal(self.rt, ME, room_id, Signal(name=name, payload=request_id, request_id=request_id))

    def _approve(self, room_id: str, name: str, request_id: str) -> None:
        payload = {"approved": self.random.random() < 0.7, "note": request_id}
        control.signal(self.rt, ME, room_id, Signal(name=name, payload=payload, request_id=request_id))

    # Mishaps between transactions

    def _befall(self) -> None:
        place, random = self.place, self.random
        up = [worker for worker in place.workers if worker.is_up]
        mishaps: list[Callable[[], None]] = [place.wipe, self._kill_redis, self._lose_database, self._hire]
        if up:
            worker = random.choice(up)
            mishaps += [
                lambda: place.kill(worker),
                lambda: place.stall(worker, random.choice([0.5, 3, 7, 9])),
                lambda: place.dismiss(worker),
            ]
        if not self.web.is_dead:
            mishaps.append(lambda: place.stall(self.web, 2))
        self.counts["mishaps"] += 1
        random.choice(mishaps)()

    def _kill_redis(self) -> None:
        self.place.redis.is_alive = not self.place.redis.is_alive
        self.place.wipe()

    def _lose_database(self) -> None:
        self.away_until_us = self.place.scheduler.now_us + self.random.randrange(4 * SECOND)

    def _hire(self) -> None:
        dead = [worker for worker in self.place.workers if worker.is_dead]
        replaces = self.random.choice(dead) if dead and self.random.random() < 0.5 else None
        self.place.hire(self.random.choice([1, 4]), replaces=replaces)

    # The end

    def _bring_back(self) -> None:
        place = self.place
        self.is_troubled = False
        place.scheduler.say("everything is brought back")
        place.redis.is_alive, place.redis.lost = True, 0
        place.world.slowest_us = min(place.world.slowest_us, 200_000)
        place.slowness_us = min(place.slowness_us, 40)
        if sum(worker.is_up for worker in place.workers) < 2:
            place.hire()
        self._nudge()

    def _nudge(self) -> None:
        """People who resume what is paused and send what is waited for, every other second; a supervisor stands by."""
        place = self.place
        if not any(
            worker.is_up for worker in place.workers
        ):  # the last one had been told to stop while it was stalled
            place.hire()
        for room in self.rooms:
            status = history.status(place.rt, ME, room.id)
            if status["status"] == RunStatus.PAUSED:
                self._ask(partial(control.resume, self.rt, ME, room.id))
            for waiting in status["signals"]:
                self.signals_sent += 1
                ask = self._approve if waiting["form_schema"] else self._signal
                self._ask(partial(ask, room.id, waiting["name"], f"signal{self.signals_sent}"))
        if not self._is_over():
            place.scheduler.at(place.scheduler.now_us + 2 * SECOND, self._nudge)

    def _is_over(self) -> bool:
        return not self.unanswered and self.place.is_over()

    def _accuse_stuck(self) -> None:
        for run_id in self.place.all_runs():
            run = self.place.get(run_id)
            if not run.status.is_over:
                self.faults.append(f"{run_id} is stuck: {run.status} at {run.seq}")

    def _judge(self) -> None:
        found = self.place.checked()
        self.faults += found.violations
        self.counts += found.counts
        for room in self.rooms:
            for request_id, started in room.accepted.items():
                if len(started) != 1:
                    self.faults.append(f"{request_id} started {sorted(started)}")
        if self.is_calm and found.counts["worker_lost"]:
            self.faults.append("a worker was taken for lost though nothing happened to it")
        self._judge_signals()
        self.counts["deaths"] += sum(worker.is_dead for worker in self.place.workers)
        self.counts["moves"] += self.place.scheduler.moves

    def _judge_signals(self) -> None:
        seen: Counter[str] = Counter()
        for run_id in self.place.all_runs():
            for event in history.events(self.place.rt, ME, run_id, limit=100_000):
                if event["type"] == "SIGNAL_RECEIVED":
                    seen[f"{run_id} {event['data']['payload']}"] += 1
        for name, times in seen.items():
            if times > 1:
                self.faults.append(f"{name} was delivered {times} times")


def told(seed: int) -> Story:
    """The story of a seed, from beginning to end."""
    commit = "every_step" if Random(digest(seed, "commit")).random() < STRICT else "to_block"
    crowd = -1 if Random(digest(seed, "crowd")).random() < CROWDED else CROWD
    with installed(seed, Fates(seed), commit=commit, crowd=crowd) as place:
        place.world.quick = 0.8 if Random(digest(seed, "quick")).random() < QUICK else 0
        campaign = Campaign(place)
        try:
            campaign.tell()
        except (Stuck, OpenRoomsError, AssertionError, LookupError, ValueError, TypeError) as error:
            campaign.faults.append(f"the simulation broke: {type(error).__name__}: {error}")
        return Story(
            seed,
            campaign.faults,
            campaign.counts,
            place.scheduler.trace,
            list(place.scheduler.told),
        )


__all__ = ["Campaign", "Story", "Worker", "again", "told"]
