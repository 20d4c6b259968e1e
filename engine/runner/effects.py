"""Executes steps: pure ones at once, the others on one asyncio loop per process, where waiting costs no thread."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from engine.core.catalogue import Catalogue, NodeType, StepContext, StepError
from engine.core.errors import OpenRoomsError
from engine.core.inputs import Execute, Result
from engine.failpoints import Point, reach

log = logging.getLogger(__name__)

OUTPUT_BYTES = 1_048_576
"""The largest output of a step, as JSON."""


@dataclass(frozen=True, slots=True)
class Work:
    """A step to execute, with all it may use."""

    command: Execute
    kind: NodeType
    ctx: StepContext


class Effects:
    """The loop on which steps wait for the world, in a thread of its own."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="effects", daemon=True)
        self._thread.start()

    def begin(self, work: Work, done: Callable[[Result], None]) -> Future[Result]:
        """Start a step; `done` gets its result unless it is cancelled first."""
        future = asyncio.run_coroutine_threadsafe(_watched(work), self._loop)

        def tell(finished: Future[Result]) -> None:
            if not finished.cancelled():
                done(finished.result())

        future.add_done_callback(tell)
        return future

    def run_now(self, work: Work) -> Result:
        """A pure step's result, computed in this thread; on the loop if it has to wait after all."""
        coroutine = _execute(work, None)
        try:
            coroutine.send(None)
        except StopIteration as finished:
            result: Result = finished.value
            return result
        coroutine.close()
        return asyncio.run_coroutine_threadsafe(_execute(work, work.command.timeout_s), self._loop).result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        for provider in self._catalogue.providers:
            if provider.close is not None:
                self._loop.run_until_complete(provider.close())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


async def _watched(work: Work) -> Result:
    """A step that touches the world."""
    reach(Point.BEFORE_EFFECT)
    result = await _execute(work, work.command.timeout_s)
    reach(Point.AFTER_EFFECT)
    return result


async def _execute(work: Work, timeout_s: float | None) -> Result:
    """The step's result; whatever goes wrong becomes a FAILURE with a code."""
    try:
        output = await _in_time(_call(work), timeout_s)
        if len(orjson.dumps(output)) > OUTPUT_BYTES:
            raise StepError(
                f"The output is larger than {OUTPUT_BYTES} bytes of JSON.",
                code="output_too_large",
                retryable=False,
            )
    except _TooLong:
        message = f"The step took longer than {work.command.timeout_s:g} s."
        return _result(work, outcome="TIMEOUT", error={"code": "timeout", "message": message})
    except OpenRoomsError as error:
        return _result(work, outcome="FAILURE", error=_error(error))
    except Exception as error:
        log.exception("node %s of run %s crashed", work.command.node, work.ctx.run_id)
        message = f"{type(error).__name__}: {error}"[:2000]
        return _result(work, outcome="FAILURE", error={"code": "step_crashed", "message": message})
    return _result(work, output=output)


class _TooLong(Exception):
    pass


async def _in_time(coroutine: Coroutine[Any, Any, Any], timeout_s: float | None) -> Any:
    if timeout_s is None:
        return await coroutine
    try:
        async with asyncio.timeout(timeout_s) as limit:
            return await coroutine
    except TimeoutError:
        if limit.expired():
            raise _TooLong from None
        raise


async def _call(work: Work) -> Any:
    if work.kind.execute is None:
        raise StepError(f"Nodes of type {work.kind.name} are not executed.", code="bad_node", retryable=False)
    try:
        params = work.kind.params.model_validate_json(orjson.dumps(work.command.params))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5]
        )
        raise StepError(
            f"With this run's values the config does not fit: {faults}.", code="bad_config", retryable=False
        ) from None
    return await work.kind.execute(params, work.ctx)


def _error(error: OpenRoomsError) -> dict[str, Any]:
    retryable = getattr(error, "retryable", True)
    told = {"code": error.code, "message": str(error)[:4000]}
    return told if retryable else {**told, "retryable": False}


def _result(
    work: Work, *, outcome: str = "SUCCESS", output: Any = None, error: dict[str, Any] | None = None
) -> Result:
    ctx = work.ctx
    usage = {}
    if ctx.usage.tokens or ctx.usage.cost_usd:
        usage = {
            "tokens": ctx.usage.tokens,
            "input_tokens": ctx.usage.input_tokens,
            "output_tokens": ctx.usage.output_tokens,
            "cost_usd": ctx.usage.cost_usd,
        }
    return Result(
        activation=work.command.activation,
        attempt=work.command.attempt,
        outcome=outcome,
        output=output,
        error={**error, "node_id": work.command.node} if error else None,
        remember=dict(ctx.remember),
        said=tuple(ctx.said) if outcome == "SUCCESS" else (),
        usage=usage,
        trace=tuple(ctx.trace),
    )
