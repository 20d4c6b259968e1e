"""What steps do to a made-up world: each effect is written down, its result is decided by the seed and its step alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from engine.core.catalogue import Catalogue, Effect, Runs, StepContext, StepError, tool
from engine.core.document import Frozen
from engine.core.fingerprint import digest
from engine.core.inputs import Blame, Execute, Result, WorkerLost
from engine.core.step_call import call_step
from engine.runner.drive import Drive
from engine.runner.effects import Ended, Work, _at_once, _result_of
from tests.crash.ledger import Entry
from tests.simulation.scheduler import Process, Scheduler, Task
from tests.simulation.stepping import Done, Recorder, stepped


class Params(Frozen):
    before_ms: float = 0
    after_ms: float = 0
    fails: int = 0


def _act(params: Params, ctx: StepContext, effect: Effect) -> Any:
    if "-" in ctx.idempotency_key.removeprefix(f"or-{ctx.run_id}-"):  # a call inside of an agent's turn
        ctx.settings["act"](ctx, effect)
    failures = ctx.settings["failures"]
    if failures < params.fails:
        raise StepError(f"Failure {failures + 1} is meant.", code="meant_to_fail")
    return {"activation": ctx.activation}


@tool(Params, title="External", category="test", effect=Effect.EXTERNAL)
def ledger_external(params: Params, ctx: StepContext) -> Any:
    """Repeated after a crash with the same key."""
    return _act(params, ctx, Effect.EXTERNAL)


@tool(Params, title="Idempotent", category="test", effect=Effect.IDEMPOTENT)
def ledger_idempotent(params: Params, ctx: StepContext) -> Any:
    """Repeated freely."""
    return _act(params, ctx, Effect.IDEMPOTENT)


@tool(Params, title="At most once", category="test", effect=Effect.AT_MOST_ONCE)
def ledger_once(params: Params, ctx: StepContext) -> Any:
    """Never repeated after a crash."""
    return _act(params, ctx, Effect.AT_MOST_ONCE)


@tool(Params, title="At once", category="test", effect=Effect.EXTERNAL, runs=Runs.AT_ONCE)
def ledger_at_once(params: Params, ctx: StepContext) -> Any:
    """As the external one, by the driver's own thread."""
    return _act(params, ctx, Effect.EXTERNAL)


TOOLS = (ledger_external, ledger_idempotent, ledger_once, ledger_at_once)


class CountingDrive(Drive):
    """Tells a step how often it has failed by the run's own record, which a crash does not change."""

    def _work(self, command: Execute) -> Work:
        work = super()._work(command)
        token = self._state.at_activation(command.activation)
        act = getattr(self._host.effects, "act", None)
        failures = token.failures if token else 0
        work.ctx.settings = {**work.ctx.settings, "failures": failures, "act": act}
        return work


LATE: dict[str, Any] = {"outcome": "TIMEOUT", "error": {"code": "timeout", "message": "It took too long."}}


@dataclass
class Fates:
    """What comes of each step: by the seed, the activation and the failures recorded there; the order plays no part."""

    seed: int = 0
    failing: float = 0.0
    late: float = 0.0
    deadly: float = 0.0
    """How often a step kills the child process that executes it; by the attempt."""

    def outcome(self, work: Work) -> dict[str, Any] | None:
        """The fields of a failed result; None for a step that does what it does."""
        failures = work.ctx.settings["failures"]
        chance = Random(digest(self.seed, work.command.activation, failures)).random()
        if chance < self.failing:
            return {"outcome": "FAILURE", "error": {"code": "broken", "message": "It broke."}}
        if chance < self.failing + self.late:
            return LATE
        return None

    def kills(self, work: Work) -> bool:
        return Random(digest(self.seed, work.ctx.idempotency_key, work.ctx.attempt)).random() < self.deadly


@dataclass
class World:
    """Where effects happen."""

    scheduler: Scheduler
    fates: Fates
    slowest_us: int = 200_000
    """The longest that a step takes to act, and again to answer."""
    on_the_wire: float = 0.3
    """How often what a dead worker had sent still arrives."""
    quick: float = 0
    """How often a step of a run that is driven in the loop's thread has ended without having to wait; 0: none is."""
    ledger: list[Entry] = field(default_factory=list)


@dataclass(eq=False)
class Future:
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


