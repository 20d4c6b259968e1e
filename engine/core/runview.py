"""A run as outsiders see it."""

from typing import Any

from pydantic import JsonValue

from engine.core.document import Frozen
from engine.core.instant import Instant
from engine.core.run import RunStatus


class Run(Frozen):
    """One passage of a version. `steps` counts the steps entered, `tokens` those a model read and wrote."""

    id: str
    room_id: str
    workflow_id: str
    version: int
    number: int
    status: RunStatus
    input: JsonValue = None
    output: JsonValue = None
    error: dict[str, Any] | None = None
    steps: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    seq: int = 0
    fingerprint: str | None = None
    retry_of: str | None = None
    trial: dict[str, Any] | None = None
    """Of a run for trying out: {pins: [node], until, only}, what there is of it."""
    created_at: Instant
    started_at: Instant | None = None
    ended_at: Instant | None = None
