"""A room: the lasting place of one workflow, with its memory, its settings and its runs."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from engine.core.document import Frozen
from engine.core.instant import Instant
from engine.core.policy import Policy

LATEST: Literal["latest"] = "latest"

Pinned = Annotated[int, Field(ge=1, le=2**31 - 1)] | Literal["latest"]
"""The version that a room runs: a number, or whichever is the latest when a run starts."""

MAX_NAME = 200
MAX_METADATA_BYTES = 65_536


class RoomStatus(StrEnum):
    """That of the room's run, which is the one that holds it, or else its last."""

    IDLE = "IDLE"
    """Never run."""
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    WAITING = "WAITING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class RoomConfig(Frozen):
    """What a room's runs take instead of their workflow's own settings; absent fields change nothing."""

    max_steps: int | None = Field(None, ge=1, le=10_000_000)
    max_duration_s: float | None = Field(None, gt=0, le=31_622_400, description="seconds that a run may take")
    max_tokens: int | None = Field(None, ge=1, le=1_000_000_000, description="tokens of models in one run")
    max_cost_usd: float | None = Field(None, ge=0, le=1_000_000)
    temperature: float | None = Field(None, ge=0, le=2, description="of every model")
    policy: Policy | None = Field(
        None, description="what agents may do here; the stricter of this and theirs holds"
    )


class Room(Frozen):
    """`config` holds the fields that were set; `last_run_number` is 0 before the first run.

    A passing room was made for one call, and goes some days after it; whoever changes it keeps it.
    """

    id: str
    name: str
    workflow_id: str
    workflow_name: str
    version: Pinned
    config: RoomConfig
    metadata: dict[str, Any]
    queue_runs: bool
    status: RoomStatus
    last_run_number: int
    created_at: Instant
    updated_at: Instant
    created_by: str | None = None
    is_passing: bool = False


class NewRoom(Frozen):
    name: str = Field(min_length=1, max_length=MAX_NAME)
    workflow_id: str = Field(min_length=1, max_length=36)
    version: Pinned = LATEST
    config: RoomConfig = RoomConfig()
    metadata: dict[str, Any] = Field(default={})
    queue_runs: bool = Field(False, description="a run asked for while another goes on waits in line")


class RoomPatch(Frozen):
    """What to change; fields that are absent stay. `config` and `metadata` are replaced whole."""

    name: str | None = Field(None, min_length=1, max_length=MAX_NAME)
    version: Pinned | None = None
    config: RoomConfig | None = None
    metadata: dict[str, Any] | None = None
    queue_runs: bool | None = None