class SimulatedEffects:
    """Stands in for the loop: steps take virtual time."""

    def __init__(self, world: World, catalogue: Catalogue, _children: object = None) -> None:
        assert world.scheduler.current is not None
        self._world, self._scheduler = world, world.scheduler
        self._process: Process = world.scheduler.current.process
        self._under_way: set[Future] = set()
        self._to_drive: deque[Callable[[], None]] = deque()
        self._driver: Task | None = None

    @property
    def is_idle(self) -> bool:
        return not self._under_way

    def is_here(self) -> bool:
        return self._driver is not None and self._driver is self._scheduler.current

    def can_drive(self, starting: Sequence[Work]) -> bool:
        return bool(starting) and all(map(self._may_be_quick, starting)) and self.is_idle

    def _may_be_quick(self, work: Work) -> bool:
        return self._world.quick > 0 and work.kind.name != "AGENT_TASK" and not work.is_apart

    def drive(self, work: Callable[[], None]) -> None:
        self._to_drive.append(work)
        if len(self._to_drive) == 1:
            self._scheduler.spawn(self._process, self._drive, "the loop's thread")

    def _drive(self) -> None:
        self._driver = self._scheduler.current
        while self._to_drive:
            self._to_drive[0]()
            self._to_drive.popleft()
        self._driver = None

    def run_now(self, work: Work) -> Result:
        """A step that the driver's own thread executes."""
        if work.effect is not Effect.NONE:
            self._scheduler.pause()
            self.act(work.ctx, work.effect)
            self._scheduler.pause()
        return self._result(work)

    def act(self, ctx: StepContext, effect: Effect) -> None:
        """Something takes effect."""
        number = int(self._process.name.lstrip("w"))
        entry = Entry(ctx.run_id, ctx.activation, ctx.attempt, ctx.idempotency_key, effect.value, number)
        self._world.ledger.append(entry)
        self._scheduler.say(f"effect of {ctx.idempotency_key}, attempt {ctx.attempt}")

    def begin(self, work: Work, done: Done) -> Future:
        future, world = Future(), self._world
        if self.is_here() and self._may_be_quick(work) and self._scheduler.random.random() < world.quick:
            self._scheduler.pause()
            self.act(work.ctx, work.effect)
            self._scheduler.pause()
            if (ended := self._executed(work, done, future)) is not None:
                done(ended)
            return future
        self._under_way.add(future)
        random, now_us = self._scheduler.random, self._scheduler.now_us
        acts_us = now_us + random.randrange(world.slowest_us)
        answers_us = acts_us + random.randrange(world.slowest_us)
        is_sent = random.random() < world.on_the_wire

        def act() -> None:
            if future.is_cancelled if not self._process.is_dead else not is_sent:
                self._under_way.discard(future)
                return
            if work.kind.name != "AGENT_TASK":  # those act in their calls
                self.act(work.ctx, work.effect)
            self._scheduler.at(answers_us, answer)

        def answer() -> None:
            self._under_way.discard(future)
            if not future.is_cancelled and not self._process.is_dead:
                self._scheduler.spawn(self._process, tell, "effects")

        def tell() -> None:
            if world.fates.kills(work):
                done(WorkerLost({work.command.activation: work.effect.value}, Blame.CHILD, "it died"))
                return
            ended = self._executed(work, done, future)
            if ended is not None and not future.is_cancelled:
                done(ended)

        self._scheduler.at(acts_us, act)
        return future

    def settle(self) -> None:
        pass

    def close(self) -> None:
        pass

    def _fated(self, work: Work) -> Result | None:
        failed = self._world.fates.outcome(work)
        if failed is None and "slow:" in str(work.command.params.get("model", "")):
            failed = LATE  # the scripted model would sleep for real
        if failed is None:
            return None
        error = {**failed["error"], "node_id": work.command.node}
        return Result(work.command.activation, work.command.attempt, failed["outcome"], error=error)

    def _executed(self, work: Work, done: Done, future: Future) -> Ended | None:
        """What a step comes to that may put things on record; between two of them it takes its time."""
        scheduler, command = self._scheduler, work.command
        if (fated := self._fated(work)) is not None:
            return fated
        recorder = work.ctx.recorder = Recorder(command, done, scheduler)

        def pause() -> None:
            if scheduler.random.random() < 0.5:
                scheduler.park(scheduler.now_us + scheduler.random.randrange(self._world.slowest_us))

        call = _result_of(work, call_step(work.kind, command.params, work.ctx), None)
        ended = stepped(call, recorder, scheduler, lambda: future.is_cancelled, pause)
        return ended or Result(command.activation, command.attempt, output="waited")

    def _result(self, work: Work) -> Result:
        if (fated := self._fated(work)) is not None:
            return fated
        self._scheduler.atomic += 1
        try:
            if work.kind.at_once is not None and work.effect is Effect.NONE:
                return _at_once(work, work.kind.at_once)
            coroutine = _result_of(work, call_step(work.kind, work.command.params, work.ctx), None)
            coroutine.send(None)
        except StopIteration as finished:
            result: Result = finished.value
            return result
        finally:
            self._scheduler.atomic -= 1
        coroutine.close()  # it would wait for the real world
        return Result(work.command.activation, work.command.attempt, output="waited")
