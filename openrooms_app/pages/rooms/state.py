"""What the rooms page draws, live, and what can be done there."""

from typing import Any, Final

import reflex as rx

from engine.core.errors import InvalidInput
from engine.core.identity import Role, User
from engine.core.page import Paging
from engine.core.room import LATEST, NewRoom, Pinned, Room, RoomPatch, RoomStatus
from engine.core.run import LIVE
from engine.runtime import Runtime
from engine.services import overview, rooms, runs, workflows
from openrooms_app import routes
from openrooms_app.arguments import an_id, is_ticked, text_in
from openrooms_app.ask import ask, notify
from openrooms_app.following import Query, draw_again, keep_drawn, query_of
from openrooms_app.roles import requires
from openrooms_app.session import current_user

PAGE_SIZE: Final = 50
OF_CALLS: Final = "mcp"
CHOICES: Final = 500
"""The most workflows, or versions of one, that a form offers."""


class RoomsPage(rx.State):
    rows: list[dict[str, Any]] = []
    next_cursor: str = ""
    is_filtered: bool = False
    cleared_after: int = 0
    """Days after which the rooms that are listed are deleted; 0: never."""
    is_loading: bool = True
    error: str = ""
    dialog: str = ""
    """Which one is open: new, edit, delete; "" for none."""
    target: dict[str, Any] = {}
    """The room that the dialog is about; its fields are the form's."""
    workflow_choices: list[dict[str, str]] = []
    version_choices: list[dict[str, str]] = []
    filter_choices: list[dict[str, str]] = []

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
    async def arrive(self) -> rx.event.EventSpec | None:
        """`?new=<workflow id>` opens the form for a new room, with that workflow chosen."""
        self.filter_choices = await ask(choices_of_workflows, current_user())
        wanted = query_of(self).get("new")
        if not wanted or not current_user().role.allows(Role.EDITOR):
            return None
        await self._open_new("" if wanted == "1" else wanted)
        return rx.redirect(routes.ROOMS, replace=True)

    @rx.event
    @requires("viewer")
    def close(self) -> None:
        self.dialog = ""

    @rx.event
    @requires("editor")
    async def begin_new(self) -> None:
        await self._open_new("")

    async def _open_new(self, workflow_id: str) -> None:
        self.workflow_choices = await ask(workflows_to_run, current_user())
        first = self.workflow_choices[0]["value"] if self.workflow_choices else ""
        self.target = {
            "workflow_id": workflow_id or first,
            "version": LATEST,
            "name": "",
            "queue_runs": False,
        }
        self.version_choices = await ask(choices_of_versions, current_user(), self.target["workflow_id"])
        self.dialog = "new"

    @rx.event
    @requires("editor")
    async def choose_workflow(self, workflow_id: str) -> None:
        self.version_choices = await ask(choices_of_versions, current_user(), str(workflow_id))

    @rx.event
    @requires("editor")
    async def begin(self, dialog: str, room_id: str) -> None:
        """Open `edit` or `delete` for a room."""
        room = await ask(rooms.get, current_user(), an_id(room_id))
        self.version_choices = await ask(choices_of_versions, current_user(), room.workflow_id)
        self.target = {**room.plain(), "version": str(room.version)}
        self.dialog = "edit" if dialog == "edit" else "delete"

    @rx.event
    @requires("editor")
    async def create(self, form: dict[str, Any]) -> rx.event.EventSpec:
        made = await ask(rooms.create, current_user(), new_room(form))
        self.dialog = ""
        return rx.redirect(routes.room(made.id))

    @rx.event
    @requires("editor")
    async def edit(self, form: dict[str, Any]) -> None:
        asked = new_room({**form, "workflow_id": "unchanged"})
        changes = RoomPatch(name=asked.name, version=asked.version, queue_runs=asked.queue_runs)
        await ask(rooms.patch, current_user(), an_id(self.target.get("id")), changes)
        self.dialog = ""
        await draw_again(self, fetch)

    @rx.event
    @requires("editor")
    async def delete(self) -> rx.event.EventSpec:
        await ask(rooms.delete, current_user(), an_id(self.target.get("id")))
        self.dialog = ""
        await draw_again(self, fetch)
        return notify("Deleted.")

    @rx.event
    @requires("editor")
    async def run(self, room_id: str) -> rx.event.EventSpec:
        """Queue a run at once, or go to the room's form when the workflow wants values."""
        if await ask(overview.needs_input, current_user(), an_id(room_id)):
            return rx.redirect(f"{routes.room(room_id)}?run=new")
        started = await ask(runs.start, current_user(), room_id)
        await draw_again(self, fetch)
        return notify(f"Run #{started.number} is queued.")


