"""The workflow document: its nodes and transitions as frozen values, read strictly and written back unchanged."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

FORMAT = "openrooms/workflow@1"

RESERVED_NAMES = frozenset(
    [
        "input",
        "vars",
        "memory",
        "run",
        "room",
        "outcome",
        "error",
        "secrets",
        "env",
        "now",
        "true",
        "false",
        "null",
        "in",
    ]
)
"""Names of the expression scope and words of its grammar; no variable or memory key may take them."""

ID_PATTERN = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
KEY_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Key = Annotated[str, Field(pattern=KEY_PATTERN)]
MAX_PROMPT_BYTES = 65_536


def _within_bytes(text: str) -> str:
    if len(text) * 4 > MAX_PROMPT_BYTES and len(text.encode()) > MAX_PROMPT_BYTES:
        raise ValueError(f"must have at most {MAX_PROMPT_BYTES} bytes as UTF-8")
    return text


PromptText = Annotated[str, Field(max_length=MAX_PROMPT_BYTES), AfterValidator(_within_bytes)]
"""What a model is told: at most 64 KiB, in whatever script."""


class Frozen(BaseModel):
    """A value: immutable, nothing unknown in it, nothing coerced."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @classmethod
    def of(cls, data: Any) -> Self:
        """The value in `data`, plain JSON: lists stand for tuples, strings for enum members.

        Raises:
            pydantic.ValidationError: with one entry for each fault found.
            TypeError: `data` holds something JSON can't carry, as an integer beyond 64 bits.
        """
        return cls.model_validate_json(orjson.dumps(data))

    def plain(self) -> Any:
        """This value as plain JSON."""
        return self.model_dump(mode="json")


class NodeTypeName(StrEnum):
    """The built-in node types; plug-ins may add more names."""

    START = "START"
    END = "END"
    AGENT_TASK = "AGENT_TASK"
    TOOL_EXECUTION = "TOOL_EXECUTION"
    DECISION = "DECISION"
    PARALLEL = "PARALLEL"
    WAIT = "WAIT"


class Outcome(StrEnum):
    """How a step ended."""

    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    TIMEOUT = "TIMEOUT"


class On(StrEnum):
    """What a transition answers to."""

    ALWAYS = "ALWAYS"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    TIMEOUT = "TIMEOUT"
    CONDITION_MET = "CONDITION_MET"


class Position(Frozen):
    """The top-left corner of a card, in canvas pixels, x to the right, y down."""

    x: float
    y: float


class Retry(Frozen):
    """How often a failed step is tried again, and how long it rests between attempts."""

    max_attempts: int = Field(1, ge=1, le=100, description="tries in all, the first one included")
    initial_delay_s: float = Field(1, ge=0, le=2_592_000, description="rest before the second try")
    multiplier: float = Field(2, gt=0, le=100, description="growth of the rest from try to try")
    max_delay_s: float = Field(60, ge=0, le=2_592_000, description="the rest never grows past this")


class Limits(Frozen):
    """Where a run is stopped with a named error."""

    max_steps: int = Field(10_000, ge=1, le=10_000_000)
    max_duration_s: float = Field(86_400, gt=0, le=31_622_400)
    max_tokens: int = Field(200_000, ge=1, le=1_000_000_000)
    max_cost_usd: float = Field(5.0, ge=0, le=1_000_000)


class NodeCommon(Frozen):
    """What every node may carry, whatever its type."""

    description: str | None = Field(None, max_length=10_000)
    save_as: Key | None = Field(None, description="the variable that takes the output, as vars.<name>")
    retry: Retry | None = None
    timeout_s: float | None = Field(None, gt=0, le=2_592_000, description="longest time for one try")
    remember: dict[Key, Annotated[str, Field(min_length=1)]] | None = Field(
        None, description="room memory to write after success: {key: expression}"
    )
    disabled: bool = Field(False, description="skipped as SUCCESS without effect")


class Node(NodeCommon):
    """One card on the canvas."""

    id: Id
    type: str = Field(min_length=1, max_length=64)
    name: str | None = Field(None, max_length=10_000)
    position: Position | None = None
    config: dict[str, Any] = {}

    @property
    def variable(self) -> str:
        """The name under `vars` that holds this node's last output."""
        return self.save_as or self.id

    @property
    def title(self) -> str:
        return self.name or self.id


class Transition(Frozen):
    """A way from one node to another, and what opens it."""

    id: Id
    source: str
    target: str
    on: On
    when: str | None = Field(None, description="for CONDITION_MET: the expression that must be true")
    priority: int = Field(0, ge=-1_000_000, le=1_000_000, description="lower is tried first")
    name: str | None = Field(None, max_length=200)


class Note(Frozen):
    """A sticky note: for people, without meaning."""

    id: Id
    text: str = Field("", max_length=10_000)
    position: Position | None = None
    width: float | None = Field(None, gt=0, le=10_000)
    height: float | None = Field(None, gt=0, le=10_000)
    color: str | None = Field(None, pattern=r"^[a-z]{1,20}$")


class Document(Frozen):
    """A workflow as it is drawn, sent, stored and exported."""

    format: Literal["openrooms/workflow@1"]
    name: str = Field(min_length=1, max_length=200)
    description: str | None = Field(None, max_length=10_000)
    input_schema: dict[str, Any] | None = None
    limits: Limits = Limits()
    nodes: tuple[Node, ...] = ()
    transitions: tuple[Transition, ...] = ()
    notes: tuple[Note, ...] = ()


def empty_document(name: str) -> dict[str, Any]:
    """A new draft: a START and an END, not yet connected."""
    return {
        "format": FORMAT,
        "name": name,
        "nodes": [
            {"id": "start", "type": "START", "name": "Start", "position": {"x": 0, "y": 0}},
            {"id": "end", "type": "END", "name": "End", "position": {"x": 480, "y": 0}},
        ],
        "transitions": [],
    }
