"""A worker's child processes: started when one is needed, used again, ended when idle, killed without a word."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from contextvars import Context
from dataclasses import dataclass
from typing import Any

import orjson

from engine.core.catalogue import NodeType, RoomMemory, Runs, StepContext, StepError, Tool
from engine.core.chat import Usage
from engine.core.checkpoints import Rests
from engine.core.errors import OpenRoomsError
from engine.core.rates import Rate
from engine.core.step_call import told
from engine.core.tool_call import too_long
from engine.isolation.child import OUT_OF_MEMORY, plain_context
from engine.isolation.clock import TooLong, in_time, standing_still
from engine.isolation.frames import Broken, framed, receive
from engine.isolation.guard import Guard
from engine.settings import environment_for_others
from engine.supply import Sources
from engine.supply.connection import Reveal

log = logging.getLogger(__name__)

IDLE_S = 60
"""How long a child is kept for the next job."""

START_S = 60
"""How long a child may take to import everything."""

NO_SOURCES = Sources()

AT_A_TIME = 2
"""Children that are started at once: each takes a processor for half a second."""


class ChildDied(StepError):
    """A child died while it executed a step: the step's own doing."""

    code = "worker_lost"

    def __init__(self, why: str) -> None:
        super().__init__(f"The process that executed it {why}; what it did may have happened.")
        self.why = why


class NoChild(StepError):
    code = "no_child_process"

    def __init__(self, why: str) -> None:
        super().__init__(f"No child process could be started: {why}. The worker's log says more.")


@dataclass(slots=True, eq=False)
class _Child:
    process: subprocess.Popen[bytes]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    end: asyncio.TimerHandle | None = None
    """Ends it when it is idle for too long."""
    is_killed: bool = False

    def kill(self) -> None:
        """End it and whatever it has started, also if it is dead itself; once, for then the number may be another's."""
        if not self.is_killed:
            self.is_killed = True
            self.writer.close()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


