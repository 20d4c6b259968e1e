"""What an agent may do: a node's policy and its room's, of which the stricter holds; and a budget that is kept to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import Field, Strict

from engine.core.catalogue import StepContext, StepError
from engine.core.chat import Usage
from engine.core.checkpoints import Checkpoints
from engine.core.document import Frozen
from engine.core.events import EventType

ToolNames = Annotated[tuple[str, ...], Strict(False)]
"""As JSON a list, also where it comes through the API as one."""


class Policy(Frozen):
    """Absent fields limit nothing. Reaching a limit ends the step with the code `policy_` and the field's name."""

    allowed_tools: ToolNames | None = Field(
        None, max_length=1000, description="tools the agent may call at all"
    )
    approval: ToolNames | None = Field(
        None, max_length=1000, description="tools of which a person has to approve each call first"
    )
    approval_timeout_s: float | None = Field(
        None,
        gt=0,
        le=2_592_000,
        description="seconds after which a call that nobody approved counts as denied",
    )
    max_tool_calls: int | None = Field(None, ge=0, le=1000)
    max_tokens_per_request: int | None = Field(
        None, ge=1, description="tokens read and written by one question to the model"
    )
    max_tokens: int | None = Field(None, ge=1, description="tokens read and written in one step")
    max_cost_usd: float | None = Field(None, ge=0, description="of one step")
    max_cost_usd_run: float | None = Field(None, ge=0, description="of the whole run")
    max_cost_usd_month: float | None = Field(
        None, ge=0, description="of the room's runs begun in this calendar month (UTC)"
    )


def stricter(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> dict[str, Any]:
    """A policy that keeps to both, as plain JSON."""
    merged: dict[str, Any] = {name: value for name, value in (one or {}).items() if value is not None}
    for name, value in (other or {}).items():
        if value is None:
            continue
        before = merged.get(name)
        if before is None:
            merged[name] = value
        elif name == "allowed_tools":
            merged[name] = [tool for tool in before if tool in value]
        elif name == "approval":
            merged[name] = [*before, *(tool for tool in value if tool not in before)]
        else:
            merged[name] = min(before, value)
    return merged


class Budget:
    """What a step has used, counted against its policy. What earlier executions and others paid is in `spent`."""

    def __init__(self, policy: Policy, ctx: StepContext, checkpoints: Checkpoints) -> None:
        self._policy = policy
        self._checkpoints = checkpoints
        self._spent = ctx.spent
        self._new_usd = 0.0
        self._tokens, self._usd, self._calls = 0, 0.0, 0

    def take(self, usage: Usage, *, is_new: bool) -> None:
        self._tokens += usage.tokens
        self._usd += usage.cost_usd
        self._new_usd += usage.cost_usd if is_new else 0.0

    def most_tokens(self, asked_for: int | None) -> int | None:
        """How much the model may write now; None where nothing limits it."""
        policy = self._policy
        left = None if policy.max_tokens is None else max(policy.max_tokens - self._tokens, 1)
        limits = [limit for limit in (asked_for, policy.max_tokens_per_request, left) if limit is not None]
        return min(limits, default=None)

    def check_before(self) -> None:
        """Nothing more is asked once a limit has been reached.

        Raises:
            StepError: with the limit's own code; the event is told.
        """
        self._check(lambda used, limit: 0 < used >= limit)

    def check_after(self, usage: Usage) -> None:
        """
        Raises:
            StepError
        """
        limit = self._policy.max_tokens_per_request
        if limit is not None and usage.tokens > limit:
            raise self.over("max_tokens_per_request", limit, usage.tokens)
        self._check(lambda used, limit: used > limit)

    def call(self, number: int) -> None:
        """
        Raises:
            StepError: so many more tool calls are not allowed.
        """
        self._calls += number
        limit = self._policy.max_tool_calls
        if limit is not None and self._calls > limit:
            raise self.over("max_tool_calls", limit, self._calls)

    def over(self, name: str, limit: float, reached: float) -> StepError:
        """The error of a limit that was reached, once its event is told."""
        message = f"The agent's policy allows {name} {limit:.15g}, and it came to {reached:.15g}."
        error = StepError(
            f"{message} Raise the limit or give the agent less to do.", code=f"policy_{name}", retryable=False
        )
        told = {"limit": name, "value": limit, "reached": reached}
        self._checkpoints.tell(EventType.LIMIT_REACHED, told, {"code": error.code, "message": message})
        return error

    def _check(self, is_over: Callable[[float, float], bool]) -> None:
        run_usd = self._spent.get("run", 0.0) + self._new_usd
        usage = {
            "max_tokens": self._tokens,
            "max_cost_usd": self._usd,
            "max_cost_usd_run": run_usd,
            "max_cost_usd_month": self._spent.get("month", 0.0) + run_usd,
        }
        for name, used in usage.items():
            limit = getattr(self._policy, name)
            if limit is not None and is_over(used, limit):
                raise self.over(name, limit, used)
