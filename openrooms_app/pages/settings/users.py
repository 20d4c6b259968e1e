"""What the users page draws, and how an administrator rules over the accounts."""

from typing import Any

import reflex as rx

from engine.core.errors import InvalidInput
from engine.core.identity import Role, User
from engine.core.page import MAX_LIMIT, Paging
from engine.runtime import Runtime
from engine.services import users
from openrooms_app.arguments import an_id, text_in
from openrooms_app.ask import ask, notify
from openrooms_app.following import Query, draw_again, try_once
from openrooms_app.roles import requires
from openrooms_app.session import current_user


class UsersPage(rx.State):
    accounts: list[dict[str, Any]] = []
    me: str = ""
    is_loading: bool = True
    error: str = ""
    dialog: str = ""
    """Which one is open: add, password; "" for none."""
    target: dict[str, Any] = {}
    """The account that the dialog is about."""

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
    def begin_add(self) -> None:
        self.dialog = "add"

    @rx.event
    @requires("admin")
    async def add(self, form: dict[str, Any]) -> rx.event.EventSpec:
        name, password = text_in(form, "name"), text_in(form, "password")
        made = await ask(users.create, current_user(), name, password, a_role(text_in(form, "role")))
        self.dialog = ""
        await draw_again(self, fetch)
        return notify(f"{made.name} can log in now.")

    @rx.event
    @requires("admin")
    async def set_role_of(self, user_id: str, role: str) -> rx.event.EventSpec:
        changed = await ask(users.set_role, current_user(), an_id(user_id), a_role(role))
        await draw_again(self, fetch)
        return notify(f"{changed.name} is {changed.role} now.")

    @rx.event
    @requires("admin")
    async def set_active_of(self, user_id: str, active: bool) -> rx.event.EventSpec:
        changed = await ask(users.set_active, current_user(), an_id(user_id), active is True)
        await draw_again(self, fetch)
        return notify(
            f"{changed.name} can log in again." if changed.active else f"{changed.name} is locked out."
        )

    @rx.event
    @requires("admin")
    def begin_password(self, user_id: str, name: str) -> None:
        self.target, self.dialog = {"id": an_id(user_id), "name": str(name)[:200]}, "password"

    @rx.event
    @requires("admin")
    async def give_password(self, form: dict[str, Any]) -> rx.event.EventSpec:
        user_id, password = an_id(self.target.get("id")), text_in(form, "password")
        changed = await ask(users.set_password, current_user(), user_id, password)
        self.dialog = ""
        return notify(f"{changed.name} has a new password and is logged out everywhere.")


def fetch(rt: Runtime, user: User, _query: Query) -> dict[str, Any]:
    accounts = users.list_users(rt, user, Paging(limit=MAX_LIMIT)).items
    return {"me": user.id, "accounts": [item.plain() for item in accounts]}


def a_role(value: str) -> Role:
    """
    Raises:
        InvalidInput: there is no such role.
    """
    if value not in set(Role):
        raise InvalidInput(f"{str(value)[:40]!r} is no role; there are {', '.join(Role)}.")
    return Role(value)
