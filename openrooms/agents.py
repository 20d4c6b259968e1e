"""Agents over HTTP: named, versioned presets of what a node asks a model with."""

from typing import Any, Unpack

from openrooms.calls import Calls, Paged, at
from openrooms.values import Agent, AgentSummary, AgentTried, AgentVersion, Page


class Agents(Calls):
    def list_agents(self, **asked: Unpack[Paged]) -> Page[AgentSummary]:
        return self._page(AgentSummary, at("agents"), asked)

    def create_agent(self, name: str, spec: dict[str, Any], note: str = "") -> Agent:
        return self._send(Agent, "POST", at("agents"), json={"name": name, "spec": spec, "note": note})

    def get_agent(self, agent_id: str) -> Agent:
        return self._get(Agent, at("agents", agent_id))

    def put_agent(
        self, agent_id: str, spec: dict[str, Any], note: str = "", *, version: int | None = None
    ) -> Agent:
        """Make a new version; with `version`, only if that is the latest still."""
        body = {"spec": spec, "note": note, "version": version}
        return self._send(Agent, "PUT", at("agents", agent_id), json=body)

    def delete_agent(self, agent_id: str) -> None:
        self.request("DELETE", at("agents", agent_id))

    def list_agent_versions(self, agent_id: str, **asked: Unpack[Paged]) -> Page[AgentVersion]:
        return self._page(AgentVersion, at("agents", agent_id, "versions"), asked)

    def get_agent_version(self, agent_id: str, version: int) -> AgentVersion:
        return self._get(AgentVersion, at("agents", agent_id, "versions", version))

    def try_agent(
        self, agent_id: str, prompt: str, spec: dict[str, Any] | None = None, *, calls_tools: bool = False
    ) -> AgentTried:
        """Ask its model; with `spec`, as if it were changed to that. Tools are named and not called unless asked for."""
        body = {"prompt": prompt, "spec": spec, "calls_tools": calls_tools}
        return self._send(AgentTried, "POST", at("agents", agent_id, "try"), json=body)
