"""Tables: dense rows, the head stays in sight, scrolls sideways on a narrow screen."""

from collections.abc import Sequence
from typing import Any, Final

import reflex as rx

from openrooms_app.components.style import classes

WIDE: Final = "max-md:hidden"
"""For the heading and cells of a column that a phone has no room for."""

WIDER: Final = "max-lg:hidden"
"""For those that a tablet has no room for either."""

SHARED: Final = "truncate md:min-w-28 md:max-w-0"
"""For cells of long text, with their part of the table's width, as in `f"{SHARED} md:w-1/4"`: it is cut there, so that a table
is not wider than its page and what can be done with a row stays in sight."""

_NAME: Final = (
    "max-md:line-clamp-2 max-md:whitespace-normal max-md:[overflow-wrap:anywhere] md:block md:truncate"
)

PADDING: Final = "px-2 first:pl-4 last:pr-4 md:px-4"

Heading = str | tuple[str, str]


def table(headings: Sequence[Heading], rows: Any, *, label: str, is_still: bool = False) -> rx.Component:
    """A table; `rows` is `rx.foreach(State.rows, draw_row)` with `row(cell(...), ...)`. "" heads a column of actions.

    A heading may be (text, class names), as in `("Changed", WIDE)`. `label` says to screen readers what the table lists. Cells don't wrap: long text is for `name_cell` and
    `SHARED`. `is_still`: nothing in it can be pressed, so it takes the focus itself, for keys to
    scroll it.
    """
    head = [
        rx.el.th(
            text or rx.el.span("Actions", class_name="sr-only"),
            scope="col",
            class_name=classes(f"{PADDING} font-medium", look),
        )
        for text, look in (each if isinstance(each, tuple) else (each, "") for each in headings)
    ]
    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*head, class_name="h-9 border-b border-line text-left text-xs text-mute")),
            rx.el.tbody(rows),
            aria_label=label,
            class_name="w-full border-collapse whitespace-nowrap text-sm",
        ),
        class_name="relative overflow-x-auto",
        **({"tab_index": 0} if is_still else {}),
    )


def row(*cells: rx.Component, **props: Any) -> rx.Component:
    look = "h-10 border-b border-line last:border-0 hover:bg-hover/60"
    return rx.el.tr(*cells, class_name=classes(look, props.pop("class_name", "")), **props)


def cell(*children: Any, **props: Any) -> rx.Component:
    return rx.el.td(*children, class_name=classes(f"{PADDING} py-1", props.pop("class_name", "")), **props)


def name_cell(*children: Any, **props: Any) -> rx.Component:
    """A cell with a name: on one line, on a phone on two. Give its part of the width, and all of the name as `title`."""
    look = classes(SHARED, props.pop("class_name", ""))
    return cell(rx.el.span(*children, class_name=_NAME), class_name=look, **props)


def actions_cell(*children: Any) -> rx.Component:
    """The last cell of a row: its buttons, at the right edge."""
    return cell(rx.el.div(*children, class_name="flex items-center justify-end gap-1"))
