"""What stands in a page's place when its script broke: a sentence and a way on, never a traceback."""

import reflex as rx
from reflex_base.event import noop
from reflex_components_core.base.error_boundary import error_boundary

from openrooms_app import routes
from openrooms_app.components import empty_state

BOUNDARY = (55, "ErrorBoundary")
"""Where Reflex keeps its own among the things wrapped around every page."""


def boundary(stateful: bool) -> rx.Component:
    """Catches what breaks below it; the server's log gets the details."""
    quiet = {} if stateful else {"on_error": noop()}
    return error_boundary(fallback_render=rx.Var.create(broken_page()), **quiet)


def broken_page() -> rx.Component:
    link = "inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-hover"
    return rx.el.main(
        empty_state(
            "unplug",
            "This page broke",
            "What you saved is safe. Load the page again; if it breaks again, the log of the server says why.",
            rx.el.a("Load again", href="", class_name=link),
            rx.el.a("Go to Home", href=routes.HOME, class_name=link),
        ),
        class_name="grid h-dvh place-items-center",
    )
