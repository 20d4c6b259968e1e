"""What the audit page draws; its filters stand in the address."""

from typing import Any, Final
from urllib.parse import urlencode

import reflex as rx

from engine.core.audit import AuditEntry
from engine.core.identity import User
from engine.core.page import MAX_LIMIT, Paging
from engine.runtime import Runtime
from engine.services import auditing, users
from engine.services.auditing import Sought
from openrooms_app import routes
from openrooms_app.arguments import moment_in
from openrooms_app.ask import ask
from openrooms_app.following import Query, draw_again, try_once
from openrooms_app.roles import requires
from openrooms_app.session import current_user

PAGE_SIZE: Final = 50
ACTIONS: Final = {
    "agent_changed": "Agent changed",
    "agent_created": "Agent made",
    "agent_deleted": "Agent deleted",
    "agent_tried": "Agent tried out",
    "audit_exported": "Audit log exported",
    "denied": "Refused",
    "export": "Workflow exported",
    "hook_changed": "Webhook changed",
    "hook_created": "Webhook made",
    "hook_deleted": "Webhook deleted",
    "hook_rotated": "Webhook: new secret",
    "import": "Workflow imported",
    "key_created": "API key made",
    "key_revoked": "API key revoked",
    "login": "Logged in",
    "login_failed": "Login failed",
    "logout": "Logged out",
    "password_changed": "Own password changed",
    "password_reset": "Password given",
    "publish": "Version published",
    "redelivered": "Subscription sent again",
    "room_deleted": "Room deleted",
    "run": "Run started",
    "schedule_changed": "Schedule changed",
    "schedule_created": "Schedule made",
    "schedule_deleted": "Schedule deleted",
    "secret_deleted": "Secret deleted",
    "secret_set": "Secret set",
    "secrets_rotated": "Master key rotated",
    "setup": "First administrator",
    "subscription_changed": "Subscription changed",
    "subscription_created": "Subscription made",
    "subscription_deleted": "Subscription deleted",
    "subscription_off": "Subscription switched off",
    "subscription_rotated": "Subscription: new secret",
    "tool_tried": "Tool tried out",
    "user_changed": "User changed",
    "user_created": "User added",
    "workflow_archived": "Workflow archived",
    "workflow_deleted": "Workflow deleted",
}
"""In words; one that is not here is shown by its own name."""
BAD_NEWS: Final = frozenset({"denied", "login_failed"})
FILTERS: Final = {
    "user": "user_id",
    "action": "action",
    "target": "target",
    "since": "since",
    "until": "until",
}
"""What the address calls them, and what the API does."""


class AuditPage(rx.State):
    rows: list[dict[str, Any]] = []
    next_cursor: str = ""
    is_filtered: bool = False
    target: str = ""
    """The one thing whose entries are shown; "" for all."""
    user_choices: list[dict[str, str]] = []
    export_url: str = ""
    is_loading: bool = True
    error: str = ""
    is_verifying: bool = False
    verdict: dict[str, Any] = {}
    """{is_intact, broken_at} as it was found; empty before anybody asked."""

    @rx.event
    @requires("viewer")
    async def load(self) -> None:
        self.verdict = {}
        await try_once(self, fetch)

    @rx.event
    @requires("viewer")
    async def refresh(self) -> None:
        await draw_again(self, fetch)

    @rx.event(background=True)
    @requires("admin")
    async def verify(self) -> None:
        user = current_user()
        async with self:
            self.is_verifying, self.verdict = True, {}
        try:
            verdict = await ask(auditing.verify, user)
            async with self:
                self.verdict = verdict.plain()
        finally:
            async with self:
                self.is_verifying = False


def fetch(rt: Runtime, user: User, query: Query) -> dict[str, Any]:
    paging = Paging(limit=PAGE_SIZE, cursor=query.get("cursor"))
    found = auditing.list_entries(rt, user, paging, sought(query))
    accounts = users.list_users(rt, user, Paging(limit=MAX_LIMIT)).items
    filters = {FILTERS[name]: value for name, value in query.items() if name in FILTERS}
    return {
        "rows": [_row(entry) for entry in found.items],
        "next_cursor": found.next_cursor or "",
        "is_filtered": bool({*FILTERS, "cursor"} & query.keys()),
        "target": query.get("target", ""),
        "user_choices": [{"value": account.id, "text": account.name} for account in accounts],
        "export_url": f"/api/audit/export?{urlencode(filters)}".rstrip("?"),
    }


def sought(query: Query) -> Sought:
    """
    Raises:
        InvalidInput: a time in the address is none.
    """
    return Sought(
        action=query.get("action"),
        user_id=query.get("user"),
        target=query.get("target"),
        since_us=moment_in(query, "since"),
        until_us=moment_in(query, "until"),
    )


def _row(entry: AuditEntry) -> dict[str, Any]:
    who = entry.user_name or {None: "nobody", "operator": "the operator"}.get(entry.user_id, entry.user_id)
    return {
        **entry.plain(),
        "who": who,
        "text": ACTIONS.get(entry.action, entry.action),
        "is_bad": entry.action in BAD_NEWS,
        "on": entry.target_name or entry.target,
        "is_id": entry.target_name is None,
        "detail": ", ".join(
            f"{name}: {_told(value)}"
            for name, value in entry.detail.items()
            if value not in (None, "") and name != "name"
        ),
        "of_target": f"{routes.AUDIT}?{urlencode({'target': entry.target})}",
    }


def _told(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
