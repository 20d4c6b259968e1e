"""Surfaces: a panel with an optional title, and the small heading above a group."""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from openrooms_app.components.style import classes


def panel(
    *children: Any, title: str | rx.Var[str] = "", actions: Sequence[rx.Component] = (), **props: Any
) -> rx.Component:
    """A bordered surface; with a title it is a labelled section. `actions` stand right of the title."""
    look = classes("rounded-lg border border-line bg-panel", props.pop("class_name", ""))
    if isinstance(title, str) and not title:
        return rx.el.div(*children, class_name=look, **props)
    head = rx.el.div(
        rx.el.h2(title, class_name="truncate text-sm font-semibold"),
        rx.el.div(*actions, class_name="flex items-center gap-1"),
        class_name="flex h-10 items-center justify-between gap-2 border-b border-line px-4",
    )
    return rx.el.section(head, *children, class_name=look, **props)


def group_title(text: str | rx.Var[str]) -> rx.Component:
    return rx.el.h3(text, class_name="text-2xs font-semibold uppercase tracking-wider text-mute")


def facts(*pairs: tuple[str, Any]) -> rx.Component:
    """Names and values, one under the other."""
    return rx.el.dl(
        *[item for name, value in pairs for item in _fact(name, value)],
        class_name="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-2 text-sm",
    )


def _fact(name: str, value: Any) -> tuple[rx.Component, rx.Component]:
    return rx.el.dt(name, class_name="text-mute"), rx.el.dd(value, class_name="min-w-0 break-words")
