"""The neutral words for talking with a language model; vendors' types stay in their provider's file."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from engine.core.document import Frozen


class ToolCall(Frozen):
    """A model's wish to have a tool called; one answer may hold several, to be called in parallel."""

    id: str
    name: str
    arguments: dict[str, Any]


class Message(Frozen):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    is_error: bool = False
    """For a tool's answer: it failed, and the content says how."""
    kept: tuple[dict[str, Any], ...] = ()
    """What the vendor wants to read again as it was, as a model's signed thoughts; opaque to all others."""


class ToolSpec(Frozen):
    """A tool as a model sees it; `parameters` is a JSON Schema."""

    name: str
    description: str
    parameters: dict[str, Any]


class ChatRequest(Frozen):
    """What is asked of a provider; `seed` makes deterministic providers repeatable."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1)
    output_schema: dict[str, Any] | None = None
    idempotency_key: str | None = None
    turn: int = 0


Tokens = Annotated[int, Field(ge=0, le=2**53)]
"""A server may count anything: what is beyond no account could be kept of."""


class Usage(Frozen):
    """Tokens read and written; cost in US dollars, 0 where no price is known."""

    input_tokens: Tokens = 0
    """All that were read, from the vendor's cache or not."""
    output_tokens: Tokens = 0
    cached_tokens: Tokens = 0
    """Those of `input_tokens` that came from the vendor's cache, where they are cheaper."""
    cost_usd: float = 0.0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
        )


class Stop(StrEnum):
    """Why a model stopped. All but the first two are failures, which a provider raises with a code of their own."""

    END = "end"
    TOOLS = "tools"
    LENGTH = "length"
    """It had said as much as it was allowed to."""
    CONTEXT = "context"
    """What it read and said has filled its window."""
    FILTERED = "filtered"
    REFUSED = "refused"


class ChatReply(Frozen):
    """A model's answer: text, or tools to call first."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    stop: Stop = Stop.END
    usage: Usage = Usage()
    cost_known: bool = True
    """Whether the cost in `usage` is what this costs; else no price or no usage is known, and it is 0."""
    model: str = ""
    kept: tuple[dict[str, Any], ...] = ()

    def message(self) -> Message:
        """The answer as the conversation goes on with it."""
        return Message(role="assistant", content=self.text, tool_calls=self.tool_calls, kept=self.kept)
