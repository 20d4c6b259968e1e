"""Agents: named, versioned presets for AGENT_TASK nodes."""

from fastapi import APIRouter, Response

from engine.core.agent import Agent, AgentChange, AgentTrial, AgentVersion, ListedAgent, NewAgent
from engine.core.page import Page
from engine.services import agent_trials, agents
from engine.services.agent_trials import AgentTried
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By, PageAsked

router = APIRouter(prefix="/api/agents", tags=["agents"], route_class=StrictRoute)


@router.get("")
def list_agents(by: By, page: PageAsked) -> Page[ListedAgent]:
    """By name, with the workflows that use it."""
    return agents.list_agents(*by, page)


@router.post("", status_code=201)
def create_agent(body: NewAgent, by: By, response: Response) -> Agent:
    made = agents.create(*by, body)
    response.headers["Location"] = f"/api/agents/{made.id}"
    return made


@router.get("/{agent_id}")
def get_agent(agent_id: str, by: By) -> Agent:
    """The agent as its latest version has it."""
    return agents.get(*by, agent_id)


@router.put("/{agent_id}")
def put_agent(agent_id: str, body: AgentChange, by: By) -> Agent:
    """Make a new version; workflows take it over when they are published next."""
    return agents.update(*by, agent_id, body)


@router.delete("/{agent_id}", status_code=204)
def delete_agent(agent_id: str, by: By) -> None:
    """Refused while a workflow's draft or latest version names it."""
    agents.delete(*by, agent_id)


@router.get("/{agent_id}/versions")
def list_agent_versions(agent_id: str, by: By, page: PageAsked) -> Page[AgentVersion]:
    """Newest first."""
    return agents.list_versions(*by, agent_id, page)


@router.get("/{agent_id}/versions/{version}")
def get_agent_version(agent_id: str, version: int, by: By) -> AgentVersion:
    return agents.get_version(*by, agent_id, version)


@router.post("/{agent_id}/try")
def try_agent(agent_id: str, body: AgentTrial, by: By) -> AgentTried:
    """Ask its model; the tools that it wants are named and not called, unless that is asked for."""
    return agent_trials.try_out(*by, agent_id, body)
