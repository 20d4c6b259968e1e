"""How the rooms page looks."""

from typing import Any, Final

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import (
    actions_cell,
    button,
    cell,
    checkbox,
    confirm_dialog,
    dialog,
    empty_state,
    error_state,
    field,
    icon_button,
    link,
    link_button,
    link_icon,
    menu,
    menu_item,
    menu_line,
    name_cell,
    panel,
    relative_time,
    row,
    select_input,
    skeleton_rows,
    status_badge,
    table,
    text_input,
)
from openrooms_app.components.query import pager, search_filter, select_filter
from openrooms_app.components.table import SHARED, WIDE, WIDER
from openrooms_app.pages.rooms.state import OF_CALLS, RoomsPage
from openrooms_app.session import SessionState
from openrooms_app.shell import for_editors

state: Any = RoomsPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""

STATUSES: Final = [
    {"value": name, "text": name.capitalize()}
    for name in ("IDLE", "QUEUED", "RUNNING", "WAITING", "PAUSED", "COMPLETED", "FAILED", "CANCELLED")
]
ORDERS: Final = [{"value": "newest", "text": "Newest first"}, {"value": "name", "text": "By name"}]
COLUMNS: Final = ("Name", "Status", ("Workflow", WIDE), ("Runs", WIDER), ("Last active", WIDER), "")


def header_actions() -> list[rx.Component]:
    new = button("New room", look="solid", icon="plus", on_click=state.begin_new)
    return [for_editors(new)]


def room_list() -> rx.Component:
    filters = rx.el.div(
        search_filter("Search rooms"),
        select_filter("status", "Status", "Any status", STATUSES),
        select_filter(
            "workflow", "Workflow", "Any workflow", state.filter_choices, "A workflow no longer in use"
        ),
        select_filter(
            "made", "Made by", "Made by people", [{"value": OF_CALLS, "text": "Made by MCP calls"}]
        ),
        select_filter("order", "Order", "Last active first", ORDERS),
        class_name="flex flex-wrap gap-2",
    )
    rows = rx.fragment(table(COLUMNS, rx.foreach(state.rows, _row), label="Rooms"), pager(state.next_cursor))
    nothing = rx.cond(state.is_filtered, _nothing_found(), _nothing_yet())
    content = rx.cond(
        state.error != "",
        error_state(state.error, state.refresh),
        rx.cond(state.is_loading, skeleton_rows(), rx.cond(state.rows.length() > 0, rows, nothing)),
    )
    return rx.fragment(filters, _cleared(), panel(content, class_name="overflow-hidden"))


def _cleared() -> rx.Component:
    days = state.cleared_after.to(int)
    text = [
        "Each was made for one call, and is deleted ",
        days,
        " days after its run. Edit a room to keep it.",
    ]
    return rx.cond(days > 0, rx.el.p(*text, class_name="text-sm text-mute"), rx.fragment())


def _nothing_found() -> rx.Component:
    return empty_state(
        "search-x", "No room fits", "None is like this just now.", link_button("Show all", to=routes.ROOMS)
    )


def _nothing_yet() -> rx.Component:
    new = button("New room", look="solid", icon="plus", on_click=state.begin_new)
    return empty_state(
        "door-open",
        "No rooms yet",
        "A room is where a workflow runs: it keeps the memory and the history of its runs.",
        rx.cond(SessionState.can_edit, new, rx.fragment()),
        link_button("Open workflows", to=routes.WORKFLOWS),
    )


