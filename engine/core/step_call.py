"""Calls a node type's function with a config that is checked first: one door for workers and child processes."""

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import ValidationError

from engine.core.catalogue import NodeType, StepContext, StepError
from engine.core.errors import OpenRoomsError


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


def told(error: BaseException) -> dict[str, Any]:
    """A failure as plain JSON: {code, message}, `retryable` where it is false, `retry_after_s` where it is known."""
    if not isinstance(error, OpenRoomsError):
        return {"code": "step_crashed", "message": f"{type(error).__name__}: {error}"[:2000]}
    plain: dict[str, Any] = {"code": error.code, "message": str(error)[:4000]}
    if not getattr(error, "retryable", True):
        plain["retryable"] = False
    if (retry_after_s := getattr(error, "retry_after_s", None)) is not None:
        plain["retry_after_s"] = retry_after_s
    return plain
