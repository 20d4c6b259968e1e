"""What the list of agents draws, and taking one away."""

from typing import Any, Final

import reflex as rx

from engine.core.agent import ListedAgent, UsedBy
from engine.core.identity import User
from engine.core.page import Paging
from engine.runtime import Runtime
from engine.services import agents
from openrooms_app.arguments import an_id
from openrooms_app.ask import ask, notify
from openrooms_app.following import Query, draw_again, try_once
from openrooms_app.roles import requires
from openrooms_app.session import current_user

PAGE_SIZE: Final = 50
NAMED: Final = 3
"""Workflows that a row names; of more it gives the number."""


class AgentsPage(rx.State):
    rows: list[dict[str, Any]] = []
    next_cursor: str = ""
    is_loading: bool = True
    error: str = ""
    is_open: bool = False
    target: dict[str, Any] = {"id": "", "name": "", "used_by": []}
    """The agent that is to go: {id, name, used_by}."""

    @rx.event
    @requires("viewer")
    async def load(self) -> None:
        await try_once(self, fetch)

    @rx.event
    @requires("viewer")
    async def refresh(self) -> None:
        await draw_again(self, fetch)

    @rx.event
    @requires("viewer")
    def close(self) -> None:
        self.is_open = False

    @rx.event
    @requires("editor")
    async def begin_delete(self, agent_id: str) -> None:
        self.target = await ask(about, current_user(), an_id(agent_id))
        self.is_open = True

    @rx.event
    @requires("editor")
    async def delete(self) -> rx.event.EventSpec:
        await ask(agents.delete, current_user(), an_id(self.target.get("id")))
        self.is_open = False
        await draw_again(self, fetch)
        return notify("Deleted.")


def fetch(rt: Runtime, user: User, query: Query) -> dict[str, Any]:
    found = agents.list_agents(rt, user, Paging(limit=PAGE_SIZE, cursor=query.get("cursor")))
    return {"rows": [_row(item) for item in found.items], "next_cursor": found.next_cursor or ""}


def about(rt: Runtime, user: User, agent_id: str) -> dict[str, Any]:
    """What is asked before an agent goes: who still uses it."""
    agent = agents.get(rt, user, agent_id)
    using = agents.users(rt, user, agent_id)
    return {"id": agent.id, "name": agent.name, "used_by": plain_users(using)}


def plain_users(using: tuple[UsedBy, ...]) -> list[dict[str, str]]:
    return [{"id": workflow.id, "name": workflow.name} for workflow in using]


def _row(item: ListedAgent) -> dict[str, Any]:
    more = len(item.used_by) - NAMED
    return {
        "id": item.id,
        "name": item.name,
        "version": item.version,
        "provider": item.provider,
        "model": item.model,
        "tools": ", ".join(item.tools),
        "updated_at": item.plain()["updated_at"],
        "used_by": plain_users(item.used_by[:NAMED]),
        "more": f"and {more} more" if more > 0 else "",
    }
