"""Agents: make, look up, change by a new version, and remove."""

from collections.abc import Collection

import orjson

from engine.core.agent import (
    Agent,
    AgentChange,
    AgentSpec,
    AgentVersion,
    ListedAgent,
    NewAgent,
    UsedBy,
    named,
)
from engine.core.errors import InvalidInput, NotFound, OpenRoomsError, there
from engine.core.expressions import ExpressionError, compile_template
from engine.core.identity import Role, User
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.runtime import Runtime
from engine.services.drafts import clean_name
from engine.services.permission import require
from engine.store import agents, audit
from engine.store.database import Session


class AgentNameTaken(OpenRoomsError):
    code = "name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is an agent named {name!r} already. Give this one another name.")


class StaleAgent(OpenRoomsError):
    code = "stale_agent"

    def __init__(self, version: int) -> None:
        super().__init__(
            f"The agent was changed meanwhile and is at version {version} now. Look at it, then change it again."
        )


class AgentInUse(OpenRoomsError):
    code = "agent_in_use"

    def __init__(self, name: str, workflows: list[str]) -> None:
        shown = ", ".join(repr(workflow) for workflow in workflows[:5]) + (
            ", …" if len(workflows) > 5 else ""
        )
        super().__init__(f"The agent {name!r} is used by {shown}. Take it out of their nodes first.")


def create(rt: Runtime, user: User, new: NewAgent) -> Agent:
    """A new agent, at version 1.

    Raises:
        InvalidInput: the name, a tool, the provider or a template in it is no good.
        AgentNameTaken
    """
    require(rt, user, Role.EDITOR, "make an agent")
    check(rt, new.spec)
    now_us, name = rt.now_us(), clean_name(new.name, "agent")
    agent = Agent(
        id=rt.new_id(),
        name=name,
        version=1,
        spec=new.spec,
        note=new.note,
        created_at=now_us,
        updated_at=now_us,
        created_by=user.id,
    )
    with rt.db.write() as session:
        if not agents.add(session, agent):
            raise AgentNameTaken(name)
        audit.append(session, now_us, user.id, "agent_created", agent.id, name=name)
    return agent


def list_agents(rt: Runtime, user: User, paging: Paging = FIRST_PAGE) -> Page[ListedAgent]:
    """By name."""
    require(rt, user, Role.VIEWER, "list agents")
    with rt.db.read() as session:
        found = agents.list_after(session, paging.after(), paging.limit + 1)
        using = _using(session, [summary.name for summary, _ in found])
    listed = [
        ListedAgent(
            **dict(summary),
            provider=spec.provider,
            model=spec.model,
            tools=spec.tools,
            used_by=tuple(using[summary.name]),
        )
        for summary, spec in found
    ]
    return paging.page(listed, lambda item: item.name)


def get(rt: Runtime, user: User, agent_id: str) -> Agent:
    require(rt, user, Role.VIEWER, "see an agent")
    with rt.db.read() as session:
        return there(agents.get(session, agent_id), "agent", agent_id)


def users(rt: Runtime, user: User, agent_id: str) -> tuple[UsedBy, ...]:
    """The workflows that keep it from being deleted, by name."""
    require(rt, user, Role.VIEWER, "see an agent")
    with rt.db.read() as session:
        name = there(agents.get(session, agent_id), "agent", agent_id).name
        return tuple(_using(session, [name])[name])


def list_versions(rt: Runtime, user: User, agent_id: str, paging: Paging = FIRST_PAGE) -> Page[AgentVersion]:
    """Newest first."""
    require(rt, user, Role.VIEWER, "see an agent")
    last = paging.after()
    if last is not None and not (last.isascii() and last.isdecimal() and len(last) < 10):
        raise InvalidInput("This cursor is of another list.")
    with rt.db.read() as session:
        there(agents.get(session, agent_id), "agent", agent_id)
        found = agents.versions_before(session, agent_id, int(last) if last else None, paging.limit + 1)
    return paging.page(found, lambda item: item.version)


def get_version(rt: Runtime, user: User, agent_id: str, version: int) -> AgentVersion:
    require(rt, user, Role.VIEWER, "see an agent")
    with rt.db.read() as session:
        found = agents.version(session, agent_id, version) if 0 < version < 2**31 else None
    if found is None:
        raise NotFound("version of the agent", str(version))
    return found


def update(rt: Runtime, user: User, agent_id: str, change: AgentChange) -> Agent:
    """A new version, unless it says what the latest one says. Workflows take it over when they are published next.

    Raises:
        StaleAgent: the agent has another version than the one that was changed.
        InvalidInput
    """
    require(rt, user, Role.EDITOR, "change an agent")
    check(rt, change.spec)
    with rt.db.write() as session:
        before = there(agents.get(session, agent_id, lock=True), "agent", agent_id)
        if change.version not in (None, before.version):
            raise StaleAgent(before.version)
        if before.spec == change.spec:
            return before
        number, now_us = before.version + 1, rt.now_us()
        fields = {"spec": change.spec, "note": change.note, "version": number, "updated_at": now_us}
        after = before.model_copy(update=fields)
        agents.renew(session, after, user.id)
        audit.append(session, now_us, user.id, "agent_changed", agent_id, name=after.name, version=number)
    return after


def delete(rt: Runtime, user: User, agent_id: str) -> None:
    """Remove the agent; versions of workflows that were published with it keep what they took from it.

    Raises:
        AgentInUse: a draft or the latest version of a workflow names it.
    """
    require(rt, user, Role.EDITOR, "delete an agent")
    with rt.db.write() as session:
        agent = there(agents.get(session, agent_id, lock=True), "agent", agent_id)
        if using := _using(session, [agent.name])[agent.name]:
            raise AgentInUse(agent.name, [workflow.name for workflow in using])
        agents.remove(session, agent_id)
        audit.append(session, rt.now_us(), user.id, "agent_deleted", agent_id, name=agent.name)


def check(rt: Runtime, spec: AgentSpec) -> None:
    """
    Raises:
        InvalidInput: the provider, a tool or a template in it is no good.
    """
    rt.catalogue.providers[spec.provider]  # UnknownName tells which there are
    policy = spec.policy
    listed = (*(policy.allowed_tools or ()), *(policy.approval or ())) if policy else ()
    for name in (*spec.tools, *listed):
        rt.catalogue.tools[name]
    for text in (spec.goal, spec.system):
        try:
            compile_template(text)
        except ExpressionError as error:
            raise InvalidInput(f"The system prompt of the agent: {error}.") from None


def _using(session: Session, names: Collection[str]) -> dict[str, list[UsedBy]]:
    """By the agent's name: the workflows whose draft or latest version names it."""
    found: dict[str, list[UsedBy]] = {name: [] for name in names}
    needle = orjson.dumps(next(iter(names))).decode() if len(names) == 1 else '"agent"'
    for workflow, text in agents.documents_with(session, needle) if names else ():
        for name in {name for _, name, _ in named(orjson.loads(text))} & found.keys():
            if workflow not in found[name]:
                found[name].append(workflow)
    return found
