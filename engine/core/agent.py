"""Agents: named, versioned settings that AGENT_TASK nodes take over; a published version holds what it took."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import Field

from engine.core.document import Frozen, NodeTypeName
from engine.core.instant import Instant
from engine.core.policy import Policy, ToolNames, stricter

MAX_NAME = 100
MAX_NOTE = 2000


class AgentSpec(Frozen):
    """What an agent is. `goal` is put before the system prompt; absent fields are left to the node."""

    goal: str = Field("", max_length=4000, description="what the agent is there for")
    system: str = Field("", max_length=60_000, description="its system prompt; {{ }} as in a node")
    provider: str = Field(min_length=1, max_length=128)
    model: str = Field("", max_length=200)
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1, le=10_000_000)
    max_turns: int | None = Field(None, ge=1, le=100)
    tools: ToolNames = Field((), max_length=100)
    policy: Policy | None = None

    @property
    def config(self) -> dict[str, Any]:
        """The fields of a node's config that it sets."""
        plain = self.model_dump(mode="json", exclude_none=True)
        goal = plain.pop("goal")
        plain["system"] = "\n\n".join(part for part in (goal, plain["system"]) if part)
        return {name: value for name, value in plain.items() if value not in ("", [])}


class AgentSummary(Frozen):
    """An agent in a list; `version` is its latest."""

    id: str
    name: str
    version: int
    created_at: Instant
    updated_at: Instant
    created_by: str | None = None


class UsedBy(Frozen):
    """A workflow whose draft or latest version names an agent."""

    id: str
    name: str


class ListedAgent(AgentSummary):
    """An agent in a list, with what tells it from others."""

    provider: str
    model: str
    tools: tuple[str, ...]
    used_by: tuple[UsedBy, ...]


class Agent(AgentSummary):
    """An agent as its latest version has it."""

    spec: AgentSpec
    note: str = ""


class AgentVersion(Frozen):
    agent_id: str
    version: int
    spec: AgentSpec
    note: str = ""
    created_at: Instant
    created_by: str | None = None
    created_by_name: str | None = None


class NewAgent(Frozen):
    name: str = Field(min_length=1, max_length=MAX_NAME)
    spec: AgentSpec
    note: str = Field("", max_length=MAX_NOTE)


class AgentChange(Frozen):
    """What an agent becomes; with `version`, only if that is its latest still."""

    spec: AgentSpec
    note: str = Field("", max_length=MAX_NOTE)
    version: int | None = None


class AgentTrial(Frozen):
    """A question to try an agent with; with `spec` as if it were changed to that."""

    prompt: str = Field(min_length=1, max_length=65_536)
    spec: AgentSpec | None = None
    calls_tools: bool = Field(
        False, description="call the tools it wants, for real; else they are named and it ends there"
    )


Find = Callable[[str, int | None], tuple[int, AgentSpec] | None]
"""The number and the spec of an agent's version by name, its latest for None; None when there is none."""


def resolved(document: Any, find: Find) -> Any:
    """The document with what its nodes take over from agents written out, and the version it is taken from.

    A node's own fields win; of two policies both hold. Whatever is no document comes back as it is.
    """

    def take(config: Mapping[str, Any], found: tuple[int, AgentSpec]) -> dict[str, Any]:
        number, spec = found
        taken = {**spec.config, **config, "agent_version": number}
        if spec.policy is not None:
            taken["policy"] = stricter(spec.config["policy"], _mapping(config.get("policy")))
        return taken

    return _changed(document, find, take)


def unresolved(document: Any, find: Find) -> Any:
    """The other way: what a node's agent says anyhow is left to the agent; the version it names stays named."""

    def leave(config: Mapping[str, Any], found: tuple[int, AgentSpec]) -> dict[str, Any]:
        taken = found[1].config
        return {name: value for name, value in config.items() if name not in taken or taken[name] != value}

    return _changed(document, find, leave)


def named(document: Any) -> Iterator[tuple[int, str, int | None]]:
    """The agents that a document names: place of the node, name, version."""
    nodes = document.get("nodes") if isinstance(document, dict) else None
    for place, node in enumerate(nodes if isinstance(nodes, list) else ()):
        config = node.get("config") if isinstance(node, dict) else None
        if not isinstance(config, dict) or node.get("type") != NodeTypeName.AGENT_TASK:
            continue
        name, version = config.get("agent"), config.get("agent_version")
        if isinstance(name, str) and (version is None or type(version) is int):
            yield place, name, version


def _changed(
    document: Any, find: Find, change: Callable[[Mapping[str, Any], tuple[int, AgentSpec]], dict[str, Any]]
) -> Any:
    places = {place: found for place, name, version in named(document) if (found := find(name, version))}
    if not places:
        return document
    nodes = [
        {**node, "config": change(node["config"], places[place])} if place in places else node
        for place, node in enumerate(document["nodes"])
    ]
    return {**document, "nodes": nodes}


def _mapping(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None
