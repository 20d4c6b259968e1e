"""What the settings page draws, and how an administrator rules over the accounts."""

import platform
from importlib.metadata import version
from typing import Any, Final

import reflex as rx

from engine.core.errors import InvalidInput
from engine.core.identity import Role, User
from engine.core.page import MAX_LIMIT, Paging
from engine.runtime import Runtime
from engine.services import catalogue, health, overview, users
from openrooms_app.arguments import an_id, text_in
from openrooms_app.ask import ask, notify
from openrooms_app.following import Query, draw_again, keep_drawn
from openrooms_app.roles import requires
from openrooms_app.session import current_user

REST_S: Final = 3.0
NO_MODEL: Final = "scripted"
"""The provider that has no model behind it: it plays a script."""
PARTS: Final = {"database": "Database", "redis": "Redis", "workers": "Workers"}


class SettingsPage(rx.State):
    providers: list[dict[str, Any]] = []
    accounts: list[dict[str, Any]] = []
    """Of all users, for administrators alone."""
    checks: list[dict[str, Any]] = []
    workers: list[dict[str, Any]] = []
    about: dict[str, str] = {}
    me: str = ""
    is_loading: bool = True
    error: str = ""
    dialog: str = ""
    """Which one is open: add, password; "" for none."""
    target: dict[str, Any] = {}
    """The account that the dialog is about."""

    @rx.event(background=True)
    @requires("viewer")
    async def follow(self) -> None:
        await keep_drawn(self, fetch, REST_S)

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
    checks = health.check(rt).checks
    return {
        "me": user.id,
        "providers": [_provider(item) for item in catalogue.list_providers(rt, user)],
        "accounts": _accounts(rt, user) if user.role is Role.ADMIN else [],
        "checks": [{"name": PARTS.get(name, name), **check.plain()} for name, check in checks.items()],
        "workers": [worker.plain() for worker in overview.list_workers(rt, user)],
        "about": {
            "version": version("openrooms"),
            "python": platform.python_version(),
            "reflex": version("reflex"),
            "database": rt.settings.effective_database_url.partition(":")[0].partition("+")[0],
        },
    }


def _provider(item: catalogue.ProviderView) -> dict[str, Any]:
    key = f"{item.name.upper()}_API_KEY"
    return {
        "name": item.name,
        "title": item.title,
        "state": "no_model" if item.name == NO_MODEL else "ready" if item.configured else "missing",
        "note": item.note.partition("\n\n")[0].removesuffix(f" Not configured: set {key}."),
        "remedy": "" if item.configured else f"Set {key} where OpenRooms is started, and start it again.",
        "models": ", ".join(item.models),
    }


def _accounts(rt: Runtime, user: User) -> list[dict[str, Any]]:
    return [item.plain() for item in users.list_users(rt, user, Paging(limit=MAX_LIMIT)).items]


def a_role(value: str) -> Role:
    """
    Raises:
        InvalidInput: there is no such role.
    """
    if value not in set(Role):
        raise InvalidInput(f"{str(value)[:40]!r} is no role; there are {', '.join(Role)}.")
    return Role(value)
