"""Tools that change the world outside: each call adds one line to a file that nobody ever rewrites.

Workers find them by an entry point, as they find anybody's tools. What they return does not depend on the attempt,
so that runs with and without kills have the same fingerprint.
"""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from engine.core.catalogue import Effect, Runs, StepContext, StepError, tool
from engine.core.document import Frozen

FILE = "CRASH_LEDGER"
"""The environment variable that names the file."""


class Params(Frozen):
    before_ms: float = Field(0, description="rest before the line is written")
    after_ms: float = Field(0, description="rest between the line and the return")
    until: str = Field("", description="a file that the return waits for, after the line was written")
    fails: int = Field(0, description="attempts that fail after the line was written")
    returns_kb: int = Field(0, description="how much is returned besides")


async def _act(params: Params, ctx: StepContext, effect: Effect) -> Any:
    await asyncio.sleep(params.before_ms / 1000)
    _write(ctx, effect)
    await asyncio.sleep(params.after_ms / 1000)
    while params.until and not Path(params.until).exists():
        await asyncio.sleep(0.01)
    return _answer(params, ctx)


def _write(ctx: StepContext, effect: Effect) -> None:
    entry = {
        "run": ctx.run_id,
        "activation": ctx.activation,
        "attempt": ctx.attempt,
        "key": ctx.idempotency_key,
        "effect": effect.value,
        "pid": os.getpid(),
    }
    file = os.open(os.environ[FILE], os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        os.write(file, json.dumps(entry).encode() + b"\n")  # in one piece: it is shorter than a page
    finally:
        os.close(file)


def _answer(params: Params, ctx: StepContext) -> dict[str, Any]:
    if ctx.attempt <= params.fails:
        raise StepError(f"Attempt {ctx.attempt} is meant to fail.", code="meant_to_fail")
    return {"activation": ctx.activation, "more": "x" * (1024 * params.returns_kb)}


@tool(Params, title="Ledger: external", category="test", effect=Effect.EXTERNAL)
async def ledger_external(params: Params, ctx: StepContext) -> Any:
    """Write a line; repeated after a crash with the same key."""
    return await _act(params, ctx, Effect.EXTERNAL)


@tool(Params, title="Ledger: idempotent", category="test", effect=Effect.IDEMPOTENT)
async def ledger_idempotent(params: Params, ctx: StepContext) -> Any:
    """Write a line; repeated freely."""
    return await _act(params, ctx, Effect.IDEMPOTENT)


@tool(Params, title="Ledger: at most once", category="test", effect=Effect.AT_MOST_ONCE)
async def ledger_once(params: Params, ctx: StepContext) -> Any:
    """Write a line; never repeated after a crash."""
    return await _act(params, ctx, Effect.AT_MOST_ONCE)


@tool(Params, title="Ledger: at once", category="test", effect=Effect.EXTERNAL, runs=Runs.AT_ONCE)
def ledger_at_once(params: Params, ctx: StepContext) -> Any:
    """As the external one, without rests, by the driver's own thread."""
    _write(ctx, Effect.EXTERNAL)
    return _answer(params, ctx)


TOOLS = (ledger_external, ledger_idempotent, ledger_once, ledger_at_once)


@dataclass(frozen=True)
class Entry:
    """One line: this step of this run took effect."""

    run: str
    activation: str
    attempt: int
    key: str
    effect: str
    pid: int


def read(file: Path) -> list[Entry]:
    if not file.exists():
        return []
    return [Entry(**json.loads(line)) for line in file.read_text().splitlines()]


def enter(folder: Path) -> None:
    """Make `folder` a place that lists the tools as a package's entry points, for PYTHONPATH."""
    info = folder / "crash_ledger-1.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: crash-ledger\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[openrooms.tools]\nledger = {__name__}\n")
