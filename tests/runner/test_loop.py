"""A run whose steps do not wait is driven in the loop's thread, where they are executed; it holds up nobody there."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from contextvars import Context, ContextVar
from queue import SimpleQueue
from typing import Any

import pytest

from engine.core.catalogue import Catalogue, Effect, Runs, StepContext, node_type, tool
from engine.core.document import Frozen
from engine.core.events import EventType
from engine.core.inputs import Execute, Result
from engine.core.run import RunStatus
from engine.runner import Runner
from engine.runner.effects import Effects, Ended, Work
from engine.runner.loop import Loop
from engine.services import control, history
from tests.core.drawing import drawn, forked, line, node, way
from tests.fixtures.contexts import a_context
from tests.runner.conftest import Place

LATE_S = 10


class Params(Frozen):
    does: str = ""
    tool: Any = None
    """Not a tool's name, as its name is for TOOL_EXECUTION alone."""


Seen = tuple[str, int, bool]
seen: list[Seen] = []
"""(node, thread, whether that drives its run), in the order of the steps."""
doing: dict[str, Callable[[], Awaitable[None] | None]] = {}
effects_of: list[Effects] = []


async def _done(params: Params, ctx: StepContext) -> None:
    seen.append((ctx.node_id, threading.get_ident(), effects_of[0].is_here()))
    given = doing[params.does]() if params.does else None
    if given is not None:
        await given


@node_type(Params, name="QUICK", title="Quick", icon="x", effect=Effect.EXTERNAL)
async def quick(params: Params, ctx: StepContext) -> Any:
    """Do what is to be done."""
    await _done(params, ctx)


@node_type(Params, name="PURE", title="Pure", icon="x", effect=Effect.NONE, runs=Runs.AT_ONCE)
async def pure(params: Params, ctx: StepContext) -> Any:
    """Do it, though that is no effect."""
    await _done(params, ctx)


@tool(Params, title="Runs a loop", category="test", effect=Effect.NONE, runs=Runs.AT_ONCE)
def runs_a_loop(params: Params, ctx: StepContext) -> Any:
    """Call a library that is asynchronous within."""
    return asyncio.run(asyncio.sleep(0, 1))


def a_step(name: str, does: str = "", type_: str = "QUICK", **more: Any) -> dict[str, Any]:
    return node(name, type_, config={"does": does}, **more)


def endless(step: dict[str, Any]) -> dict[str, Any]:
    ways = [way("start", "again"), way("again", "again", "SUCCESS")]
    return drawn([node("start", "START"), step, node("end", "END")], ways, limits={"max_steps": 1_000_000})


