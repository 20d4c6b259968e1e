"""How the list of tools looks."""

from typing import Any, Final

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import (
    badge,
    button,
    cell,
    duration,
    empty_state,
    error_state,
    group_title,
    link_button,
    panel,
    row,
    skeleton_rows,
    table,
)
from openrooms_app.components.query import search_filter, select_filter
from openrooms_app.components.table import WIDE
from openrooms_app.pages.tools.state import ToolsPage
from openrooms_app.session import SessionState

state: Any = ToolsPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""

DATA: Final = "max-h-96 overflow-auto whitespace-pre-wrap break-words rounded-md bg-bg p-3 font-mono text-xs"
SUMMARY: Final = "w-fit cursor-pointer text-xs font-medium text-mute hover:text-ink"


def tool_list() -> rx.Component:
    filters = rx.el.div(
        search_filter("Search tools"),
        select_filter("origin", "Brought by", "Any origin", state.origins, "Nothing any more"),
        class_name="flex flex-wrap gap-2",
    )
    nothing = empty_state(
        "search-x", "No tool fits", "None is like this.", link_button("Show all", to=routes.TOOLS)
    )
    more = rx.el.p("And ", state.more, " more: search for what you need.", class_name="text-sm text-mute")
    shown = rx.fragment(
        rx.foreach(state.tools, _tool),
        rx.cond(state.more > 0, more, rx.fragment()),
    )
    return rx.cond(
        state.error != "",
        panel(error_state(state.error, state.refresh)),
        rx.cond(
            state.is_loading,
            panel(skeleton_rows()),
            rx.fragment(
                rx.cond(state.sources.length() > 0, _sources(), rx.fragment()),
                filters,
                rx.cond(state.tools.length() > 0, shown, panel(nothing)),
            ),
        ),
    )


def _sources() -> rx.Component:
    return panel(
        table(
            ("Brought by", ("Kind", WIDE), "Tools", "State"),
            rx.foreach(state.sources, _source),
            label="Where tools come from",
            is_still=True,
        ),
        title="MCP servers and files",
        class_name="overflow-hidden",
    )


def _source(item: Any) -> rx.Component:
    fault = rx.el.span(badge("Fault", color="fail"), " ", item["fault"], class_name="text-mute")
    return row(
        cell(item["name"], class_name="font-medium"),
        cell(item["kind"], class_name=f"text-mute {WIDE}"),
        cell(item["tools"]),
        cell(
            rx.cond(item["fault"] != "", fault, badge("Fine", color="ok")),
            class_name="min-w-40 whitespace-normal break-words py-2",
        ),
    )


def _tool(tool: Any) -> rx.Component:
    try_it = button(
        "Try it",
        icon="play",
        on_click=state.begin(tool["name"].to(str), -1),
        aria_label=f"Try it: {tool['title']}",
        class_name="!h-7 !px-2.5",
    )
    return panel(
        rx.el.div(
            rx.el.p(tool["description"], class_name="max-w-3xl whitespace-pre-line text-sm"),
            _traits(tool),
            class_name="flex flex-col gap-2 px-4 py-3",
        ),
        rx.el.div(
            _parameters(tool["fields"].to(list[dict[str, Any]]), tool["title"]),
            class_name="border-t border-line",
        ),
        rx.cond(tool["returns"] != "", _result(tool), rx.fragment()),
        rx.cond(tool["examples"].to(list[Any]).length() > 0, _examples(tool), rx.fragment()),
        title=tool["title"].to(str),
        actions=[rx.cond(SessionState.can_edit, try_it, rx.fragment())],
        class_name="overflow-hidden",
    )


def _traits(tool: Any) -> rx.Component:
    quiet = "text-xs text-mute"
    return rx.el.div(
        rx.el.code(tool["name"], class_name="font-mono text-xs text-mute"),
        badge(tool["category"]),
        badge(tool["origin"]),
        badge(tool["effect"]),
        rx.el.span("at most ", duration(tool["timeout_ms"]), class_name=quiet),
        rx.cond(tool["rate"] != "", rx.el.span(tool["rate"], class_name=quiet), rx.fragment()),
        class_name="flex flex-wrap items-center gap-2",
    )


def _parameters(fields: Any, tool: Any) -> rx.Component:
    columns = ("Parameter", "Type", ("Required", WIDE), "What it is")
    rows = table(columns, rx.foreach(fields, _parameter), label=f"Parameters of {tool}", is_still=True)
    none = rx.el.p("Takes nothing.", class_name="px-4 py-2.5 text-sm text-mute")
    return rx.cond(fields.length() > 0, rows, none)


def _parameter(item: Any) -> rx.Component:
    default = rx.el.span(
        " Default: ", rx.el.code(item["default"], class_name="font-mono"), class_name="text-mute"
    )
    return row(
        cell(rx.el.code(item["name"], class_name="font-mono text-xs")),
        cell(item["type"], class_name="max-w-56 whitespace-normal text-mute"),
        cell(rx.cond(item["required"], "yes", "no"), class_name=f"text-mute {WIDE}"),
        cell(
            item["hint"],
            rx.cond(item["default"] != "", default, rx.fragment()),
            class_name="min-w-40 whitespace-normal py-2",
        ),
    )


def _result(tool: Any) -> rx.Component:
    gives = tool["gives"].to(list[dict[str, Any]])
    fields = table(
        ("Field", "Type", ("Always", WIDE), "What it is"),
        rx.foreach(gives, _parameter),
        label=f"Result of {tool['title']}",
        is_still=True,
    )
    return rx.el.details(
        rx.el.summary("Result", class_name=SUMMARY),
        rx.cond(
            gives.length() > 0,
            rx.el.div(fields, class_name="-mx-4 mt-1"),
            rx.el.pre(tool["returns"], tab_index=0, class_name=f"mt-2 {DATA}"),
        ),
        class_name="border-t border-line px-4 py-2.5",
    )


def _examples(tool: Any) -> rx.Component:
    return rx.el.details(
        rx.el.summary("Examples", class_name=SUMMARY),
        rx.el.div(
            rx.foreach(tool["examples"].to(list[dict[str, Any]]), lambda item: _example(item, tool)),
            class_name="mt-2 flex flex-col gap-3",
        ),
        class_name="border-t border-line px-4 py-2.5",
    )


def _example(item: Any, tool: Any) -> rx.Component:
    fill = button(
        "Try this",
        icon="play",
        on_click=state.begin(tool["name"].to(str), item["number"].to(int)),
        aria_label=f"Try this: {tool['title']}: {item['title']}",
        class_name="!h-7 !px-2.5",
    )
    gives = rx.el.div(
        group_title("Gives"),
        rx.el.pre(item["result"], tab_index=0, class_name=f"mt-1 {DATA}"),
        class_name="min-w-0",
    )
    return rx.el.div(
        rx.el.div(
            rx.el.h3(item["title"], class_name="text-sm font-medium"),
            rx.cond(SessionState.can_edit, fill, rx.fragment()),
            class_name="flex items-center justify-between gap-2",
        ),
        rx.el.div(
            rx.el.div(
                group_title("Arguments"),
                rx.el.pre(item["arguments"], tab_index=0, class_name=f"mt-1 {DATA}"),
                class_name="min-w-0",
            ),
            rx.cond(item["result"] != "", gives, rx.fragment()),
            class_name="grid gap-3 md:grid-cols-2",
        ),
        class_name="flex flex-col gap-1.5",
    )
