"""What the workflows page draws, and what can be done there."""

from typing import Any, Final

import reflex as rx

from engine.core.identity import Role, User
from engine.core.page import Paging
from engine.core.workflow import WorkflowStatus, WorkflowSummary
from engine.runtime import Runtime
from engine.services import exchange, rooms, templates, workflows
from openrooms_app import routes
from openrooms_app.arguments import an_id, text_in
from openrooms_app.ask import ask, notify
from openrooms_app.components.template_card import cards_of
from openrooms_app.following import Query, draw_again, keep_drawn, query_of
from openrooms_app.roles import requires
from openrooms_app.session import current_user

PAGE_SIZE: Final = 50
NAMED_ROOMS: Final = 5


class WorkflowsPage(rx.State):
    rows: list[dict[str, Any]] = []
    next_cursor: str = ""
    is_filtered: bool = False
    is_loading: bool = True
    error: str = ""
    gallery: list[dict[str, Any]] = []
    dialog: str = ""
    """Which one is open: new, templates, rename, delete, refused; "" for none."""
    target: dict[str, Any] = {}
    """The workflow that the dialog is about; for `refused`, the file and why."""
    used_by: list[str] = []
    """Names of the rooms that keep the target from being deleted."""

    @rx.event(background=True)
    @requires("viewer")
    async def follow(self) -> None:
        await keep_drawn(self, fetch)

    @rx.event
    @requires("viewer")
    async def refresh(self) -> None:
        await draw_again(self, fetch)

    @rx.event
    @requires("viewer")
    def arrive(self) -> rx.event.EventSpec | None:
        """`?new=1` opens the form for a new workflow."""
        if "new" not in query_of(self) or not current_user().role.allows(Role.EDITOR):
            return None
        self.dialog = "new"
        return rx.redirect(routes.WORKFLOWS, replace=True)

    @rx.event
    @requires("viewer")
    def close(self) -> None:
        self.dialog = ""

    @rx.event
    @requires("editor")
    def begin_new(self) -> None:
        self.dialog = "new"

    @rx.event
    @requires("editor")
    async def create(self, form: dict[str, Any]) -> rx.event.EventSpec:
        made = await ask(workflows.create_empty, current_user(), text_in(form, "name"))
        self.dialog = ""
        return rx.redirect(routes.workflow(made.id))

    @rx.event
    @requires("viewer")
    async def show_templates(self) -> None:
        self.gallery = cards_of(await ask(templates.list_templates, current_user()))
        self.dialog = "templates"

    @rx.event
    @requires("editor")
    async def use_template(self, template_id: str) -> rx.event.EventSpec:
        made = await ask(templates.create_from_template, current_user(), an_id(template_id))
        self.dialog = ""
        return rx.redirect(routes.workflow(made.id))

    @rx.event
    @requires("editor")
    def imported(self, workflow_id: str, name: str, errors: int) -> list[rx.event.EventSpec]:
        what = f"Imported {str(name)[:200]!r}"
        told = notify(f"{what}; it has problems to solve.", "warning") if errors else notify(f"{what}.")
        return [told, rx.redirect(routes.workflow(an_id(workflow_id)))]

    @rx.event
    @requires("editor")
    def refused(self, file: str, why: str) -> None:
        self.target, self.dialog = {"file": str(file)[:200], "why": str(why)[:5000]}, "refused"

    @rx.event
    @requires("editor")
    async def begin(self, dialog: str, workflow_id: str) -> None:
        """Open `rename` or `delete` for a workflow."""
        found = await ask(about, current_user(), an_id(workflow_id))
        self.target, self.used_by = found["target"], found["used_by"]
        self.dialog = "rename" if dialog == "rename" else "delete"

    @rx.event
    @requires("editor")
    async def rename(self, form: dict[str, Any]) -> None:
        name, workflow_id = text_in(form, "name"), an_id(self.target.get("id"))
        await ask(workflows.rename, current_user(), workflow_id, name)
        self.dialog = ""
        await draw_again(self, fetch)

    @rx.event
    @requires("editor")
    async def duplicate(self, workflow_id: str) -> rx.event.EventSpec:
        found = await ask(workflows.get, current_user(), an_id(workflow_id))
        made = await ask(exchange.create_named_freely, current_user(), found.draft)
        await draw_again(self, fetch)
        return notify(f"Copied to {made.name!r}.")

    @rx.event
    @requires("editor")
    async def delete(self) -> rx.event.EventSpec:
        """Delete the target, or put it away when it is in use."""
        archive = bool(self.used_by)
        await ask(workflows.delete, current_user(), an_id(self.target.get("id")), force=archive)
        self.dialog = ""
        await draw_again(self, fetch)
        return notify("Archived. Its rooms keep working." if archive else "Deleted.")

    @rx.event
    @requires("editor")
    async def unarchive(self, workflow_id: str) -> rx.event.EventSpec:
        await ask(workflows.unarchive, current_user(), an_id(workflow_id))
        await draw_again(self, fetch)
        return notify("Back in use.")


def fetch(rt: Runtime, user: User, query: Query) -> dict[str, Any]:
    status = query.get("status", "")
    found = workflows.list_workflows(
        rt,
        user,
        search=query.get("q", ""),
        status=WorkflowStatus(status) if status in WorkflowStatus.__members__ else None,
        paging=Paging(limit=PAGE_SIZE, cursor=query.get("cursor")),
    )
    return {
        "rows": [_row(item) for item in found.items],
        "next_cursor": found.next_cursor or "",
        "is_filtered": bool({"q", "status", "cursor"} & query.keys()),
    }


def _row(item: WorkflowSummary) -> dict[str, Any]:
    plain = item.plain()
    last: dict[str, Any] = plain.pop("last_run") or {}
    return {
        **plain,
        "last_status": last.get("status", ""),
        "last_at": last.get("created_at", ""),
        "last_run": last.get("id", ""),
    }


def about(rt: Runtime, user: User, workflow_id: str) -> dict[str, Any]:
    """What a dialog about a workflow shows: itself, and some of the rooms that use it."""
    found = workflows.get(rt, user, workflow_id)
    users = rooms.list_rooms(
        rt, user, rooms.Sought(workflow_id=workflow_id, passing=None), Paging(limit=NAMED_ROOMS)
    )
    used_by = [room.name for room in users.items]
    if users.next_cursor:
        used_by.append(f"and {found.room_count - len(used_by)} more")
    return {"target": {"id": found.id, "name": found.name}, "used_by": used_by}
