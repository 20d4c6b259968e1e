"""How the list of agents looks."""

from typing import Any, Final

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import (
    actions_cell,
    button,
    cell,
    dialog,
    empty_state,
    error_state,
    icon_button,
    link,
    link_button,
    menu,
    menu_item,
    name_cell,
    panel,
    relative_time,
    row,
    skeleton_rows,
    table,
)
from openrooms_app.components.query import pager
from openrooms_app.components.table import SHARED, WIDE, WIDER
from openrooms_app.pages.agents.state import AgentsPage
from openrooms_app.session import SessionState
from openrooms_app.shell import for_editors

state: Any = AgentsPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""

COLUMNS: Final = (
    "Name",
    "Model",
    ("Tools", WIDE),
    ("Version", WIDER),
    ("Used by", WIDE),
    ("Changed", WIDER),
    "",
)


def new_button() -> rx.Component:
    return for_editors(link_button("New agent", to=routes.NEW_AGENT, look="solid", icon="plus"))


def agent_list() -> rx.Component:
    rows = rx.fragment(table(COLUMNS, rx.foreach(state.rows, _row), label="Agents"), pager(state.next_cursor))
    nothing = empty_state(
        "bot",
        "No agents yet",
        "An agent is a model with instructions, tools and limits. Make one here and name it in the agent steps of "
        "your workflows: they take over its settings when they are published.",
        new_button(),
    )
    content = rx.cond(
        state.error != "",
        error_state(state.error, state.refresh),
        rx.cond(state.is_loading, skeleton_rows(), rx.cond(state.rows.length() > 0, rows, nothing)),
    )
    return panel(content, class_name="overflow-hidden")


def _row(item: Any) -> rx.Component:
    model = rx.cond(item["model"] != "", item["model"], "its usual one")
    users = item["used_by"].to(list[dict[str, str]])
    return row(
        name_cell(
            link(item["name"], to=f"{routes.AGENTS}/{item['id']}", class_name="font-medium"),
            title=item["name"],
            class_name="md:w-1/4",
        ),
        name_cell(
            rx.el.span(model, class_name="font-mono text-xs"),
            rx.el.span(" ", item["provider"], class_name="text-mute"),
            class_name="max-md:min-w-24 md:w-1/4",
        ),
        cell(
            rx.cond(item["tools"] != "", item["tools"], "none"),
            class_name=f"{SHARED} text-mute {WIDE} md:w-1/6",
        ),
        cell("v", item["version"], class_name=f"text-mute {WIDER}"),
        cell(
            rx.cond(
                users.length() > 0,
                rx.el.span(rx.foreach(users, _user), class_name="flex flex-wrap gap-x-2"),
                rx.el.span("nobody", class_name="text-mute"),
            ),
            rx.cond(item["more"] != "", rx.el.span(item["more"], class_name="text-mute"), rx.fragment()),
            class_name=f"{SHARED} whitespace-normal {WIDE} md:w-1/6",
        ),
        cell(relative_time(item["updated_at"].to(str)), class_name=f"text-mute {WIDER}"),
        actions_cell(rx.cond(SessionState.can_edit, _more(item), rx.fragment())),
    )


def _user(workflow: Any) -> rx.Component:
    return link(workflow["name"], to=f"{routes.WORKFLOWS}/{workflow['id']}")


def _more(item: Any) -> rx.Component:
    return menu(
        icon_button("ellipsis", f"More for {item['name']}"),
        menu_item("Delete", "trash-2", state.begin_delete(item["id"].to(str)), danger=True),
        label=f"More for {item['name']}",
    )


def delete_dialog() -> rx.Component:
    users = state.target["used_by"].to(list[dict[str, str]])
    kept = rx.fragment(
        rx.el.p("These workflows name it. Take it out of their agent steps first, and publish them."),
        rx.el.ul(rx.foreach(users, lambda each: rx.el.li(_user(each))), class_name="ml-4 list-disc text-sm"),
        rx.el.div(button("Close", on_click=state.close), class_name="flex justify-end"),
    )
    free = rx.fragment(
        rx.el.p(
            "All its versions are gone for good. Workflows that were published with it keep what they took."
        ),
        rx.el.div(
            button("Cancel", on_click=state.close),
            button("Delete", look="danger", on_click=state.delete),
            class_name="flex justify-end gap-2",
        ),
    )
    is_used = users.length() > 0
    return dialog(
        rx.el.div(rx.cond(is_used, kept, free), class_name="flex flex-col gap-3 text-sm"),
        open=state.is_open,
        title=rx.cond(is_used, f"{state.target['name']} is in use", f"Delete {state.target['name']}?"),
        size="small",
        on_open_change=state.close,
    )
