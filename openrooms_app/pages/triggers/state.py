"""What the pages of triggers draw, and what can be done to what is there: switch, delete, deliver again.

Keys and addresses never come here: the forms of webhooks and subscriptions ask the API, and the browser alone knows.
"""

import re
from functools import partial
from typing import Any, Final

import reflex as rx

from engine.core.errors import InvalidInput
from engine.core.hook import HookPatch
from engine.core.identity import User
from engine.core.schedule import SchedulePatch
from engine.core.subscription import SubscriptionPatch
from engine.runtime import Runtime
from engine.services import hooks, schedules, subscriptions
from openrooms_app.arguments import an_id
from openrooms_app.ask import ask, notify
from openrooms_app.following import draw_again, keep_drawn
from openrooms_app.pages.triggers import rows
from openrooms_app.roles import requires
from openrooms_app.session import current_user

REST_S: Final = 1.0
DIALOGS: Final = frozenset({"edit", "rotate", "delete"})
_ROOM: Final = re.compile(r"/rooms/([^/]+)/triggers/?")


class TriggersPage(rx.State):
    here: str = ""
    """The room whose triggers are shown; empty on the page of all rooms."""
    room_name: str = ""
    room_choices: list[dict[str, str]] = []
    """The rooms that a new thing can be for; the page's own on the page of a room."""
    schedules: list[dict[str, Any]] = []
    hooks: list[dict[str, Any]] = []
    subscriptions: list[dict[str, Any]] = []
    history: dict[str, Any] = dict(rows.NO_HISTORY)
    """What became of one of them, as the address asks; see rows.history."""
    is_loading: bool = True
    error: str = ""
    dialog: str = ""
    """Which one is open: schedule, or new, edit, rotate or delete with -webhook and the like; "" for none."""
    target: dict[str, Any] = {}
    """The row that the dialog is about."""

    @rx.event(background=True)
    @requires("viewer")
    async def follow(self) -> None:
        await keep_drawn(self, partial(rows.fetch, room_id=room_of(self)), REST_S)

    @rx.event
    @requires("viewer")
    async def refresh(self) -> None:
        await draw_again(self, partial(rows.fetch, room_id=room_of(self)))

    @rx.event
    @requires("viewer")
    def close(self) -> rx.event.EventSpec | None:
        """The dialog, or the history that the address asks for."""
        self.dialog = ""
        if not self.history["id"]:
            return None
        self.history = dict(rows.NO_HISTORY)
        return rx.redirect(self.router.url.path)

    @rx.event
    @requires("editor")
    def begin_new(self, kind: str) -> None:
        self.target, self.dialog = {}, f"new-{a_kind(kind)}"

    @rx.event
    @requires("editor")
    async def begin(self, dialog: str, kind: str, id_: str) -> None:
        """Open `edit`, `rotate` or `delete` for a thing that is shown."""
        await draw_again(self, partial(rows.fetch, room_id=room_of(self)))
        shown = {"schedule": self.schedules, "webhook": self.hooks, "subscription": self.subscriptions}
        found = next((row for row in shown[a_kind(kind)] if row["id"] == an_id(id_)), None)
        if found is None or dialog not in DIALOGS:
            raise InvalidInput("It is not there any more.")
        self.target, self.dialog = found, f"{dialog}-{kind}"

    @rx.event
    @requires("editor")
    async def switch(self, kind: str, id_: str, is_on: bool) -> rx.event.EventSpec:
        name = await ask(switched, current_user(), a_kind(kind), an_id(id_), is_on is True)
        await draw_again(self, partial(rows.fetch, room_id=room_of(self)))
        return notify(f"{name} is {'on' if is_on is True else 'off'} now.")

    @rx.event
    @requires("editor")
    async def delete(self) -> rx.event.EventSpec:
        kind = a_kind(self.dialog.removeprefix("delete-"))
        await ask(DELETE[kind], current_user(), an_id(self.target.get("id")))
        self.dialog = ""
        await draw_again(self, partial(rows.fetch, room_id=room_of(self)))
        return notify("Deleted.")

    @rx.event
    @requires("editor")
    async def redeliver(self, subscription_id: str, notice_id: str) -> rx.event.EventSpec:
        await ask(subscriptions.redeliver, current_user(), an_id(subscription_id), an_id(notice_id))
        await draw_again(self, partial(rows.fetch, room_id=room_of(self)))
        return notify("It is delivered once more, under the same id.")


DELETE: Final = {
    "schedule": schedules.delete,
    "webhook": hooks.delete,
    "subscription": subscriptions.delete,
}


def switched(rt: Runtime, user: User, kind: str, id_: str, is_on: bool) -> str:
    """Its name, once it is on or off."""
    if kind == "schedule":
        return schedules.patch(rt, user, id_, SchedulePatch(enabled=is_on)).name
    if kind == "webhook":
        return hooks.patch(rt, user, id_, HookPatch(enabled=is_on)).name
    return subscriptions.patch(rt, user, id_, SubscriptionPatch(enabled=is_on)).name


def room_of(state: Any) -> str:
    """The room in the page's address; empty on the page of all rooms."""
    found = _ROOM.fullmatch(state.router.url.path)
    return an_id(found[1]) if found else ""


def a_kind(value: Any) -> str:
    """
    Raises:
        InvalidInput: there is no such kind of trigger.
    """
    if value not in rows.KINDS:
        raise InvalidInput(f"{str(value)[:40]!r} is none of {', '.join(rows.KINDS)}.")
    return str(value)