def _row(item: Any) -> rx.Component:
    room, workflow = item["id"].to(str), item["workflow_id"].to(str)
    return row(
        name_cell(
            link(item["name"], to=f"{routes.ROOMS}/{room}", class_name="font-medium"),
            title=item["name"],
            class_name="max-w-40 md:w-1/3",
        ),
        cell(status_badge(item["status"].to(str))),
        cell(
            link(item["workflow_name"], to=f"{routes.WORKFLOWS}/{workflow}", class_name="text-ink"),
            rx.el.span(" ", item["version"], class_name="text-mute"),
            class_name=f"{SHARED} {WIDE} md:w-1/4",
        ),
        cell(
            rx.cond(
                item["last_run_number"].to(int) > 0,
                link(item["last_run_number"], to=f"{routes.RUNS}?room={room}"),
                rx.el.span("0", class_name="text-mute"),
            ),
            class_name=WIDER,
        ),
        cell(relative_time(item["updated_at"].to(str)), class_name=f"text-mute {WIDER}"),
        actions_cell(_triggers(item), rx.cond(SessionState.can_edit, _actions(item), rx.fragment())),
        custom_attrs={"data-room": room},
    )


def _triggers(item: Any) -> rx.Component:
    """The way to a room's triggers; on a phone the room's own page has it."""
    to = f"{routes.ROOMS}/{item['id']}/triggers"
    icon = link_icon("calendar-clock", f"Triggers of {item['name']}", to=to)
    return rx.el.span(icon, class_name="max-md:hidden")


def _actions(item: Any) -> rx.Component:
    room = item["id"].to(str)
    can_run = item["can_run"].to(bool)
    return rx.fragment(
        button(
            rx.el.span("Run", class_name="max-md:hidden"),
            icon="play",
            disabled=~can_run,
            title=rx.cond(can_run, "Start a run", "A run goes on in this room"),
            aria_label=f"Run {item['name']}",
            on_click=state.run(room),
            class_name="!h-7 !px-2.5",
        ),
        menu(
            icon_button("ellipsis", f"More for {item['name']}"),
            menu_item("Settings", "pencil", state.begin("edit", room)),
            menu_line(),
            menu_item("Delete", "trash-2", state.begin("delete", room), danger=True),
            label=f"More for {item['name']}",
        ),
    )


def dialogs() -> rx.Component:
    return rx.fragment(_new(), _edit(), _delete())


def _form(on_submit: Any, word: str, *first: rx.Component) -> rx.Component:
    version = select_input(
        state.version_choices,
        name="version",
        default_value=state.target["version"].to(str),
        key=f"{state.version_choices.to_string()}",
    )
    return rx.el.form(
        field(
            "Name",
            text_input(
                name="name",
                required=True,
                max_length=200,
                auto_focus=True,
                default_value=state.target["name"].to(str),
            ),
            required=True,
        ),
        *first,
        field("Version", version, hint="A run keeps the version it began with."),
        checkbox(
            "Let runs wait in line",
            name="queue_runs",
            default_checked=state.target["queue_runs"].to(bool),
        ),
        rx.el.div(
            button("Cancel", on_click=state.close),
            button(word, look="solid", type="submit"),
            class_name="flex justify-end gap-2",
        ),
        on_submit=on_submit,
        class_name="flex flex-col gap-4",
    )


def _new() -> rx.Component:
    workflow = select_input(
        state.workflow_choices,
        name="workflow_id",
        default_value=state.target["workflow_id"].to(str),
        on_change=state.choose_workflow,
    )
    none = empty_state(
        "workflow",
        "No workflow to run yet",
        "A room runs a workflow: draw one, or copy a template.",
        link_button("Open workflows", to=routes.WORKFLOWS, look="solid"),
    )
    return dialog(
        rx.cond(
            state.workflow_choices.length() > 0,
            _form(state.create, "Create and open", field("Workflow", workflow, required=True)),
            none,
        ),
        open=state.dialog == "new",
        title="New room",
        description="It runs a workflow and keeps its memory.",
        size="small",
        on_open_change=state.close,
    )


def _edit() -> rx.Component:
    return dialog(
        _form(state.edit, "Save"),
        open=state.dialog == "edit",
        title=f"Settings of {state.target['name']}",
        size="small",
        on_open_change=state.close,
    )


def _delete() -> rx.Component:
    return confirm_dialog(
        state.dialog == "delete",
        f"Delete {state.target['name']}?",
        "Its memory, conversation and all its runs are gone for good.",
        button("Delete", look="danger", on_click=state.delete),
        state.close,
    )
