"""What one version of an agent says otherwise than the one before, for people."""

from typing import Any, Final

from engine.core.agent import AgentSpec
from openrooms_app.pages.agent.form import LIMITS, NUMBERS

LONG: Final = 60
"""Texts that are longer are shown one under the other."""
_NAMES: Final = {
    "goal": "Goal",
    "system": "System prompt",
    "provider": "Provider",
    "model": "Model",
    **NUMBERS,
}


def changes(before: AgentSpec, after: AgentSpec) -> list[dict[str, Any]]:
    """{what, before, after, is_long} for each thing that differs; sets of tools tell what came and went."""
    was, became = _facts(before), _facts(after)
    return [
        {
            "what": what,
            "before": was.get(what, "") or "nothing",
            "after": became.get(what, "") or "nothing",
            "is_long": max(len(was.get(what, "")), len(became.get(what, ""))) > LONG,
        }
        for what in dict.fromkeys((*was, *became))
        if was.get(what, "") != became.get(what, "")
    ]


def _facts(spec: AgentSpec) -> dict[str, str]:
    policy = spec.policy.model_dump(exclude_none=True) if spec.policy else {}
    facts = {name: getattr(spec, field) for field, name in _NAMES.items()}
    facts["Tools"] = spec.tools
    facts["Ask a person before"] = policy.get("approval")
    facts["Tools that nodes may name"] = policy.get("allowed_tools", "any")
    facts |= {name: policy.get(field) for field, name in LIMITS.items()}
    return {name: _text(value) for name, value in facts.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(value) or "none" if isinstance(value, tuple) else str(value)
