"""The kit that pages are drawn with: components draw what they are given and hold no state.

    from openrooms_app.components import badge, button, cell, empty_state, panel, row, status_badge, table

| to draw | take |
|---|---|
| an action | `button("Run", look="solid", icon="play", on_click=...)`, `icon_button("trash-2", "Delete", ...)` |
| a way to a page | `link("Name", to=...)`, `link_button("New room", to=..., icon="plus")`, `link_icon`, `plain_link(card, to=...)` |
| a surface | `panel(..., title="Runs", actions=[...])`, `group_title("Memory")`, `facts(("Version", ...))` |
| a list | `table(["Name", "Status", ""], rx.foreach(State.rows, draw_row), label="Rooms")` of `row(name_cell(...), cell(...))` |
| instead of rows | `empty_state("door-open", title, text, button)`, `skeleton_rows()`, `error_state(text, on_retry)` |
| a form | `field("Name", text_input(value=..., on_change=...), hint=, error=State.name_error)`, `select_input` … |
| a status | `status_badge(State.status)`; other words `badge("draft")` |
| a time | `relative_time(row["at"])`, `local_time(...)`, `duration(row["ms"])` |
| over the page | `dialog(..., open=State.is_open, title=..., on_open_change=State.set_open)`, `confirm_dialog`, `menu`, |
| | `tabs(("log", "Log", content), …, label=)`, `tooltip` |
| a message | not a component: `return notify("Saved.")` from `openrooms_app.ask` |

Icons are lucide names, written out. Colours are names of theme.py as Tailwind classes: `text-mute`, `bg-hover`.
"""

from openrooms_app.components.badge import badge, status_badge
from openrooms_app.components.button import button, icon_button, link_button, link_icon
from openrooms_app.components.field import checkbox, field, search_input, select_input, text_area, text_input
from openrooms_app.components.link import link, plain_link
from openrooms_app.components.overlay import (
    confirm_dialog,
    dialog,
    dialog_of_address,
    menu,
    menu_item,
    menu_line,
    tabs,
    tooltip,
)
from openrooms_app.components.panel import facts, group_title, panel
from openrooms_app.components.states import empty_state, error_state, skeleton, skeleton_rows
from openrooms_app.components.style import classes
from openrooms_app.components.table import actions_cell, cell, name_cell, row, table
from openrooms_app.components.time import duration, local_time, relative_time

__all__ = [
    "actions_cell",
    "badge",
    "button",
    "cell",
    "checkbox",
    "classes",
    "confirm_dialog",
    "dialog",
    "dialog_of_address",
    "duration",
    "empty_state",
    "error_state",
    "facts",
    "field",
    "group_title",
    "icon_button",
    "link",
    "link_button",
    "link_icon",
    "local_time",
    "menu",
    "menu_item",
    "menu_line",
    "name_cell",
    "panel",
    "plain_link",
    "relative_time",
    "row",
    "search_input",
    "select_input",
    "skeleton",
    "skeleton_rows",
    "status_badge",
    "table",
    "tabs",
    "text_area",
    "text_input",
    "tooltip",
]
