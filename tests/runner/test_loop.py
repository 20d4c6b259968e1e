"""A step that does not have to wait is executed in its driver's thread; what it leaves to be done goes on on the loop."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from contextvars import Context
from queue import SimpleQueue
from typing import Any

import pytest

from engine.core.catalogue import Catalogue, Effect, NodeType, StepContext, node_type
from engine.core.document import Frozen
from engine.core.inputs import Execute, Result
from engine.runner.effects import QUICK_S, Effects, Ended, Work
from tests.fixtures.contexts import a_context

LATE_S = 5


class Params(Frozen):
    does: Any = None


Do = Callable[[], Any]
todo: list[Do] = []
"""What the step does at its next execution; then, if that gives an awaitable, it waits for it."""


@node_type(Params, name="QUICK", title="Quick", icon="x", effect=Effect.EXTERNAL)
async def quick(params: Params, ctx: StepContext) -> Any:
    """Do what is to be done; the threads in which its first and its last line were executed."""
    first = threading.get_ident()
    given = todo.pop()() if todo else None
    if given is not None:
        await given
    return [first, threading.get_ident()]


class Here:
    def __init__(self, effects: Effects, kind: NodeType) -> None:
        self.effects, self.kind = effects, kind

    def work(self, timeout_s: float | None = 60) -> Work:
        return Work(Execute("1", "a", 1, {}, timeout_s), self.kind, a_context())

    def ended(self, does: Do | None = None, timeout_s: float | None = 60) -> Result:
        """How a step ends that may be executed in this thread."""
        todo[:] = [does] if does else []
        ended: SimpleQueue[Ended] = SimpleQueue()
        self.effects.begin(self.work(timeout_s), lambda result, _=None: ended.put(result), here=True)
        found = ended.get(timeout=LATE_S)
        assert isinstance(found, Result)
        return found

    def asleep(self) -> None:
        """Wait until the loop has nothing to do."""
        while not self.effects._loop.visit(lambda: None):
            time.sleep(0.001)


@pytest.fixture
def here() -> Iterator[Here]:
    with closing(Effects(Catalogue())) as effects:
        here = Here(effects, quick)
        here.asleep()
        yield here


def test_what_does_not_wait_is_executed_here_and_is_known_for_it(here: Here) -> None:
    assert not here.effects.is_quick(here.work())
    assert here.ended().output == [threading.get_ident()] * 2
    assert here.effects.is_quick(here.work())
    here.ended(lambda: time.sleep(2 * QUICK_S))
    assert not here.effects.is_quick(here.work())


def test_what_waits_after_all_goes_on_on_the_loop(here: Here) -> None:
    loop = here.effects.on_loop()[0]
    began = time.perf_counter()
    ended = Context().run(here.ended, lambda: asyncio.sleep(0.02))  # as in a new thread: nothing is set
    assert ended.output == [threading.get_ident(), loop]
    assert time.perf_counter() - began >= 0.02
    assert not here.effects.is_quick(here.work())
    here.asleep()
    assert here.ended(lambda: asyncio.sleep(0), None).output == [threading.get_ident(), loop]


def test_its_time_limit_holds_though_the_loop_slept(here: Here) -> None:
    assert here.ended(lambda: asyncio.sleep(60), 0.02).outcome == "TIMEOUT"


def test_what_it_leaves_behind_is_done(here: Here) -> None:
    done: SimpleQueue[int] = SimpleQueue()

    def leave() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: done.put(threading.get_ident()))

    def leave_for_later() -> None:
        asyncio.get_running_loop().call_later(0.01, lambda: done.put(threading.get_ident()))

    for does in (leave, leave_for_later):
        here.asleep()
        here.ended(does)
        assert done.get(timeout=LATE_S) == here.effects.on_loop()[0]


def test_while_the_loop_is_busy_it_goes_its_usual_way(here: Here) -> None:
    busy, free = threading.Event(), threading.Event()
    here.effects.ping(lambda: (busy.set(), free.wait(LATE_S)))  # type: ignore[arg-type, return-value]
    assert busy.wait(LATE_S)
    threading.Timer(0.05, free.set).start()
    output = here.ended().output
    assert output == [here.effects.on_loop()[0]] * 2


def test_it_is_known_who_holds_the_loop_up(here: Here) -> None:
    held, seen = threading.Event(), []

    def look() -> None:
        held.wait(LATE_S)
        seen.append(here.effects.on_loop())
        todo.append(lambda: None)

    def hold() -> None:
        held.set()
        while not todo:
            time.sleep(0.001)
        todo.clear()

    threading.Thread(target=look).start()
    here.ended(hold)
    ((thread, work),) = seen
    assert thread == threading.get_ident()
    assert work is not None
    assert work.command.node == "a"


def test_news_of_what_it_has_closed_is_forgotten(here: Here) -> None:
    """A socket that takes the number of a closed one, of which there were news, keeps its reader."""
    heard: SimpleQueue[bytes] = SimpleQueue()
    loop = here.effects._loop
    mine, theirs = socket.socketpair()
    loop.visit(lambda: loop.add_reader(mine, lambda: None))
    here.asleep()

    def swap() -> None:
        theirs.send(b"old")
        time.sleep(0.05)  # the loop's thread wakes up, and waits for its turn
        number = mine.fileno()
        loop.remove_reader(mine)
        mine.close()
        new, peer = socket.socketpair()
        assert number in (new.fileno(), peer.fileno())
        if number != new.fileno():
            new, peer = peer, new
        loop.add_reader(new, lambda: heard.put(new.recv(10)))
        here.ends = (new, peer)  # type: ignore[attr-defined]

    assert here.ended(swap).outcome == "SUCCESS"
    here.asleep()
    new, peer = here.ends  # type: ignore[attr-defined]
    peer.send(b"new")
    try:
        assert heard.get(timeout=LATE_S) == b"new"
    finally:
        here.ended(lambda: loop.remove_reader(new))
        for end in (theirs, new, peer):
            end.close()


def test_a_generator_that_it_leaves_is_closed_on_the_loop(here: Here) -> None:
    closed: SimpleQueue[int] = SimpleQueue()

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.put(threading.get_ident())

    async def look() -> None:
        async for _ in numbers():
            break

    here.ended(look)
    assert closed.get(timeout=LATE_S) == here.effects.on_loop()[0]


def test_a_thread_that_has_a_loop_of_its_own_does_not_take_another_s_turn(here: Here) -> None:
    async def ask() -> Result:
        return await asyncio.to_thread(lambda: None) or here.ended()

    assert asyncio.run(ask()).output == [here.effects.on_loop()[0]] * 2
