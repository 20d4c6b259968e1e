"""An agent as a form, and the form made an agent again."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from pydantic import ValidationError

from engine.core.agent import AgentSpec
from engine.core.errors import InvalidInput
from engine.core.policy import Policy
from openrooms_app.arguments import is_ticked, text_in

TOOL: Final = "tool-"
APPROVAL: Final = "approval-"
ALLOWED: Final = "allowed"
LISTED: Final = "listed"
"""The field that carries allowed tools that are neither all nor those offered, which only the API makes."""

NUMBERS: Final = {
    "temperature": "Temperature",
    "max_tokens": "Longest answer",
    "max_turns": "Rounds of tool calls",
}
"""Of the agent itself; what is empty is left to the node."""
LIMITS: Final = {
    "approval_timeout_s": "Wait for approval",
    "max_tool_calls": "Tool calls in a step",
    "max_tokens_per_request": "Tokens of one question",
    "max_tokens": "Tokens of a step",
    "max_cost_usd": "Cost of a step",
    "max_cost_usd_run": "Cost of a run",
    "max_cost_usd_month": "Cost of a room in a month",
}
"""Of its policy; in the form their names begin with `limit-`."""
_LABELS: Final = {
    "goal": "Goal",
    "system": "System prompt",
    "provider": "Provider",
    "model": "Model",
    **NUMBERS,
}
_WHOLE: Final = {"max_tokens", "max_turns", "max_tool_calls", "max_tokens_per_request"}


def form_of(spec: AgentSpec | None) -> dict[str, str]:
    """What stands in the fields at first."""
    if spec is None:
        return dict.fromkeys(("goal", "system", "provider", "model", *NUMBERS), "") | _limits_of(Policy())
    policy = spec.policy or Policy()
    return {
        "goal": spec.goal,
        "system": spec.system,
        "provider": spec.provider,
        "model": spec.model,
        **{name: _text(getattr(spec, name)) for name in NUMBERS},
        **_limits_of(policy),
        ALLOWED: _allowed(spec, policy),
        LISTED: orjson.dumps(policy.allowed_tools).decode(),
    }


def tool_rows(spec: AgentSpec | None, tools: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Each tool that is here, and those that the agent names and that are not, with its two ticks."""
    policy = (spec.policy if spec else None) or Policy()
    offered, asked = spec.tools if spec else (), policy.approval or ()
    known = {tool["name"] for tool in tools}
    gone = [
        {"name": name, "title": name, "effect": "Not installed here", "description": ""}
        for name in dict.fromkeys((*offered, *asked))
        if name not in known
    ]
    return [
        {**tool, "is_offered": tool["name"] in offered, "is_asked": tool["name"] in asked}
        for tool in (*tools, *gone)
    ]


def spec_of(form: Any) -> AgentSpec:
    """
    Raises:
        InvalidInput: a field holds what it can't.
    """
    if not text_in(form, "provider"):
        raise InvalidInput("Choose a provider: the agent has to ask somebody.")
    plain: dict[str, Any] = {
        "goal": text_in(form, "goal").strip(),
        "system": text_in(form, "system").strip(),
        "provider": text_in(form, "provider"),
        "model": text_in(form, "model").strip(),
        "tools": _ticked(form, TOOL),
    }
    plain |= {name: _number(form, name, name, label) for name, label in NUMBERS.items()}
    policy = _policy_of(form, plain["tools"])
    plain["policy"] = policy or None
    try:
        return AgentSpec.model_validate_json(orjson.dumps(plain))
    except ValidationError as error:
        raise _told(error) from None


def _policy_of(form: Any, offered: list[str]) -> dict[str, Any]:
    policy: dict[str, Any] = {
        name: _number(form, f"limit-{name}", name, label) for name, label in LIMITS.items()
    }
    policy["approval"] = _ticked(form, APPROVAL) or None
    match text_in(form, ALLOWED):
        case "offered":
            policy["allowed_tools"] = offered
        case "listed":
            policy["allowed_tools"] = _listed(text_in(form, LISTED))
    return {name: value for name, value in policy.items() if value is not None}


def _listed(text: str) -> Any:
    try:
        return orjson.loads(text or "null")
    except orjson.JSONDecodeError:
        raise InvalidInput("The list of allowed tools can't be read. Load the page anew.") from None


def _allowed(spec: AgentSpec, policy: Policy) -> str:
    if policy.allowed_tools is None:
        return "any"
    return "offered" if set(policy.allowed_tools) == set(spec.tools) else "listed"


def _limits_of(policy: Policy) -> dict[str, str]:
    return {f"limit-{name}": _text(getattr(policy, name)) for name in LIMITS} | {
        ALLOWED: "any",
        LISTED: "null",
    }


def _text(number: float | None) -> str:
    return "" if number is None else f"{number:.15g}"


def _ticked(form: Any, prefix: str) -> list[str]:
    names = form if isinstance(form, dict) else ()
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix) and is_ticked(form, name)]


def _number(form: Any, field: str, name: str, label: str) -> float | int | None:
    text = text_in(form, field).strip()
    if not text:
        return None
    try:
        return int(text) if name in _WHOLE else float(text)
    except ValueError:
        kind = "a whole number" if name in _WHOLE else "a number"
        raise InvalidInput(f"{label} must be {kind}; {text[:40]!r} is not.") from None


def _told(error: ValidationError) -> InvalidInput:
    fault = error.errors()[0]
    place = [str(part) for part in fault["loc"]]
    labels = LIMITS if place[:1] == ["policy"] else _LABELS
    named = next((labels[part] for part in place if part in labels), " ".join(place))
    reason = fault["msg"].removeprefix("Input should be ")
    return InvalidInput(f"{named} must be {reason}.")
