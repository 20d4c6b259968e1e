"""Calls a node type's function with a config that is checked first: one door for workers and child processes."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from pydantic import ValidationError

from engine.core.catalogue import NodeType, StepContext, StepError
from engine.core.characters import whole
from engine.core.depth import MOST, is_too_deep
from engine.core.errors import OpenRoomsError

OUTPUT_BYTES = 1_048_576
"""The largest output of a step, as JSON."""


async def call_step(kind: NodeType, params: Mapping[str, Any], ctx: StepContext) -> Any:
    """The step's output as plain JSON; `params` are rendered.

    Raises:
        StepError: the config doesn't fit with this run's values, or the step failed.
    """
    if kind.execute is None:
        raise StepError(f"Nodes of type {kind.name} are not executed.", code="bad_node", retryable=False)
    try:
        checked = kind.params.model_validate_json(orjson.dumps(params))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5]
        )
        raise StepError(
            f"With this run's values the config does not fit: {faults}.", code="bad_config", retryable=False
        ) from None
    return await kind.execute(checked, ctx)


def as_recorded(
    output: Any,
    *,
    most: int = OUTPUT_BYTES,
    what: str = "output",
    loads: Callable[[bytes], Any] = orjson.loads,
) -> Any:
    """The output as the log will have it, so that a replay sees what the run saw: plain JSON and nothing shared.

    Raises:
        StepError: it is no JSON, larger than `most` bytes, or too deep.
    """
    try:
        raw = orjson.dumps(output)
    except (TypeError, UnicodeEncodeError) as error:
        raise StepError(f"The {what} is no JSON: {error}.", code="bad_output", retryable=False) from None
    if len(raw) > most:
        raise StepError(
            f"The {what} is larger than {most} bytes of JSON.", code="output_too_large", retryable=False
        )
    if is_too_deep(raw):
        raise StepError(
            f"The {what} is nested more than {MOST} levels deep.", code="output_too_deep", retryable=False
        )
    return loads(raw)


def told(error: BaseException) -> dict[str, Any]:
    """A failure as plain JSON: {code, message}, `retryable` where it is false, `retry_after_s` where it is known."""
    if not isinstance(error, OpenRoomsError):
        return {"code": "step_crashed", "message": f"{type(error).__name__}: {_words(error)}"[:2000]}
    plain: dict[str, Any] = {"code": error.code, "message": _words(error)[:4000]}
    if not getattr(error, "retryable", True):
        plain["retryable"] = False
    if (retry_after_s := getattr(error, "retry_after_s", None)) is not None:
        plain["retry_after_s"] = retry_after_s
    return plain


def _words(error: BaseException) -> str:
    """What it says, as text that can be kept; others may have written it, and it may itself be broken."""
    try:
        return whole(str(error))
    except Exception:  # noqa: BLE001 - anything may be in an exception's __str__
        return "it does not say what is wrong"
