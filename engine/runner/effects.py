"""Executes steps: pure ones at once, those that wait on one loop, and in child processes what blocks or has killed."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from engine.core.catalogue import AtOnce, Catalogue, Effect, NodeType, StepContext
from engine.core.checkpoints import Rests
from engine.core.errors import OpenRoomsError
from engine.core.inputs import Asked, Blame, Execute, Result, WorkerLost
from engine.core.step_call import as_recorded, call_step, told
from engine.failpoints import Point, reach
from engine.hiding import HIDDEN
from engine.isolation.clock import TooLong, in_time
from engine.isolation.pool import ChildDied, Children
from engine.runner.loop import Loop
from engine.runner.notes import Done, Notes

log = logging.getLogger(__name__)

SETTLE_S = 5
QUICK_S = 0.0005
"""Longer than a step takes that has nothing to do with the world beyond this process."""


class Work(NamedTuple):
    """A step to execute, with all it may use."""

    command: Execute
    kind: NodeType
    ctx: StepContext
    effect: Effect = Effect.EXTERNAL
    is_apart: bool = False
    """Whether the whole step is executed in a child: it blocks, or whoever executed it before has died."""
    reveal: Callable[[Mapping[str, Any], StepContext], Mapping[str, Any]] | None = None
    """Gives the parameters with the values of secrets in them; None where the run has none."""
    is_pure: bool = False
    """Whether its driver may compute it before anything is on disk."""
    is_at_once: bool = False
    """Whether it is an effect that its driver's thread can do: to hand it to the loop and have it back takes longer."""


Ended = Result | WorkerLost | Asked
"""A step's result, that the child which executed it has died, or that it waits for people."""


class Begun:
    """A step that was handed to the loop."""

    __slots__ = ("_loop", "is_cancelled", "task")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.is_cancelled = False
        self.task: asyncio.Task[None] | None = None

    def cancel(self) -> None:
        """Stop it, whichever thread asks; nobody wants its result."""
        self.is_cancelled = True
        with suppress(RuntimeError):  # the loop is closed: it is stopped already
            self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        if self.task is not None:
            self.task.cancel()


