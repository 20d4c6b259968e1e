"""A form that can be sent by several buttons: its data says which one it was."""

from typing import Any

import reflex as rx

from openrooms_app.components.button import Look, look_of
from openrooms_app.tsx import tsx_module


class SubmitAs(rx.Component):
    library = tsx_module(__file__, "submit.tsx")
    tag = "SubmitAs"
    name: rx.Var[str]
    value: rx.Var[str]
    disabled: rx.Var[bool]


def submit_button(
    *children: Any, name: str, value: str, look: Look = "outline", icon: str = "", **props: Any
) -> rx.Component:
    """Sends its form with `value` under `name`; `intent_field(name)` must stand in the form. Enter presses the first."""
    inside = [rx.icon(icon, size=15, aria_hidden=True), *children] if icon else list(children)
    return SubmitAs.create(*inside, name=name, value=value, class_name=look_of(look), **props)


def intent_field(name: str) -> rx.Component:
    return rx.el.input(type="hidden", name=name, default_value="")
