"""What the page of secrets draws: names and dates; a value is set by the browser at the API (secret_form.tsx)."""

from typing import Any, Final

import reflex as rx

from engine.core.identity import User
from engine.core.page import MAX_LIMIT, Paging
from engine.runtime import Runtime
from engine.services import secrets, tools, users
from openrooms_app.arguments import an_id
from openrooms_app.ask import ask, notify
from openrooms_app.following import Query, draw_again, try_once
from openrooms_app.roles import requires
from openrooms_app.session import current_user

PAGE_SIZE: Final = 100


class SecretsPage(rx.State):
    rows: list[dict[str, Any]] = []
    next_cursor: str = ""
    places: list[dict[str, str]] = []
    """Where a secret may stand: {tool, parameters}."""
    is_loading: bool = True
    error: str = ""
    dialog: str = ""
    """Which one is open: set, delete, rotate; "" for none."""
    target: str = ""
    """The name of the secret that the dialog is about; "" for a new one."""

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
        self.dialog = ""

    @rx.event
    @requires("admin")
    def begin(self, dialog: str, name: str) -> None:
        """Open `set`, `delete` or `rotate`."""
        self.target = an_id(name) if name else ""
        self.dialog = dialog if dialog in {"set", "delete", "rotate"} else ""

    @rx.event
    @requires("admin")
    async def was_set(self, name: str) -> rx.event.EventSpec:
        self.dialog = ""
        await draw_again(self, fetch)
        return notify(f"{an_id(name)} is set. Steps use it from now on.")

    @rx.event
    @requires("admin")
    async def delete(self) -> rx.event.EventSpec:
        await ask(secrets.delete, current_user(), an_id(self.target))
        self.dialog = ""
        await draw_again(self, fetch)
        return notify("Deleted.")

    @rx.event
    @requires("admin")
    async def rotate(self) -> rx.event.EventSpec:
        done = await ask(secrets.rotate, current_user())
        self.dialog = ""
        key = (
            "a new master key: back up master.key"
            if done.is_key_new
            else "the environment's first master key"
        )
        return notify(f"{done.secrets} secrets are protected by {key}.")


def fetch(rt: Runtime, user: User, query: Query) -> dict[str, Any]:
    found = secrets.list_secrets(rt, user, Paging(limit=PAGE_SIZE, cursor=query.get("cursor")))
    names = {item.id: item.name for item in users.list_users(rt, user, Paging(limit=MAX_LIMIT)).items}
    return {
        "rows": [
            {**item.plain(), "by": names.get(item.created_by or "", item.created_by or "nobody")}
            for item in found.items
        ],
        "next_cursor": found.next_cursor or "",
        "places": list(_places(rt, user)),
    }  # fmt: skip


def _places(rt: Runtime, user: User) -> list[dict[str, str]]:
    marked = {
        tool.title: [
            name for name, schema in tool.parameters.get("properties", {}).items() if schema.get("secret")
        ]
        for tool in tools.list_tools(rt, user)
    }
    return [{"tool": title, "parameters": ", ".join(names)} for title, names in marked.items() if names]
