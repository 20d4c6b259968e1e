"""How the form of a schedule looks."""

from typing import Any

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import (
    button,
    dialog,
    empty_state,
    field,
    group_title,
    link_button,
    select_input,
    text_area,
    text_input,
)
from openrooms_app.pages.triggers import words
from openrooms_app.pages.triggers.forms import NextTimes, ZoneInput
from openrooms_app.pages.triggers.schedule_form import SCHEDULE, ScheduleForm
from openrooms_app.pages.triggers.state import TriggersPage

form: Any = ScheduleForm
page: Any = TriggersPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""


def schedule_dialog(*, is_overview: bool) -> rx.Component:
    first = empty_state(
        "door-open",
        "No room to run yet",
        "A schedule runs a room: make one first.",
        link_button("New room", to=f"{routes.ROOMS}?new=1", look="solid"),
    )
    body = _form(is_overview=is_overview)
    return dialog(
        rx.cond(page.room_choices.length() > 0, body, first) if is_overview else body,
        open=page.dialog == SCHEDULE,
        title=rx.cond(form.id != "", f"Schedule {form.values['name']}", "New schedule"),
        description="The room runs by itself at these times.",
        size="large",
        on_open_change=page.close,
    )


def _form(*, is_overview: bool) -> rx.Component:
    room = field(
        "Room",
        select_input(
            page.room_choices,
            value=form.values["room_id"],
            on_change=lambda chosen: form.change("room_id", chosen),
            disabled=form.id != "",
        ),
        error=form.faults["room_id"],
    )
    return rx.el.form(
        rx.el.div(
            rx.el.div(
                _name(), *([room] if is_overview else []), _cron(), _zone(), class_name="flex flex-col gap-4"
            ),
            rx.el.div(_times(), _policies(), class_name="flex flex-col gap-4"),
            class_name="grid gap-x-8 gap-y-4 md:grid-cols-2",
        ),
        _input(),
        rx.el.div(
            button("Cancel", on_click=page.close),
            button("Save", look="solid", type="submit"),
            class_name="flex justify-end gap-2",
        ),
        on_submit=lambda _: form.save(),
        class_name="flex flex-col gap-4",
    )


def _name() -> rx.Component:
    control = text_input(
        value=form.values["name"],
        on_change=lambda text: form.change("name", text),
        required=True,
        max_length=200,
        auto_focus=True,
    )
    return field("Name", control, required=True)


def _cron() -> rx.Component:
    presets = select_input(
        [*words.choices(words.PRESETS), ("", "Another, as written below")],
        value=rx.cond(
            rx.Var.create(list(words.PRESETS)).contains(form.values["cron"]), form.values["cron"], ""
        ),
        on_change=lambda cron: form.change("cron", cron),
    )
    written = text_input(
        value=form.values["cron"],
        on_change=lambda text: form.change("cron", text),
        required=True,
        max_length=200,
        spell_check=False,
        class_name="font-mono",
        aria_invalid=form.faults["cron"] != "",
    )
    hint = "Minute, hour, day of the month, month, day of the week; six fields begin with seconds."
    return rx.el.div(
        field("When", presets),
        field("Cron expression", written, hint=hint, error=form.faults["cron"]),
        class_name="flex flex-col gap-4",
    )


def _zone() -> rx.Component:
    return ZoneInput.create(
        value=form.values["zone"],
        fault=form.faults["zone"],
        on_change=lambda zone: form.change("zone", zone),
        key=form.id,
    )


def _times() -> rx.Component:
    return rx.el.div(
        group_title("The next five times"),
        NextTimes.create(times=form.times, zone=form.values["zone"]),
        class_name="flex flex-col gap-2 rounded-md border border-line bg-bg p-3",
    )


def _policies() -> rx.Component:
    overlap = select_input(
        words.choices(words.OVERLAPS),
        value=form.values["overlap"],
        on_change=lambda chosen: form.change("overlap", chosen),
    )
    catch_up = select_input(
        words.choices(words.CATCH_UPS),
        value=form.values["catch_up"],
        on_change=lambda chosen: form.change("catch_up", chosen),
    )
    return rx.fragment(
        field("If the room is busy then", overlap),
        field(
            "Times that were missed",
            catch_up,
            hint="A time is missed when no worker was there within 10 seconds of it.",
        ),
    )


def _input() -> rx.Component:
    control = text_area(
        value=form.values["input"],
        on_change=lambda text: form.change("input", text),
        rows=4,
        spell_check=False,
        class_name="font-mono aria-[invalid=true]:border-fail",
        aria_invalid=form.faults["input"] != "",
    )
    return rx.el.div(
        field("Input of each run, as JSON", control, error=form.faults["input"]),
        rx.el.p(form.takes, class_name="mt-1 text-xs text-mute"),
    )
