"""Runs in a table, for the runs page and for home."""

from collections.abc import Callable
from typing import Any, Final

import reflex as rx

from openrooms_app import routes
from openrooms_app.components.badge import badge, status_badge
from openrooms_app.components.link import link
from openrooms_app.components.table import SHARED, WIDE, WIDER, actions_cell, cell, name_cell, row, table
from openrooms_app.components.time import duration, relative_time

COLUMNS: Final = ("Run", "Status", "Room", ("Workflow", WIDE), ("Steps", WIDER), ("Took", WIDER), "Began")


def run_table(
    rows: rx.Var[Any], *, label: str, actions: Callable[[Any], rx.Component] | None = None
) -> rx.Component:
    """`rows` are `RunLine`s as plain JSON; `actions` draws what can be done with one of them."""
    columns = COLUMNS if actions is None else (*COLUMNS, "")
    return table(columns, rx.foreach(rows, lambda item: _row(item, actions)), label=label)


def _row(item: Any, actions: Callable[[Any], rx.Component] | None) -> rx.Component:
    return row(
        cell(link("#", item["number"], to=f"{routes.RUNS}/{item['id']}", class_name="font-medium")),
        cell(
            status_badge(item["status"].to(str)),
            rx.cond(
                item["is_trial"],
                rx.el.span(badge("trial", color="pause"), class_name="ml-1.5"),
                rx.fragment(),
            ),
            rx.cond(
                item["error"] != "",
                rx.el.span(
                    item["error"], title=item["error"], class_name="ml-2 text-xs text-mute max-md:hidden"
                ),
                rx.fragment(),
            ),
            class_name=f"{SHARED} md:w-1/6 md:!min-w-36",
        ),
        name_cell(
            link(item["room_name"], to=f"{routes.ROOMS}/{item['room_id']}", class_name="text-ink"),
            title=item["room_name"],
            class_name="max-w-32 md:w-1/4",
        ),
        cell(
            link(
                item["workflow_name"], to=f"{routes.WORKFLOWS}/{item['workflow_id']}", class_name="text-ink"
            ),
            rx.el.span(" v", item["version"], class_name="text-mute"),
            class_name=f"{SHARED} {WIDE} md:w-1/4",
        ),
        cell(item["steps"], class_name=f"text-mute {WIDER}"),
        cell(duration(item["duration_ms"], item["since"]), class_name=f"text-mute {WIDER}"),
        cell(relative_time(item["created_at"].to(str)), class_name="text-mute"),
        *([] if actions is None else [actions_cell(actions(item))]),
        custom_attrs={"data-run": item["id"]},
    )