class Effects:
    """The loop on which steps wait for the world, in a thread of its own, and the child processes it looks after."""

    def __init__(self, catalogue: Catalogue, children: Children | None = None) -> None:
        self._catalogue = catalogue
        self._loop = Loop()
        self._works: dict[asyncio.Task[Any] | None, Work] = {}
        self._quick: set[tuple[str, str]] = set()
        """What ended without a wait when it was executed last."""
        self._is_driving = False
        """Whether the loop's thread drives a run at this moment, instead of waiting for the world."""
        self._at_once: dict[int, Work] = {}
        self._children = children or Children(most=16, memory_mb=1024, patience_s=10)
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="effects", daemon=True)
        self._thread.start()

    def begin(self, work: Work, done: Done) -> Begun:
        """Start a step; `done` gets how it ended unless it is cancelled first. A cancel kills its child at once."""
        begun = Begun(self._loop)
        if self.is_here():
            self._begin(work, done, begun)
        else:
            self._loop.call_soon_threadsafe(self._begin, work, done, begun)
        return begun

    def drive(self, work: Callable[[], None]) -> None:
        """Have a run driven in the loop's thread, where its steps are executed; for runs whose steps hardly wait."""
        self._loop.call_soon_threadsafe(self._drive, work)

    def is_here(self) -> bool:
        """Whether this is the loop's thread, driving a run."""
        return self._is_driving and threading.get_ident() == self._thread.ident

    @property
    def is_idle(self) -> bool:
        """Whether no step waits on the loop."""
        return not self._works

    def can_drive(self, starting: Sequence[Work]) -> bool:
        """Whether the loop's thread will have nothing to do but drive the run that starts these, going by the last time."""
        is_quick = all(not work.is_apart and self._code(work) in self._quick for work in starting)
        return bool(starting) and is_quick and self.is_idle

    def run_now(self, work: Work) -> Result:
        """A pure step's result, computed in this thread; on the loop if it has to wait after all."""
        thread = threading.get_ident()
        self._at_once[thread] = work
        if work.kind.at_once is not None:
            try:
                return _at_once(work, work.kind.at_once)
            finally:
                del self._at_once[thread]
        coroutine = _result_of(work, call_step(work.kind, work.command.params, work.ctx), None)
        try:
            coroutine.send(None)
        except StopIteration as finished:
            result: Result = finished.value
            return result
        finally:
            del self._at_once[thread]
        coroutine.close()
        ended = asyncio.run_coroutine_threadsafe(self._execute(work), self._loop).result()
        why = ended.why if isinstance(ended, WorkerLost) else "A pure step can't wait for people"
        return ended if isinstance(ended, Result) else _failure(work, "worker_lost", f"{why}.")

    @property
    def free_children(self) -> int:
        """How many steps that run apart could be begun now."""
        return self._children.free

    def settle(self) -> None:
        """Wait until the loop's thread drives no run, unless it is held up."""
        is_through = threading.Event()
        self._loop.call_soon_threadsafe(is_through.set)
        is_through.wait(SETTLE_S)

    def close(self) -> None:
        self._is_closing = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def at_once(self) -> dict[int, Work]:
        """The pure steps that are executed at this instant, by thread."""
        return self._at_once.copy()

    def on_loop(self) -> tuple[int, Work | None]:
        """The loop's thread and the step that has it at this instant, unless it is a task that a step has started."""
        return self._thread.ident or 0, self._works.get(asyncio.current_task(self._loop))

    def ping(self, answer: Callable[[], None]) -> None:
        """Have `answer` called as soon as the loop can; at once if it drives a run, which may wait for a disk, or is closed."""
        if not (self._is_driving and self.is_idle):
            with suppress(RuntimeError):  # it is closed
                self._loop.call_soon_threadsafe(answer)
                return
        answer()

    def _drive(self, work: Callable[[], None]) -> None:
        self._is_driving = True
        try:
            with self._loop.unseen():
                work()
        except BaseException:
            log.exception("a drive crashed")
        finally:
            self._is_driving = False

    def _begin(self, work: Work, done: Done, begun: Begun) -> None:
        if begun.is_cancelled:
            return
        since = time.perf_counter()
        task = begun.task = self._loop.begin(self._watched(work, done))
        if task.done() and time.perf_counter() - since < QUICK_S:
            self._quick.add(self._code(work))
        else:
            self._quick.discard(self._code(work))

    def _code(self, work: Work) -> tuple[str, str]:
        """Stands for the function that is called: the node type's, or the tool's."""
        tool = work.command.params.get("tool")
        return work.kind.name, tool if isinstance(tool, str) and tool in self._catalogue.tools else ""

    async def _watched(self, work: Work, done: Done) -> None:
        """A step that touches the world."""
        task = asyncio.current_task()
        self._works[task] = work
        notes = work.ctx.recorder = Notes(work.command, done)
        try:
            reach(Point.BEFORE_EFFECT)
            ended = await self._execute(work)
            reach(Point.AFTER_EFFECT)
        except asyncio.CancelledError:
            if task is None or task.cancelling():
                raise
            ended = _failure(work, "step_crashed", "The step's own code cancelled it.")  # we did not
        finally:
            del self._works[task]
            notes.send()  # what was paid for counts, also if nobody waits for the step any more
        done(ended)

    async def _execute(self, work: Work) -> Ended:
        ctx = work.ctx
        ctx.call_apart = self._children.call_tool
        try:
            return await _result_of(work, self._call(work), work.command.timeout_s)
        except ChildDied as died:
            why = f"it {died.why}"
            return WorkerLost({work.command.activation: work.effect.value}, Blame.CHILD, why)

    async def _call(self, work: Work) -> Any:
        params = work.command.params
        if work.reveal is not None:
            params = await asyncio.to_thread(work.reveal, params, work.ctx)
        call = self._children.call_step if work.is_apart else call_step
        return await call(work.kind, params, work.ctx)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        while not self._is_closing:
            try:
                self._loop.run_forever()
            except SystemExit:
                log.exception("a step's own task wanted this process to end")
        asyncio.set_event_loop(self._loop)  # a step driven here may have had one of its own
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        self._loop.run_until_complete(self._children.close())
        for provider in self._catalogue.providers:
            if provider.close is not None:
                self._loop.run_until_complete(provider.close())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


