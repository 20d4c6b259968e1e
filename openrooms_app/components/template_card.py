"""A template as a gallery shows it: its picture, what it is, and the button that takes it."""

from collections.abc import Iterable
from typing import Any, Final

import reflex as rx

from engine.services.templates import Template
from openrooms_app.components.graph_picture import graph_picture, picture_of

FIRST_WIDE: Final = "sm:[&>li:first-child]:col-span-2"
"""For their `ul`: with the first as wide as two, the five templates fill rows of two and of three."""


def cards_of(templates: Iterable[Template]) -> list[dict[str, Any]]:
    """What `template_card` draws: {id, name, description, picture}."""
    return [
        {
            "id": item.id,
            "name": item.name,
            "description": item.description,
            "picture": picture_of(item.document),
        }
        for item in templates
    ]


def template_card(item: Any, action: rx.Component) -> rx.Component:
    """An item of a `ul`; `item` is a Var of one of `cards_of`."""
    return rx.el.li(
        graph_picture(item["picture"].to(dict[str, Any]), "h-28 w-full bg-bg px-3 py-2"),
        rx.el.div(
            rx.el.h3(item["name"], class_name="text-sm font-semibold"),
            rx.el.p(item["description"], class_name="mb-1 flex-1 text-xs text-mute"),
            rx.el.div(action),
            class_name="flex flex-1 flex-col gap-1 p-3",
        ),
        class_name="flex flex-col overflow-hidden rounded-lg border border-line bg-panel",
    )
