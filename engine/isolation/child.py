"""What a child process does: executes one job after another until its worker ends it, or is gone itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import socket
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson

from engine.core.catalogue import Catalogue, StepContext, StepError, Tool
from engine.core.checkpoints import Rests
from engine.core.discovery import discover
from engine.core.rates import Rate
from engine.core.step_call import call_step, told
from engine.core.tool_call import call_tool, too_long
from engine.hiding import HIDDEN, hide_in_logs
from engine.isolation.frames import Broken, Wire, framed
from engine.supply import Sources, Supply
from engine.supply.sources import BadSource

log = logging.getLogger(__name__)

BEAT_S = 1.0
"""How often a child with an event loop says that the loop still turns."""

OUT_OF_MEMORY = 71
"""The exit code of a child that has reached its cap: what is left of it is not worth trusting."""

CONTEXT = (
    "run_id",
    "room_id",
    "node_id",
    "activation",
    "attempt",
    "idempotency_key",
    "now_us",
    "settings",
    "hidden",
    "open_urls",
    "recorded",
    "spent",
)
"""The fields of a context that a child is sent as they are."""


@dataclass(frozen=True, slots=True)
class AskedMemory:
    """The room's memory, read by the worker: a child needs no database."""

    wire: Wire

    def get(self, key: str) -> Any:
        return self._ask("get", key)

    def search(self, query: str, limit: int, how: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("search", query, limit, how)
        return found

    def size(self, without: str) -> dict[str, int]:
        found: dict[str, int] = self._ask("size", without)
        return found

    def conversation(self, limit: int) -> dict[str, Any]:
        found: dict[str, Any] = self._ask("conversation", limit)
        return found

    def history(self, limit: int) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self._ask("history", limit)
        return found

    def _ask(self, name: str, *arguments: Any) -> Any:
        answer = self.wire.ask({"memory": name, "arguments": arguments})
        if error := answer.get("error"):
            raise StepError.of(error)
        return answer["value"]


@dataclass(slots=True)
class AskedRecorder:
    """The step's record, which the worker keeps: each note is on disk when the child goes on, and what others spent known."""

    wire: Wire
    spent: dict[str, float]

    def add(self, note: dict[str, Any]) -> None:
        note.update(HIDDEN.loads(orjson.dumps(note)))
        self.spent.update(self.wire.ask({"notes": [note]})["value"])

    async def kept(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class AskedLimiter:
    """The rates of tools, kept by the worker."""

    wire: Wire

    async def take(self, rate: Rate, what: str) -> float:
        arguments = (rate.times, rate.per_s, rate.per_room, what)
        answer = await asyncio.to_thread(self.wire.ask, {"ask": "take", "arguments": arguments})
        return float(answer["value"])


class Child:
    """One at a time: a tool, called in this thread, or a whole step on an event loop."""

    def __init__(self, wire: Wire, catalogue: Catalogue, supply: Supply | None = None) -> None:
        self._wire = wire
        self._catalogue = catalogue
        self._supply = supply
        self._is_spent = False

    def work(self) -> None:
        """Answer jobs until the worker hangs up."""
        with asyncio.Runner() as runner, contextlib.suppress(Broken, BrokenPipeError, ConnectionError):
            while True:
                self._wire.send(runner.run(self._answer(self._wire.receive())))

    async def _answer(self, job: dict[str, Any]) -> bytes:
        if self._supply is not None:
            self._supply.look()  # a tool may have changed since the last job
        ctx = self._context(job["ctx"])
        beating = asyncio.create_task(self._beat()) if job["beats"] else None
        reply: dict[str, Any] = {}
        try:
            reply["output"] = await self._call(job, ctx)
            framed(reply)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        except Rests as rests:
            reply = {"asks": rests.asks}
        except (Exception, SystemExit) as error:
            if not isinstance(error, StepError):
                log.exception("node %s of run %s crashed", ctx.node_id, ctx.run_id)
            reply = {"error": told(error)}
        finally:
            if beating:
                beating.cancel()
        reply |= {
            "remember": ctx.remember,
            "about": ctx.about,
            "said": ctx.said,
            "trace": ctx.trace,
            "usage": ctx.usage.model_dump(),
            "spent": self._is_spent,
        }
        return _framed(reply)

    async def _call(self, job: dict[str, Any], ctx: StepContext) -> Any:
        if "tool" in job:
            return await call_tool(ctx, job["tool"], job["arguments"])
        kind = self._catalogue.node_types[job["step"]]

        ctx.call_apart = self._in_thread
        ctx.spent = spent = dict(ctx.spent)
        ctx.recorder = AskedRecorder(self._wire, spent)
        ctx.limiter = AskedLimiter(self._wire) if job["ctx"]["limits"] else None
        return await call_step(kind, job["params"], ctx)

    async def _in_thread(self, ctx: StepContext, tool: Tool, arguments: dict[str, Any]) -> Any:
        """A tool that blocks, inside a step that is here as a whole: the loop must go on beating meanwhile."""
        inner = replace(ctx, call_apart=None)
        called = asyncio.to_thread(asyncio.run, call_tool(inner, tool.name, arguments))
        try:
            return await asyncio.wait_for(called, tool.timeout_s)
        except TimeoutError:
            self._is_spent = True  # the thread goes on: nobody may use this process again
            raise too_long(tool) from None

    async def _beat(self) -> None:
        beat = framed({"beat": True})
        while True:
            await asyncio.sleep(BEAT_S)
            self._wire.send(beat)

    def _context(self, plain: dict[str, Any]) -> StepContext:
        given = {name: plain[name] for name in CONTEXT}
        HIDDEN.add(given["hidden"])
        HIDDEN.add(str(value) for name, value in given["settings"].items() if name.endswith("_key"))
        return StepContext(
            **given,
            memory=AskedMemory(self._wire),
            catalogue=self._catalogue,
            remember=plain["remember"],
            show=self._show,
            signal_url=self._signal_url if plain["in_run"] else None,
            about=plain["about"],
        )

    def _show(self, text: str, *, turn: int, is_last: bool) -> None:
        self._wire.send(framed({"words": text, "turn": turn, "is_last": is_last}))

    def _signal_url(self, signal: str, expires_us: int) -> str:
        return str(self._wire.ask({"ask": "signal_url", "arguments": (signal, expires_us)})["value"])


def plain_context(ctx: StepContext) -> dict[str, Any]:
    """What a child is told of a step's context."""
    has = {"limits": ctx.limiter is not None, "in_run": ctx.signal_url is not None}
    beside = {"remember": ctx.remember, "about": ctx.about}
    return {name: getattr(ctx, name) for name in CONTEXT} | beside | has


def _framed(reply: dict[str, Any]) -> bytes:
    try:
        return framed(reply)
    except (TypeError, ValueError) as error:
        kept = {
            "error": told(error),
            "remember": {},
            "about": {},
            "said": [],
            "trace": [],
            "spent": reply["spent"],
        }
        return framed({**kept, "usage": reply["usage"]})


def _limit(memory_mb: int) -> None:
    """Cap our own memory, and step forward when the system has to choose whom to kill."""
    if memory_mb:
        cap = memory_mb * 1_048_576
        resource.setrlimit(resource.RLIMIT_DATA, (cap, cap))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("500")


def _revealed(wire: Wire, names: Collection[str]) -> dict[str, str]:
    """Secrets that the headers of an operator's servers name, from the worker."""
    values: dict[str, str] = wire.ask({"ask": "secrets", "arguments": sorted(names)})["value"]
    if missing := set(names) - values.keys():
        raise BadSource(f"There is no secret {', '.join(sorted(missing))} here, which its headers name.")
    HIDDEN.add(values.values())
    return values


def main() -> None:
    """`python -m engine.isolation.child FD MEMORY_MB SOURCES`; the last is JSON."""
    sock = socket.socket(fileno=int(sys.argv[1]))
    os.register_at_fork(after_in_child=sock.close)  # a copy of it would hide our death from our worker
    _limit(int(sys.argv[2]))
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    hide_in_logs()
    catalogue = discover()
    wire = Wire(sock)
    supply = Supply(Sources(**orjson.loads(sys.argv[3])), catalogue, partial(_revealed, wire))
    wire.send(framed({"ready": True}))
    Child(wire, catalogue, supply).work()


if __name__ == "__main__":
    main()
    os._exit(0)  # a thread that still hangs in somebody's code must not hold us