def _at_once(work: Work, call: AtOnce) -> Result:
    try:
        output = as_recorded(call(work.command.params, work.ctx), loads=HIDDEN.loads)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a step may raise anything
        return _failed(work, error)
    return _result(work, output=output)


def _failed(work: Work, error: BaseException) -> Result:
    if not isinstance(error, OpenRoomsError):
        log.error("node %s of run %s crashed", work.command.node, work.ctx.run_id, exc_info=error)
    return _result(work, outcome="FAILURE", error=told(error))


async def _result_of(work: Work, call: Coroutine[Any, Any, Any], timeout_s: float | None) -> Result | Asked:
    """The step's result; whatever goes wrong becomes a FAILURE with a code, except the death of its child."""
    try:
        output = as_recorded(
            await (call if timeout_s is None else _timed(call, timeout_s)), loads=HIDDEN.loads
        )
    except TooLong:
        message = f"The step took longer than {work.command.timeout_s:g} s."
        return _result(work, outcome="TIMEOUT", error={"code": "timeout", "message": message})
    except Rests as rests:
        return Asked(work.command.activation, work.command.attempt, rests.asks)
    except (ChildDied, asyncio.CancelledError, GeneratorExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - a step may raise anything, as a panic of what is written in Rust
        return _failed(work, error)
    return _result(work, output=output)


async def _timed(call: Coroutine[Any, Any, Any], timeout_s: float) -> Any:
    async with in_time(timeout_s):
        return await call


def _failure(work: Work, code: str, message: str) -> Result:
    return _result(work, outcome="FAILURE", error={"code": code, "message": message})


def _result(
    work: Work, *, outcome: str = "SUCCESS", output: Any = None, error: dict[str, Any] | None = None
) -> Result:
    ctx, command = work.ctx, work.command
    beside: dict[str, Any] = {}
    if error:
        beside["error"] = {**error, "node_id": command.node}
    if ctx.remember:
        beside["remember"] = ctx.remember
    if ctx.about:
        beside["about"] = ctx.about
    if ctx.said and outcome == "SUCCESS":
        beside["said"] = ctx.said
    if ctx.trace:
        beside["trace"] = ctx.trace
    if ctx.usage.tokens or ctx.usage.cost_usd:
        beside["usage"] = {
            "tokens": ctx.usage.tokens,
            "input_tokens": ctx.usage.input_tokens,
            "output_tokens": ctx.usage.output_tokens,
            "cost_usd": ctx.usage.cost_usd,
        }
        if ctx.usage.cached_tokens:
            beside["usage"]["cached_tokens"] = ctx.usage.cached_tokens
    if not beside:
        return Result(command.activation, command.attempt, outcome, output)
    return _beside(Result(command.activation, command.attempt, outcome, output), beside, command.node)


def _beside(result: Result, beside: dict[str, Any], node: str) -> Result:
    """The result with what came along, as the log will have it."""
    try:
        kept = HIDDEN.loads(orjson.dumps(beside, default=str))
    except (TypeError, UnicodeEncodeError, orjson.JSONEncodeError) as problem:
        error = {
            "code": "bad_output",
            "message": HIDDEN.text(f"What the step gave is no JSON: {problem}.")[:2000],
        }
        return replace(
            result, outcome="FAILURE", output=None, error={**error, "node_id": node, "retryable": False}
        )
    for name in ("said", "trace"):
        if name in kept:
            kept[name] = tuple(kept[name])
    return replace(result, **kept)
