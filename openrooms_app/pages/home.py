"""Home: what runs now, and what wants a look."""

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import empty_state, link_button, panel
from openrooms_app.shell import page, title


@rx.page(route=routes.HOME, title=title("Home"))
def home() -> rx.Component:
    start = empty_state(
        "workflow",
        "Draw your first workflow",
        "A workflow is a state machine. Draw one or copy a template, put it in a room and press Run.",
        link_button("Open workflows", to=routes.WORKFLOWS, look="solid"),
    )
    return page(panel(start), heading="Home")
