"""How trying a tool out looks: a form made from its parameters, and what came of it."""

from typing import Any

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import (
    button,
    checkbox,
    dialog,
    duration,
    field,
    group_title,
    link,
    select_input,
    text_area,
    text_input,
)
from openrooms_app.pages.tools.form import PREFIX
from openrooms_app.pages.tools.state import ROOM, ToolsPage
from openrooms_app.pages.tools.view import DATA

state: Any = ToolsPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""


def try_dialog() -> rx.Component:
    room = field(
        "Room",
        select_input(state.room_choices, name=ROOM),
        hint="Its memory is what the tool reads and writes, for real.",
    )
    needs_one = rx.el.p(
        "This tool works on a room's memory. ",
        link("Make a room first", to=f"{routes.ROOMS}?new=1"),
        class_name="text-sm text-mute",
    )
    form = rx.el.form(
        rx.foreach(state.target["fields"].to(list[dict[str, Any]]), _input),
        rx.cond(
            state.target["needs_room"],
            rx.cond(state.room_choices.length() > 0, room, needs_one),
            rx.fragment(),
        ),
        rx.el.div(
            button("Close", on_click=state.close),
            button(
                rx.cond(state.is_trying, "Running", "Run tool"),
                look="solid",
                icon="play",
                type="submit",
                disabled=state.is_trying,
            ),
            class_name="flex justify-end gap-2",
        ),
        on_submit=state.try_out,
        key=f"{state.target['name']} {state.target['filled']}",
        class_name="flex flex-col gap-4",
    )
    examples = state.target["examples"].to(list[dict[str, Any]])
    return dialog(
        rx.cond(examples.length() > 0, _fill(examples), rx.fragment()),
        form,
        rx.el.div(_outcome(), aria_live="polite"),
        open=state.is_open,
        title=f"Try {state.target['title']}",
        description="It is called for real: what it does is done.",
        on_open_change=state.close,
    )


def _fill(examples: Any) -> rx.Component:
    def one(item: Any) -> rx.Component:
        return rx.el.button(
            item["title"],
            type="button",
            on_click=state.begin(state.target["name"].to(str), item["number"].to(int)),
            aria_pressed=state.target["filled"] == item["number"].to_string(),
            class_name="cursor-pointer rounded-md border border-line px-2 py-0.5 text-xs hover:bg-hover "
            "aria-pressed:border-accent aria-pressed:bg-hover",
        )

    return rx.el.div(
        rx.el.span("Fill in:", class_name="text-xs text-mute"),
        rx.foreach(examples, one),
        role="group",
        aria_label="Examples",
        class_name="flex flex-wrap items-center gap-1.5",
    )


def _input(item: Any) -> rx.Component:
    name, default = f"{PREFIX}{item['name']}", item["default"].to(str)
    common: dict[str, Any] = {
        "name": name,
        "id": name,
        "required": item["required"].to(bool),
        "aria_describedby": f"{name}-hint",
    }
    area = text_area(**common, default_value=default, rows=2)
    numbers = text_input(**common, default_value=default, type="number", step="any")
    choices = rx.el.select(
        rx.el.option("–", value=""),
        rx.foreach(
            item["choices"].to(list[dict[str, str]]),
            lambda each: rx.el.option(each["text"], value=each["value"]),
        ),
        **common,
        default_value=default,
        class_name="h-8 w-full rounded-md border border-line-strong bg-bg px-2.5 text-sm",
    )
    control = rx.match(
        item["kind"],
        ("text", text_input(**common, default_value=default)),
        ("area", area),
        ("integer", numbers),
        ("number", numbers),
        ("choice", choices),
        text_area(**common, default_value=default, rows=2, placeholder="JSON", class_name="font-mono"),
    )
    star = rx.cond(
        item["required"], rx.el.span(" *", aria_hidden=True, class_name="text-fail"), rx.fragment()
    )
    labelled = rx.el.div(
        rx.el.label(item["label"], star, html_for=name, class_name="mb-1 block text-xs font-medium"),
        control,
        rx.el.p(item["hint"], id=f"{name}-hint", class_name="mt-1 text-xs text-mute"),
    )
    return rx.cond(
        item["kind"] == "boolean",
        checkbox(item["label"].to(str), name=name, default_checked=default == "true"),
        labelled,
    )


def _outcome() -> rx.Component:
    outcome = state.outcome
    failed = rx.el.div(
        rx.el.div(
            group_title("Error"),
            rx.el.code(outcome["code"], class_name="font-mono text-xs text-mute"),
            class_name="flex items-center justify-between",
        ),
        rx.el.p(
            outcome["error"],
            class_name="mt-1 whitespace-pre-wrap break-words rounded-md bg-fail/10 p-3 text-sm text-fail",
        ),
        role="alert",
    )
    remembered = rx.el.div(
        group_title("Written to the room's memory"),
        rx.el.pre(outcome["remembered"], class_name=f"mt-1 {DATA}"),
    )
    done = rx.el.div(
        rx.el.div(
            group_title("Result"),
            rx.el.span(duration(outcome["duration_ms"]), class_name="text-xs text-mute"),
            class_name="flex items-center justify-between",
        ),
        rx.el.pre(outcome["result"], class_name=DATA),
        rx.cond(outcome["remembered"], remembered, rx.fragment()),
        class_name="flex flex-col gap-2",
    )
    return rx.cond(outcome["error"], failed, rx.cond(outcome["result"], done, rx.fragment()))
