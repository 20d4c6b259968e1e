"""What the server answers with, as values: times are datetimes, and fields of a newer server are kept as they come."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


T = TypeVar("T")


class Page(Value, Generic[T]):
    """`next_cursor` is None on the last page."""

    items: list[T]
    next_cursor: str | None = None

    def __iter__(self) -> Iterator[T]:  # type: ignore[override] # of items, not of fields
        return iter(self.items)


class Problem(Value):
    code: str
    severity: str
    message: str
    node_id: str | None = None
    transition_id: str | None = None
    path: str = ""


class Findings(Value):
    valid: bool
    problems: list[Problem]


class LastRun(Value):
    id: str
    room_id: str
    number: int
    status: str
    created_at: datetime


class WorkflowSummary(Value):
    id: str
    name: str
    status: str
    revision: int
    error_count: int
    latest_version: int | None
    published_at: datetime | None = None
    published_by_name: str | None = None
    room_count: int
    last_run: LastRun | None
    created_at: datetime
    updated_at: datetime
    created_by: str | None
    saved_by_name: str | None = None


class Workflow(WorkflowSummary):
    draft: dict[str, Any]
    problems: list[Problem]
    draft_matches_version: bool


class VersionSummary(Value):
    workflow_id: str
    version: int
    sha256: str
    meaning_sha256: str
    note: str
    created_at: datetime
    created_by: str | None
    created_by_name: str | None = None


class Version(VersionSummary):
    document: dict[str, Any]


class Template(Value):
    id: str
    name: str
    description: str
    document: dict[str, Any]


class Room(Value):
    id: str
    name: str
    workflow_id: str
    workflow_name: str
    version: int | str
    config: dict[str, Any]
    metadata: dict[str, Any]
    queue_runs: bool
    status: str
    last_run_number: int
    created_at: datetime
    updated_at: datetime
    created_by: str | None
    is_passing: bool


class Accepted(Value):
    """What was asked will be done; `status` is that of the run at this moment."""

    run_id: str
    room_id: str
    number: int
    version: int
    status: str


class Run(Value):
    id: str
    room_id: str
    workflow_id: str
    version: int
    number: int
    status: str
    input: Any
    output: Any
    error: dict[str, Any] | None
    steps: int
    tokens: int
    cost_usd: float
    seq: int
    fingerprint: str | None
    retry_of: str | None
    trial: dict[str, Any] | None = None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def is_over(self) -> bool:
        return self.status in ("COMPLETED", "FAILED", "CANCELLED")


class MemoryEntry(Value):
    """`is_embedded` says whether it can be found by its meaning."""

    key: str
    value: Any
    revision: int
    run_id: str | None
    updated_at: datetime
    kind: str
    expires_at: datetime | None
    metadata: dict[str, Any]
    is_embedded: bool


class Turn(Value):
    """Role `summary` stands for what was said before."""

    id: int
    role: str
    content: str
    run_id: str
    at: datetime


class Times(Value):
    items: list[datetime]

    def __iter__(self) -> Iterator[datetime]:  # type: ignore[override] # of times, not of fields
        return iter(self.items)


class Schedule(Value):
    """`next_due_at` is None while it is off, and when its time never comes again."""

    id: str
    room_id: str
    name: str
    cron: str
    zone: str
    input: Any
    enabled: bool
    overlap: str
    catch_up: str
    next_due_at: datetime | None
    created_at: datetime
    updated_at: datetime


class Firing(Value):
    """What became of a due time; `code` says why it was skipped."""

    due_at: datetime
    fired_at: datetime
    outcome: str
    run_id: str | None
    code: str | None
    message: str


class Hook(Value):
    id: str
    room_id: str
    name: str
    signing: str
    signal: str | None
    mapping: Any
    headers: list[str]
    enabled: bool
    created_at: datetime
    updated_at: datetime


class OpenedHook(Value):
    """`url` and `secret` are shown this once."""

    hook: Hook
    url: str
    secret: str | None


class Delivery(Value):
    """What came to a hook; `code` says why it was refused."""

    id: str
    delivery_id: str
    at: datetime
    run_id: str | None
    code: str | None
    message: str


class Subscription(Value):
    """`off_reason` says why it was switched off by itself."""

    id: str
    name: str
    url: str
    events: list[str]
    room_id: str | None
    enabled: bool
    off_reason: str | None
    failing_since: datetime | None
    created_at: datetime
    updated_at: datetime


class OpenedSubscription(Value):
    """`secret` is shown this once."""

    subscription: Subscription
    secret: str


class Notice(Value):
    """One event told to one subscription; its id is the `X-OpenRooms-Delivery` of every attempt."""

    id: str
    run_id: str
    seq: int
    type: str
    status: str
    attempts: int
    next_at: datetime
    response_status: int | None
    error: str | None
    created_at: datetime
    done_at: datetime | None


class AgentSummary(Value):
    """`version` is its latest."""

    id: str
    name: str
    version: int
    created_at: datetime
    updated_at: datetime
    created_by: str | None


class Agent(AgentSummary):
    spec: dict[str, Any]
    note: str


class AgentVersion(Value):
    agent_id: str
    version: int
    spec: dict[str, Any]
    note: str
    created_at: datetime
    created_by: str | None
    created_by_name: str | None = None


class AgentTried(Value):
    reply: dict[str, Any]
    turns: tuple[dict[str, Any], ...]
    duration_ms: float


class Tool(Value):
    name: str
    title: str
    description: str
    category: str
    effect: str
    timeout_s: float
    parameters: dict[str, Any]
    returns: dict[str, Any] | None
    rate: dict[str, Any] | None
    origin: str
    examples: list[dict[str, Any]]


class Tried(Value):
    result: Any
    remembered: dict[str, Any]
    duration_ms: float


class Provider(Value):
    name: str
    title: str
    configured: bool
    key_from: str
    models: list[str]
    models_from: str
    note: str


class Health(Value):
    status: str
    checks: dict[str, dict[str, Any]]


class User(Value):
    id: str
    name: str
    role: str
    active: bool
    created_at: datetime


class ApiKey(Value):
    id: str
    name: str
    user_id: str
    user_name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


class MadeKey(ApiKey):
    """`key` is shown this once."""

    key: str


class Secret(Value):
    name: str
    created_at: datetime
    updated_at: datetime
    created_by: str | None


class Rotated(Value):
    """`is_key_new`: a new master key was made; else the environment's first key is in use now."""

    secrets: int
    is_key_new: bool


class AuditEntry(Value):
    id: int
    at: datetime
    user_id: str | None
    user_name: str | None
    action: str
    target: str
    target_name: str | None
    detail: dict[str, Any]


class Verdict(Value):
    is_intact: bool
    broken_at: int | None
