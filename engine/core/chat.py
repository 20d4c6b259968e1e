"""The neutral words for talking with a language model; vendors' types stay in their provider's file."""

from typing import Any, Literal

from pydantic import Field

from engine.core.document import Frozen


class ToolCall(Frozen):
    """A model's wish to have a tool called."""

    id: str
    name: str
    arguments: dict[str, Any]


class Message(Frozen):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


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


class Usage(Frozen):
    """Tokens read and written; cost in US dollars, 0 where no price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


class ChatReply(Frozen):
    """A model's answer: text, or tools to call first."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = Usage()
    model: str = ""
