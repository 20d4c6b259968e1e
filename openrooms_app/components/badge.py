"""Badges: a run's or room's status, and short words in a colour of theme.py."""

from typing import Any

import reflex as rx

from openrooms_app import theme
from openrooms_app.tsx import tsx_module


class StatusBadge(rx.Component):
    """The status as word, icon and colour."""

    library = tsx_module(__file__, "status.tsx")
    tag = "StatusBadge"
    lib_dependencies: list[str] = ["lucide-react"]
    status: rx.Var[str]


def status_badge(status: str | rx.Var[str]) -> rx.Component:
    """For IDLE QUEUED RUNNING PAUSED WAITING COMPLETED FAILED CANCELLED, as services name them."""
    return StatusBadge.create(status=status)


def badge(*children: Any, color: str = "idle") -> rx.Component:
    """A short word; `color` is a name in theme.py and stands for a state, not for decoration."""
    return rx.el.span(
        *children,
        class_name="inline-flex h-5 items-center align-middle gap-1 whitespace-nowrap rounded px-1.5 text-2xs font-medium",
        style={"color": theme.color(color), "background": theme.tint(color)},
    )
