"""One's own account: who one is here, and a new password."""

import reflex as rx

from openrooms_app.components import facts, panel
from openrooms_app.components.password_form import password_form
from openrooms_app.session import SessionState


def account_view() -> rx.Component:
    role = rx.el.span(SessionState.role, class_name="capitalize")
    return panel(
        rx.el.div(
            rx.el.div(facts(("Name", SessionState.user_name), ("Role", role))),
            password_form(user_name=SessionState.user_name),
            class_name="grid gap-6 p-4 md:grid-cols-2",
        ),
        title="Your account",
    )