def fetch(rt: Runtime, user: User, query: Query) -> dict[str, Any]:
    status, order = query.get("status", ""), query.get("order", "")
    sought = rooms.Sought(
        status=RoomStatus(status) if status in RoomStatus.__members__ else None,
        workflow_id=query.get("workflow"),
        text=query.get("q", ""),
        passing=query.get("made") == OF_CALLS,
        order=rooms.Order(order) if order in set(rooms.Order) else rooms.Order.ACTIVE,
    )
    found = rooms.list_rooms(rt, user, sought, Paging(limit=PAGE_SIZE, cursor=query.get("cursor")))
    return {
        "rows": [_row(room) for room in found.items],
        "next_cursor": found.next_cursor or "",
        "cleared_after": rt.settings.call_room_days if sought.passing else 0,
        "is_filtered": bool({"q", "status", "workflow", "made", "cursor"} & query.keys()),
    }


def _row(room: Room) -> dict[str, Any]:
    is_busy = room.status.value in LIVE
    return {
        "id": room.id,
        "name": room.name,
        "status": room.status.value,
        "workflow_id": room.workflow_id,
        "workflow_name": room.workflow_name,
        "version": "latest" if room.version == LATEST else f"v{room.version}",
        "last_run_number": room.last_run_number,
        "updated_at": room.plain()["updated_at"],
        "can_run": not is_busy or room.queue_runs,
    }


def choices_of_workflows(rt: Runtime, user: User) -> list[dict[str, str]]:
    """The workflows that rooms can have, for a select."""
    found = workflows.list_workflows(rt, user, paging=Paging(limit=CHOICES)).items
    return [{"value": item.id, "text": item.name} for item in found]


def workflows_to_run(rt: Runtime, user: User) -> list[dict[str, str]]:
    """Those that a new room can have: the first can run, the others say that they can't yet."""
    found = workflows.list_workflows(rt, user, paging=Paging(limit=CHOICES)).items
    published = [{"value": item.id, "text": item.name} for item in found if item.latest_version]
    drafts = [
        {"value": item.id, "text": f"{item.name} (never published)"}
        for item in found
        if not item.latest_version
    ]
    return published + drafts


def choices_of_versions(rt: Runtime, user: User, workflow_id: str) -> list[dict[str, str]]:
    """Latest, and the workflow's versions, newest first."""
    latest = [{"value": LATEST, "text": "Always the latest"}]
    if not workflow_id:
        return latest
    found = workflows.list_versions(rt, user, an_id(workflow_id), Paging(limit=CHOICES)).items
    return latest + [{"value": str(item.version), "text": f"Version {item.version}"} for item in found]


def new_room(form: Any) -> NewRoom:
    """The room that a form describes.

    Raises:
        InvalidInput: a field is missing or not what it should be.
    """
    name, workflow_id = text_in(form, "name").strip(), text_in(form, "workflow_id")
    version = text_in(form, "version") or LATEST
    if not 1 <= len(name) <= 200:
        raise InvalidInput("A room needs a name of 1 to 200 characters.")
    if not workflow_id:
        raise InvalidInput("A room needs a workflow. Make one first on the Workflows page.")
    if version != LATEST and not version.isdecimal():
        raise InvalidInput(f"{version[:40]!r} is no version.")
    pinned: Pinned = LATEST if version == LATEST else int(version[:9])
    return NewRoom(
        name=name,
        workflow_id=an_id(workflow_id),
        version=pinned,
        queue_runs=is_ticked(form, "queue_runs"),
    )
