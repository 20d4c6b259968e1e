"""One run of one document to its end, by any number of workers, with or without mishaps: what must come out the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Any

from engine.core.runview import Run
from engine.runner import Runner
from engine.services import control, history, runs
from engine.services.control import Signal
from tests.crash.installation import ME
from tests.simulation.effects import Fates
from tests.simulation.installation import SECOND, Installation, installed
from tests.simulation.scheduler import Process
from tests.simulation.store import WRITES_ONLY, Mishap
from tests.simulation.threads import replaced

PATIENCE_S = 300
PAYLOAD = {"by": "Ada", "ok": True}


@dataclass(frozen=True)
class Case:
    """What runs: the document, its input, and what comes of each step."""

    document: dict[str, Any]
    input: Any = None
    fates: Fates = field(default_factory=Fates)
    unsignalled: frozenset[str] = frozenset()
    """Signals that nobody sends: their WAIT's time runs out."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to. The fingerprint sums up its way."""

    status: str
    fingerprint: str | None
    output: Any
    memory: str

    @classmethod
    def of(cls, place: Installation, room: str, run: Run) -> Outcome:
        from engine.store import memory

        with place.rt.db.read() as session:
            kept, _ = memory.snapshot(session, room, now_us=0)
        return cls(run.status.value, run.fingerprint, run.output, str(sorted(kept.items())))


@dataclass
class Passage:
    outcome: Outcome
    violations: list[str]
    transactions: int
    """Those of the first worker that wrote, while the run lasted."""
    deaths: int


Plot = Callable[[Installation], None]
"""What is to go wrong; called before anything moves."""


def passage(
    case: Case,
    *,
    seed: int = 0,
    workers: int = 1,
    plot: Plot | None = None,
    commit: str = "to_block",
    is_shared: bool = False,
) -> Passage:
    """Run the case to its end; `is_shared`: as beside other runs, which get the thread while a move is committed."""
    with ExitStack() as stack:
        if is_shared:
            stack.enter_context(replaced(Runner, "is_shared", lambda _: True))
        place = stack.enter_context(installed(seed, case.fates, commit=commit))
        for _ in range(workers):
            place.hire()
        place.run(0.05)
        if plot is not None:
            plot(place)
        counted = _counted(place)
        room = place.room(case.document)
        run_id = runs.start(place.rt, ME, room, case.input).id
        _answer(place, room, case)
        place.run(PATIENCE_S, place.is_over)
        run = place.get(run_id)
        found = place.checked()
        deaths = sum(worker.is_dead for worker in place.workers)
        return Passage(Outcome.of(place, room, run), found.violations, counted[0], deaths)


def _counted(place: Installation) -> list[int]:
    """Counts the first worker's transactions that write."""
    counted, fate = [0], place.fate

    def count(process: Process, writes: bool) -> Mishap | None:
        if writes and process is place.workers[0]:
            counted[0] += 1
        return fate(process, writes)

    place.fate = count
    return counted


def _answer(place: Installation, room: str, case: Case) -> None:
    """Somebody sends each signal that is waited for; always with the same payload."""

    def look() -> None:
        for waiting in history.status(place.rt, ME, room)["signals"]:
            if waiting["name"] not in case.unsignalled:
                payload = {"approved": True} if waiting["name"].startswith("approve_") else PAYLOAD
                control.signal(place.rt, ME, room, Signal(name=waiting["name"], payload=payload))
        if not place.is_over():
            place.scheduler.at(place.scheduler.now_us + SECOND, look)

    place.scheduler.at(place.scheduler.now_us + SECOND // 2, look)


def crash_at(numbers: list[tuple[int, Mishap]]) -> Plot:
    """The worker that writes dies at its so-manieth transaction; whoever replaces it begins to count anew.

    The supervisor sees each death and starts another worker at once.
    """

    def plot(place: Installation) -> None:
        left = list(numbers)
        counts = [0]

        def fate(process: Process, writes: bool) -> Mishap | None:
            if not writes or not left or process is not place.workers[-1]:
                return None
            counts[0] += 1
            if counts[0] != left[0][0]:
                return None
            counts[0] = 0
            victim = place.workers[-1]
            place.scheduler.at(place.scheduler.now_us + 1000, lambda: place.hire(replaces=victim))
            return left.pop(0)[1]

        place.fate = fate

    return plot


def troubled(seed: int) -> Plot:
    """Workers die, stop, and lose the database by chance, and are replaced."""

    def plot(place: Installation) -> None:
        chances = Random(seed)
        place.redis.lost, place.redis.doubled = 0.3, 0.3
        place.world.slowest_us = chances.choice([2_000, 200_000, 1_000_000])
        left = [chances.randint(1, 8)]

        def fate(process: Process, writes: bool) -> Mishap | None:
            if not left[0] or chances.random() > 0.1:
                return None
            mishap = chances.choice(list(Mishap))
            if mishap in WRITES_ONLY and not writes:
                return None
            left[0] -= 1
            if mishap.startswith("crash"):
                victim = next(worker for worker in place.workers if worker is process)
                replaces = victim if chances.random() < 0.7 else None
                place.scheduler.at(place.scheduler.now_us + 20_000, lambda: place.hire(replaces=replaces))
            elif mishap is Mishap.STOPPED:
                place.stall(process, chances.choice([1, 6.5, 8]))
            return mishap

        place.fate = lambda process, writes: fate(process, writes) if process is not place.web else None

    return plot
