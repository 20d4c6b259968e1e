"""Links inside the app: a click changes the page without loading it anew."""

from typing import Any

import reflex as rx

from openrooms_app.components.style import classes


class RouterLink(rx.Component):
    """React Router's link."""

    library = "react-router"
    tag = "Link"
    to: rx.Var[str]
    replace: rx.Var[bool]


def link(*children: Any, to: str | rx.Var[str], **props: Any) -> rx.Component:
    """Text that leads to a page of ours; for another site use `rx.el.a` with `rel="noreferrer"`."""
    look = "text-accent-ink hover:underline underline-offset-2 rounded-sm [p_&]:underline"
    return RouterLink.create(*children, to=to, class_name=classes(look, props.pop("class_name", "")), **props)


def plain_link(*children: Any, to: str | rx.Var[str], **props: Any) -> rx.Component:
    """A link that looks like what it holds: a card, a row's name."""
    return RouterLink.create(*children, to=to, **props)