@pytest.fixture
def here(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place that knows of QUICK that it does not wait."""
    monkeypatch.setattr("engine.runner.effects.QUICK_S", LATE_S)  # this machine may be busy
    seen.clear()
    doing.clear()
    effects_of[:] = [place.runner.effects]
    for kind in (quick, pure):
        place.rt.catalogue.add(kind)
    place.over(place.start(place.room(line(a_step("first")))).id)
    settled(place)
    seen.clear()
    return place


def settled(place: Place) -> None:
    """Wait until its worker has nothing to do."""
    while place.runner.driven() or not place.runner.effects.is_idle:
        time.sleep(0.001)


def where(name: str) -> tuple[int, bool]:
    ((thread, is_there),) = [found[1:] for found in seen if found[0] == name]
    return thread, is_there


def loop_of(place: Place) -> int:
    return place.runner.effects.on_loop()[0]


def test_steps_that_do_not_wait_are_driven_where_they_are_executed(here: Place) -> None:
    run = here.over(here.start(here.room(line(*map(a_step, "abcd")))).id)

    assert run.status is RunStatus.COMPLETED
    assert seen == [(name, loop_of(here), True) for name in "abcd"]
    assert history.replay_run(here.rt, here.user, run.id)["identical"]


def test_one_that_waits_after_all_has_its_run_driven_elsewhere_until_it_is_over(here: Place) -> None:
    doing["wait"] = lambda: asyncio.sleep(0.02)
    steps = (a_step("a"), a_step("b", "wait"), a_step("c"), a_step("d"), a_step("e"))

    assert here.over(here.start(here.room(line(*steps))).id).status is RunStatus.COMPLETED

    assert {thread for _, thread, _ in seen} == {loop_of(here)}
    assert where("b")[1]
    assert not where("c")[1]  # it was no longer known not to wait
    assert where("e")[1]


def test_while_a_step_waits_no_disk_is_waited_for_in_its_thread(here: Place) -> None:
    """One branch waits, the other is driven elsewhere meanwhile."""
    doing["wait"] = lambda: asyncio.sleep(0.3)
    document = forked([a_step("slow", "wait")], [a_step(name) for name in "abc"])

    assert here.over(here.start(here.room(document)).id).status is RunStatus.COMPLETED

    assert [where(name)[1] for name in "bc"] == [False, False]


def test_another_run_is_driven_beside_it(here: Place) -> None:
    others = [here.room(line(*map(a_step, "xyz"))) for _ in range(3)]
    started: list[str] = []
    doing["start"] = lambda: started.extend(here.queue(room) for room in others)
    first = here.start(here.room(line(a_step("a", "start"), *map(a_step, "bcd"))))
    here.over(first.id)
    for run_id in started:
        here.runner.activate(run_id)

    assert [here.over(run_id).status for run_id in [first.id, *started]] == [RunStatus.COMPLETED] * 4


def test_a_pure_step_that_has_to_wait_does_not_wait_for_its_own_thread(here: Place) -> None:
    doing["wait"] = lambda: asyncio.sleep(0.01)
    steps = (a_step("a"), a_step("b", "wait", "PURE"), a_step("c"))

    assert here.over(here.start(here.room(line(*steps))).id).status is RunStatus.COMPLETED


def test_a_pure_step_may_have_a_loop_of_its_own_there(here: Place) -> None:
    calls = {"tool": "runs_a_loop", "arguments": {}}
    here.rt.catalogue.add(runs_a_loop)
    steps = (a_step("a"), node("b", "TOOL_EXECUTION", config=calls), a_step("c"))

    run = here.over(here.start(here.room(line(*steps, end={"output": "{{ vars.b }}"}))).id)

    assert (run.status, run.output, where("c")[1]) == (RunStatus.COMPLETED, 1, True), run.error


def test_a_cancel_is_heard_there(here: Place) -> None:
    run = here.start(here.room(endless(a_step("again"))))
    here.until(run.id, lambda run: run.seq > 100)
    assert seen[-1][2]

    began = time.monotonic()
    control.cancel(here.rt, here.user, run.room_id)
    here.runner.activate(run.id)

    assert here.over(run.id).status is RunStatus.CANCELLED
    assert time.monotonic() - began < 1


def test_a_worker_that_stops_gives_it_back(here: Place) -> None:
    doing["rest"] = lambda: time.sleep(0.0002)
    run = here.start(here.room(endless(a_step("again", "rest"))))
    here.until(run.id, lambda run: run.seq > 100)

    turn = here.runner.committer._turn
    turn.acquire()  # it is just about to commit
    threading.Timer(0.3, turn.release).start()
    here.runner.stop()

    assert not here.runner.driven()
    with here.rt.db.look() as hot:
        owner, seq = hot.one("SELECT owner, seq FROM run WHERE id = ?", run.id)
    assert owner is None
    made = len(seen)
    time.sleep(0.05)
    assert (here.get(run.id).seq, len(seen)) == (seq, made)
    here.runner = Runner(here.rt, threads=1)
    here.runner.start()
    here.until(run.id, lambda run: run.seq > seq)
    control.cancel(here.rt, here.user, run.room_id)
    here.over(run.id)
    told = history.events(here.rt, here.user, run.id, limit=100_000)
    assert EventType.WORKER_LOST not in {event["type"] for event in told}  # the step under way has ended


def test_the_loop_is_not_taken_for_stuck_while_a_run_driven_there_waits_for_its_disk(here: Place) -> None:
    answered = threading.Event()
    doing["hold"] = lambda: turn.acquire() and None
    turn = here.runner.committer._turn  # nobody commits
    run = here.start(here.room(line(a_step("a", "hold"), a_step("b"))))
    wait_until(lambda: bool(seen))
    time.sleep(0.05)

    here.runner.effects.ping(answered.set)
    is_answered = answered.wait(1)
    turn.release()

    assert is_answered
    assert here.over(run.id).status is RunStatus.COMPLETED


def test_a_step_that_holds_the_loop_up_there_is_seen(here: Place) -> None:
    answered, may_go_on = threading.Event(), threading.Event()
    doing["hang"] = lambda: may_go_on.wait(LATE_S) and None
    run = here.start(here.room(line(a_step("a", "hang"))))
    wait_until(lambda: bool(seen))

    here.runner.effects.ping(answered.set)
    thread, work = here.runner.effects.on_loop()
    is_answered = answered.wait(0.1)
    may_go_on.set()

    assert not is_answered
    assert work is not None
    assert (thread, work.command.node) == (seen[0][1], "a")
    assert here.over(run.id).status is RunStatus.COMPLETED


def test_a_run_that_is_dropped_on_its_way_there_begins_nothing(here: Place) -> None:
    is_held, may_go_on = threading.Event(), threading.Event()

    def hold() -> None:
        is_held.set()
        may_go_on.wait(LATE_S)

    here.runner.effects.ping(hold)
    assert is_held.wait(LATE_S)
    run = here.start(here.room(line(a_step("a"))))
    (drive,) = here.runner.driven().values()
    drive.abandon()
    may_go_on.set()
    here.runner.effects.settle()

    assert seen == []
    here.runner.activate(run.id)
    assert here.over(run.id).status is RunStatus.COMPLETED


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + LATE_S
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.001)


def test_what_is_slow_or_waits_is_not_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.runner.effects.QUICK_S", 0.5)
    ended: SimpleQueue[Ended] = SimpleQueue()
    with closing(Effects(Catalogue())) as effects:
        effects_of[:] = [effects]
        for name, does in {
            "plain": None,
            "slow": lambda: time.sleep(0.6),
            "wait": lambda: asyncio.sleep(0),
        }.items():
            doing[name] = does  # type: ignore[assignment]
            for params in ({}, {"does": name, "tool": ["no", "name"]})[: 1 + (does is not None)]:
                work = Work(Execute("1", "a", 1, params, 60), quick, a_context())
                effects.begin(work, ended.put)
                assert isinstance(ended.get(timeout=LATE_S), Result)
                wait_until(lambda: effects.is_idle)
                assert effects.can_drive([work]) == (not params)
        assert not effects.can_drive([])


def test_a_task_that_begins_at_once_keeps_its_context() -> None:
    """Also in a new thread, whose context is empty."""
    found: list[Any] = []
    variable = ContextVar("variable", default=0)

    async def here_and_there() -> None:
        token = variable.set(1)
        async with asyncio.timeout(LATE_S):
            found.append(asyncio.current_task())
            await asyncio.sleep(0)
            found.append(asyncio.current_task())
        variable.reset(token)

    with closing(Loop()) as loop:
        tasks: list[asyncio.Task[None]] = []
        context = Context()
        loop.call_soon(lambda: context.run(lambda: tasks.append(loop.begin(here_and_there()))))
        loop.call_soon(lambda: found.append("next"))
        loop.run_until_complete(asyncio.sleep(0.01))

    assert found == [tasks[0], "next", tasks[0]]
    assert tasks[0].exception() is None


def test_what_a_finalizer_wants_done_soon_is_not_taken_for_the_task() -> None:
    """The collector may run while the task is made, and close a stream that somebody has forgotten."""
    done: list[object] = []

    def made(loop: asyncio.AbstractEventLoop, coroutine: Any, **given: Any) -> asyncio.Task[Any]:
        loop.call_soon(done.append, "before")
        task = asyncio.Task(coroutine, loop=loop, **given)
        loop.call_soon(done.append, "after")
        return task

    async def plain() -> None:
        done.append("begun")

    with closing(Loop()) as loop:
        loop.set_task_factory(made)
        loop.call_soon(lambda: done.append(loop.begin(plain()).done()))
        loop.call_later(0.01, loop.stop)
        loop.run_forever()

    assert done == ["begun", True, "before", "after"]
