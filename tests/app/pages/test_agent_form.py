"""An agent's form: what stands in it means the same agent again, and what can't be is told in plain words."""

from typing import Any

import pytest

from engine.core.agent import AgentSpec
from engine.core.errors import InvalidInput
from engine.core.policy import Policy
from openrooms_app.pages.agent.changes import changes
from openrooms_app.pages.agent.form import APPROVAL, TOOL, form_of, spec_of, tool_rows

TOOLS = [
    {"name": name, "title": name.title(), "effect": "", "description": ""} for name in ("one", "two", "three")
]
FULL = AgentSpec(
    goal="Help.",
    system="Be kind.",
    provider="scripted",
    model="echo",
    temperature=0,
    max_tokens=900,
    max_turns=3,
    tools=("two", "gone"),
    policy=Policy(approval=("three", "gone"), approval_timeout_s=0.5, max_cost_usd=0.25, max_tool_calls=0),
)


def sent(spec: AgentSpec, **typed: str) -> dict[str, Any]:
    """What the browser sends when nothing but `typed` was changed."""
    ticks = {}
    for row in tool_rows(spec, TOOLS):
        ticks |= {TOOL + row["name"]: "on"} if row["is_offered"] else {}
        ticks |= {APPROVAL + row["name"]: "on"} if row["is_asked"] else {}
    return {**form_of(spec), **ticks, **typed}


@pytest.mark.parametrize(
    "spec",
    [
        AgentSpec(provider="scripted"),
        FULL,
        FULL.model_copy(update={"policy": Policy(allowed_tools=("two", "gone"))}),
        FULL.model_copy(update={"policy": Policy(allowed_tools=("one",))}),
        FULL.model_copy(update={"policy": Policy(allowed_tools=())}),
    ],
)
def test_an_untouched_form_is_the_same_agent(spec: AgentSpec) -> None:
    assert spec_of(sent(spec)) == spec


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"temperature": "warm"}, "Temperature must be a number; 'warm' is not."),
        ({"temperature": "3"}, "Temperature must be less than or equal to 2."),
        ({"max_turns": "1.5"}, "Rounds of tool calls must be a whole number; '1.5' is not."),
        ({"limit-max_cost_usd": "-1"}, "Cost of a step must be greater than or equal to 0."),
        ({"limit-max_tokens": "x"}, "Tokens of a step must be a whole number; 'x' is not."),
        ({"provider": ""}, "Choose a provider: the agent has to ask somebody."),
        (
            {"allowed": "listed", "listed": "{"},
            "The list of allowed tools can't be read. Load the page anew.",
        ),
    ],
)
def test_what_can_not_be_is_told(typed: dict[str, str], told: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        spec_of(sent(FULL, **typed))

    assert str(refused.value) == told


def test_versions_tell_what_has_changed() -> None:
    other = FULL.model_copy(update={"model": "json", "system": "Be kind. " * 9, "tools": (), "policy": None})

    told = {change["what"]: (change["before"], change["after"]) for change in changes(FULL, other)}

    assert told["Model"] == ("echo", "json")
    assert told["Tools"] == ("two, gone", "none")
    assert told["Ask a person before"] == ("three, gone", "nothing")
    assert told["Cost of a step"] == ("0.25", "nothing")
    assert [change["what"] for change in changes(FULL, other) if change["is_long"]] == ["System prompt"]
    assert "Goal" not in told
    assert not changes(FULL, FULL)
