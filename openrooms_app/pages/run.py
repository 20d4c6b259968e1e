"""One run: what it did step by step, what that cost, and whether it can be decided again to the same end."""

import reflex as rx

from openrooms_app import routes
from openrooms_app.room_view import run_view
from openrooms_app.session import SessionState
from openrooms_app.shell import full_page, title


@rx.page(route=routes.RUN, title=title("Run"))
def run_page() -> rx.Component:
    return full_page(run_view(can_edit=SessionState.can_edit))