class Children:
    """At most `most` at once, others wait in line. Everything happens on one event loop."""

    def __init__(  # noqa: PLR0913 - what children may use, and what they are told
        self,
        *,
        most: int,
        memory_mb: int,
        patience_s: float,
        idle_s: float = IDLE_S,
        sources: Sources = NO_SOURCES,
        reveal: Reveal | None = None,
    ) -> None:
        self._reveal = reveal
        self._most = most
        self._memory_mb = memory_mb
        self._sources = orjson.dumps(sources.plain()).decode()
        self._patience_s = patience_s
        self._idle_s = idle_s
        self._line: deque[asyncio.Future[_Child]] = deque()
        self._idle: list[_Child] = []
        self._all: set[_Child] = set()
        self._starting: set[asyncio.Task[_Child]] = set()
        self._guard = Guard()

    async def call_tool(self, ctx: StepContext, tool: Tool, arguments: dict[str, Any]) -> Any:
        """The tool's result.

        Raises:
            StepError: the tool failed or took too long.
            ChildDied
        """
        job = {"tool": tool.name, "arguments": arguments, "beats": False}
        try:
            return await self._run(job, ctx, tool.timeout_s)
        except TooLong:
            raise too_long(tool) from None

    async def call_step(self, kind: NodeType, params: Mapping[str, Any], ctx: StepContext) -> Any:
        """The output of a whole step; the step's own time limit is its caller's to hold.

        Raises:
            StepError: the step failed.
            ChildDied: also when the event loop of the child no longer turns.
        """
        beats = kind.runs(params, ctx.catalogue) is not Runs.APART
        return await self._run({"step": kind.name, "params": params, "beats": beats}, ctx, None)

    @property
    def free(self) -> int:
        """How many could come now without waiting in line."""
        return self._most - (len(self._all) + len(self._starting) - len(self._idle))

    @property
    def pids(self) -> list[int]:
        """The processes there are now."""
        return sorted(child.process.pid for child in self._all)

    async def close(self) -> None:
        """End all of them; nobody may wait for one any more."""
        for starting in list(self._starting):
            starting.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        for child in list(self._all):
            if child.end:
                child.end.cancel()
            self._drop(child)
        await asyncio.to_thread(self._guard.close)

    async def _run(self, job: dict[str, Any], ctx: StepContext, timeout_s: float | None) -> Any:
        frame = framed(job | {"ctx": plain_context(ctx)})
        with standing_still():
            child = await self._borrow()
        is_good = False
        try:
            async with in_time(timeout_s):
                reply = await self._reply(child, frame, ctx, self._patience_s if job["beats"] else None)
            is_good = not reply["spent"]
        except Broken:
            raise ChildDied(await self._why(child)) from None
        except _Silent:
            raise ChildDied(f"did not answer for {self._patience_s:g} s and was killed") from None
        finally:
            self._give_back(child, is_good=is_good)
        return _taken_over(reply, ctx)

    async def _reply(
        self, child: _Child, frame: bytes, ctx: StepContext, patience_s: float | None
    ) -> dict[str, Any]:
        """What the child answers in the end; on the way it may ask for what only its worker has, show words, or put notes on record."""
        child.writer.write(frame)
        while True:
            try:
                async with in_time(patience_s):
                    said: dict[str, Any] = await receive(child.reader)
            except TooLong:
                raise _Silent from None
            if "memory" in said:
                child.writer.write(framed(await asyncio.to_thread(_recalled, ctx.memory, said)))
            elif "words" in said:
                ctx.stream(said["words"], turn=said["turn"], is_last=said["is_last"])
            elif "notes" in said:
                await _noted(ctx, said["notes"])
                child.writer.write(framed({"value": dict(ctx.spent)}))
            elif "ask" in said:
                child.writer.write(framed({"value": await self._asked(ctx, said)}))
            elif "spent" in said:
                return said

    async def _asked(self, ctx: StepContext, question: dict[str, Any]) -> Any:
        """What a child needs of its worker: an address for a signal, a place within a tool's rate, headers' secrets."""
        if question["ask"] == "signal_url" and ctx.signal_url is not None:
            return ctx.signal_url(*question["arguments"])
        if question["ask"] == "take" and ctx.limiter is not None:
            times, per_s, per_room, what = question["arguments"]
            return await ctx.limiter.take(Rate(times, per_s, per_room), what)
        if question["ask"] == "secrets" and self._reveal is not None:
            try:
                return dict(await asyncio.to_thread(self._reveal, question["arguments"]))
            except OpenRoomsError:
                return {}  # the child says that it has none
        raise Broken

    async def _borrow(self) -> _Child:
        """The first child that is free or has just been started."""
        while self._idle:
            child = self._idle.pop()
            if child.end:
                child.end.cancel()
            if child.process.poll() is None:
                return child
            self._drop(child)
        waiter: asyncio.Future[_Child] = asyncio.get_running_loop().create_future()
        self._line.append(waiter)
        self._start_more()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._offer(waiter.result())
            raise

    def _give_back(self, child: _Child, *, is_good: bool) -> None:
        if is_good:
            self._offer(child)
        else:
            self._drop(child)
            self._start_more()

    def _offer(self, child: _Child) -> None:
        waiter = self._next_in_line()
        if waiter is not None:
            waiter.set_result(child)
        else:
            child.end = asyncio.get_running_loop().call_later(self._idle_s, self._end_idle, child)
            self._idle.append(child)

    def _next_in_line(self) -> asyncio.Future[_Child] | None:
        while self._line:
            waiter = self._line.popleft()
            if not waiter.done():
                return waiter
        return None

    def _end_idle(self, child: _Child) -> None:
        self._idle.remove(child)
        self._drop(child)

    def _kill(self, child: _Child) -> None:
        child.kill()
        self._guard.discard(child.process.pid)

    def _drop(self, child: _Child) -> None:
        self._kill(child)
        self._all.discard(child)
        asyncio.get_running_loop().run_in_executor(None, child.process.wait)  # it is dying: no zombie stays

    def _start_more(self) -> None:
        """Start children for those in line, a few at a time: one that is soon free may serve many."""
        waiting = sum(not waiter.done() for waiter in self._line)
        while len(self._starting) < min(waiting, AT_A_TIME) and self._count < self._most:
            # in a context of its own: whoever happens to be first in line does not own it
            starting = asyncio.get_running_loop().create_task(self._start(), context=Context())
            self._starting.add(starting)
            starting.add_done_callback(self._started)

    @property
    def _count(self) -> int:
        return len(self._all) + len(self._starting)

    def _started(self, starting: asyncio.Task[_Child]) -> None:
        self._starting.discard(starting)
        if starting.cancelled():
            return
        error = starting.exception()
        if error is None:
            child = starting.result()
            self._all.add(child)
            self._offer(child)
        elif (waiter := self._next_in_line()) is not None:
            waiter.set_exception(error if isinstance(error, NoChild) else NoChild(str(error)))
        self._start_more()

    async def _start(self) -> _Child:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-X", "faulthandler", "-m", "engine.isolation.child"]
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own command line
                [*command, str(theirs.fileno()), str(self._memory_mb), self._sources],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                env=environment_for_others(),
                start_new_session=True,  # Ctrl-C is the worker's to hear; and its group can be killed as one
            )
        reader, writer = await asyncio.open_connection(sock=ours)
        child = _Child(process, reader, writer)
        try:
            self._guard.add(process.pid)
            async with in_time(START_S):
                await receive(reader)
        except (Broken, TooLong):
            raise NoChild(await self._why(child)) from None
        except BaseException:
            self._drop(child)
            raise
        return child

    async def _why(self, child: _Child) -> str:
        """How a child has ended that does not speak any more."""
        self._kill(child)
        code = await asyncio.to_thread(child.process.wait)
        if code == OUT_OF_MEMORY:
            return f"ran out of the {self._memory_mb} MB of memory that a child may use"
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


class _Silent(Exception):
    pass


_READS = ("get", "search", "size", "history", "conversation")


def _recalled(memory: RoomMemory, question: dict[str, Any]) -> dict[str, Any]:
    """The answer to a child's question about the room's memory."""
    if question["memory"] not in _READS:
        raise Broken
    try:
        return {"value": getattr(memory, question["memory"])(*question["arguments"])}
    except OpenRoomsError as error:
        return {"error": told(error)}


async def _noted(ctx: StepContext, notes: list[dict[str, Any]]) -> None:
    """Put a child's notes on record, on disk before it goes on."""
    for note in notes:
        ctx.note(note)
    if ctx.recorder is not None:
        await ctx.recorder.kept()


def _taken_over(reply: dict[str, Any], ctx: StepContext) -> Any:
    """The output, once all that the child's context has gathered is in ours."""
    for key, value in reply["remember"].items():
        ctx.write(key, value, reply["about"].get(key))
    ctx.said += reply["said"]
    ctx.trace += reply["trace"]
    ctx.spend(Usage.model_validate(reply["usage"]))
    if "asks" in reply:
        raise Rests(reply["asks"])
    if error := reply.get("error"):
        raise StepError.of(error)
    return reply["output"]
