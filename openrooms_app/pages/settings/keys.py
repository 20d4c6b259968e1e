"""What the page of API keys draws, and revoking one; making one is between the browser and the API (key_form.tsx)."""

from typing import Any, Final

import reflex as rx

from engine.core.apikey import ApiKey
from engine.core.identity import Scope, User
from engine.core.page import Paging
from engine.runtime import Runtime
from engine.services import api_keys
from openrooms_app.arguments import an_id
from openrooms_app.ask import ask, notify
from openrooms_app.following import Query, draw_again, try_once
from openrooms_app.roles import requires
from openrooms_app.session import current_user

PAGE_SIZE: Final = 50
SCOPES: Final = {
    Scope.READ: "sees everything, changes nothing",
    Scope.RUN: "starts, steers and answers runs",
    Scope.EDIT: "draws, publishes, makes rooms",
    Scope.ADMIN: "does all that, and rules over users, keys and secrets",
}


class KeysPage(rx.State):
    rows: list[dict[str, Any]] = []
    next_cursor: str = ""
    scopes: list[dict[str, str]] = []
    """Those that a key of this user may have."""
    is_loading: bool = True
    error: str = ""
    dialog: str = ""
    """Which one is open: new, revoke; "" for none."""
    target: dict[str, Any] = {}
    """The key that the dialog is about."""

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
    @requires("viewer")
    def begin_new(self) -> None:
        self.dialog = "new"

    @rx.event
    @requires("viewer")
    def begin_revoke(self, key_id: str, name: str) -> None:
        self.target, self.dialog = {"id": an_id(key_id), "name": str(name)[:200]}, "revoke"

    @rx.event
    @requires("viewer")
    async def revoke(self) -> rx.event.EventSpec:
        await ask(api_keys.revoke, current_user(), an_id(self.target.get("id")))
        self.dialog = ""
        await draw_again(self, fetch)
        return notify("The key is revoked: nobody gets in with it any more.")


def fetch(rt: Runtime, user: User, query: Query) -> dict[str, Any]:
    paging = Paging(limit=PAGE_SIZE, cursor=query.get("cursor"))
    found = api_keys.list_keys(rt, user, paging, of_all=query.get("of") == "all")
    now_us = rt.now_us()
    return {
        "rows": [_row(key, now_us) for key in found.items],
        "next_cursor": found.next_cursor or "",
        "scopes": [
            {"value": scope.value, "text": text}
            for scope, text in SCOPES.items() if user.role.allows(scope.role)
        ],
    }  # fmt: skip


def _row(key: ApiKey, now_us: int) -> dict[str, Any]:
    is_over = key.expires_at is not None and key.expires_at <= now_us
    state = "revoked" if key.revoked_at is not None else "expired" if is_over else "good"
    return {**key.plain(), "scopes": ", ".join(key.scopes), "state": state}
