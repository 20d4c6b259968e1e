"""The form of a schedule: looked at by the server as it is filled in, so that each fault and the next times are shown at once."""

from functools import partial
from typing import Any, Final

import orjson
import reflex as rx
from pydantic import ValidationError

from engine.core.errors import InvalidInput, NotFound, OpenRoomsError
from engine.core.identity import User
from engine.core.sample import with_defaults
from engine.core.schedule import NewSchedule, SchedulePatch
from engine.core.times import rfc3339
from engine.runtime import Runtime
from engine.services import rooms, schedules
from openrooms_app.arguments import an_id, text_in
from openrooms_app.ask import ask, notify
from openrooms_app.following import draw_again
from openrooms_app.pages.tools.form import fields_of
from openrooms_app.pages.triggers import rows
from openrooms_app.pages.triggers.state import TriggersPage, room_of
from openrooms_app.roles import requires
from openrooms_app.session import current_user

SCHEDULE: Final = "schedule"
"""The page's dialog that holds this form."""
FIRST_CRON: Final = "0 9 * * MON-FRI"
FIELDS: Final = frozenset({"room_id", "name", "cron", "zone", "input", "overlap", "catch_up"})
SHOWN: Final = 5


class ScheduleForm(rx.State):
    id: str = ""
    """Of the schedule that is changed; empty for a new one."""
    values: dict[str, str] = {}
    """By field, as it stands in the form."""
    faults: dict[str, str] = {}
    """What is wrong, by field."""
    times: list[dict[str, str]] = []
    """{at, there}: the next ones."""
    takes: str = ""
    """What a run of the room takes as input, in words."""

    @rx.event
    @requires("editor")
    async def begin(self, schedule_id: str) -> None:
        """Open the form for a schedule, or with "" for a new one."""
        page = await self.get_state(TriggersPage)
        self.id = an_id(schedule_id) if schedule_id else ""
        room_id = page.room_choices[0]["value"] if page.room_choices else ""
        self.values = await ask(values_of, current_user(), self.id, room_id)
        page.dialog = SCHEDULE
        await self._look()

    @rx.event
    @requires("editor")
    async def change(self, field: str, value: str) -> None:
        if field not in FIELDS:
            raise InvalidInput(f"A schedule has no field {str(field)[:40]!r}.")
        self.values = {**self.values, field: text_in({field: value}, field)}
        if field == "room_id":
            self.values = {**self.values, "input": await ask(first_input, current_user(), an_id(value))}
        await self._look()

    @rx.event
    @requires("editor")
    async def save(self) -> rx.event.EventSpec | None:
        await self._look()
        if any(self.faults.values()):
            return None
        saved = await ask(kept, current_user(), self.id, self.values)
        page = await self.get_state(TriggersPage)
        page.dialog = ""
        await draw_again(page, partial(rows.fetch, room_id=room_of(self)))
        return notify(f"{saved} is kept.")

    async def _look(self) -> None:
        """Look at what stands in the form."""
        found = await ask(looked_at, current_user(), self.values)
        self.faults, self.times, self.takes = found["faults"], found["times"], found["takes"]


def values_of(rt: Runtime, user: User, schedule_id: str, room_id: str) -> dict[str, str]:
    """What the form begins with; the browser puts its own zone where there is none."""
    if not schedule_id:
        text = first_input(rt, user, room_id) if room_id else "null"
        first = {"room_id": room_id, "name": "", "cron": FIRST_CRON, "zone": "", "input": text}
        return {**first, "overlap": "skip", "catch_up": "one"}
    found = schedules.get(rt, user, schedule_id)
    kept = {name: str(getattr(found, name)) for name in FIELDS - {"input"}}
    return {**kept, "input": pretty(found.input)}


def first_input(rt: Runtime, user: User, room_id: str) -> str:
    """The defaults of what a run of the room takes."""
    version = rooms.next_version(rt, user, room_id)
    return pretty(with_defaults({}, version.document.get("input_schema") if version else None))


def looked_at(rt: Runtime, user: User, values: dict[str, str]) -> dict[str, Any]:
    """{faults, times, takes} of what stands in the form; a fault is empty where all is well."""
    faults = dict.fromkeys(("name", "cron", "zone", "input", "room_id"), "")
    room_id, times = values["room_id"], []
    if not values["name"].strip():
        faults["name"] = "Give it a name."
    try:
        times = schedules.preview(rt, user, values["cron"], values["zone"] or "UTC", SHOWN)
        if not times:
            faults["cron"] = "It is never due: no calendar has such a day."
    except InvalidInput as error:
        faults["zone" if "time zone" in str(error) else "cron"] = str(error)
    try:
        if room_id:
            schedules.check_input(rt, user, room_id, parsed(values["input"]))
        else:
            faults["room_id"] = "Make a room first: a schedule runs one."
    except NotFound:
        faults["room_id"] = "This room is not there any more."
    except OpenRoomsError as error:
        faults["input"] = str(error)
    zone = "UTC" if faults["zone"] else values["zone"] or "UTC"
    shown = [{"at": rfc3339(each), "there": rows.in_zone(each, zone)} for each in times]
    return {"faults": faults, "times": shown, "takes": takes_of(rt, user, room_id)}


def takes_of(rt: Runtime, user: User, room_id: str) -> str:
    try:
        version = rooms.next_version(rt, user, room_id)
    except NotFound:
        return ""
    if version is None:
        return "The room's workflow is not published yet: what is due until then is left out."
    fields = fields_of(version.document.get("input_schema") or {})
    if not fields:
        return "The room's workflow takes any input."
    told = (f"{each['name']} ({each['type']}{', required' if each['required'] else ''})" for each in fields)
    return f"Version {version.number} takes {', '.join(told)}."


def kept(rt: Runtime, user: User, schedule_id: str, values: dict[str, str]) -> str:
    """The name of the schedule, made or changed."""
    given = {name: values[name] for name in ("name", "cron", "overlap", "catch_up")}
    asked = {**given, "zone": values["zone"] or "UTC", "input": parsed(values["input"])}
    try:
        new = NewSchedule.of(asked)
    except ValidationError as error:
        raise InvalidInput("; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())) from None
    if schedule_id:
        return schedules.patch(rt, user, schedule_id, SchedulePatch.of(asked)).name
    return schedules.create(rt, user, values["room_id"], new).name


def parsed(text: str) -> Any:
    """
    Raises:
        InvalidInput: it is no JSON.
    """
    try:
        return orjson.loads(text) if text.strip() else None
    except orjson.JSONDecodeError as error:
        raise InvalidInput(
            f'This is no JSON: {error}. Text stands in double quotes, as in {{"name": "Ada"}}.'
        ) from None


def pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
