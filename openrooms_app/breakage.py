"""What a page says when something broke: its script, or the line to the server. A sentence and a way on, never a traceback."""

import reflex as rx
from reflex_base.event import noop
from reflex_components_core.base.error_boundary import error_boundary
from reflex_components_core.core.banner import has_too_many_connection_errors

from openrooms_app import routes
from openrooms_app.components import empty_state

BOUNDARY = (55, "ErrorBoundary")
OVERLAY = (5, "Overlay")
"""Where Reflex keeps its own among the things wrapped around every page."""


def boundary(stateful: bool) -> rx.Component:
    """Catches what breaks below it; the server's log gets the details."""
    quiet = {} if stateful else {"on_error": noop()}
    return error_boundary(fallback_render=rx.Var.create(broken_page()), **quiet)


def overlay(stateful: bool) -> rx.Component | None:
    """Tells that the line is lost, until it is mended. A room's page has a banner of its own for that, and hides this one."""
    if not stateful:
        return None
    lost = rx.el.p(
        rx.icon("wifi-off", size=14, aria_hidden=True),
        "Connection lost, reconnecting … What stands here may be old.",
        class_name="or-lost fixed bottom-4 left-1/2 z-[60] flex w-max max-w-[calc(100vw-32px)] -translate-x-1/2 items-center gap-2"
        " rounded-md border border-line bg-raised px-3 py-1.5 text-xs text-wait shadow-lg",
    )
    return rx.el.div(rx.cond(has_too_many_connection_errors, lost, rx.fragment()), role="status")


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
