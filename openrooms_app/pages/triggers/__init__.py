"""Triggers: what runs rooms by itself or from outside, and who is told; of one room, and of all."""

from typing import Any

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import link_button
from openrooms_app.pages.triggers.dialogs import dialogs
from openrooms_app.pages.triggers.history_view import history_dialog
from openrooms_app.pages.triggers.schedule_view import schedule_dialog
from openrooms_app.pages.triggers.state import TriggersPage
from openrooms_app.pages.triggers.view import trigger_lists
from openrooms_app.shell import page, title

state: Any = TriggersPage
LEAD = "What runs rooms by itself or from outside, and who is told."


@rx.page(route=routes.TRIGGERS, title=title("Triggers"), on_load=TriggersPage.follow)
def triggers_page() -> rx.Component:
    return page(
        trigger_lists(is_overview=True),
        dialogs(),
        schedule_dialog(is_overview=True),
        history_dialog(),
        heading="Triggers",
        lead=LEAD,
    )


@rx.page(route=routes.ROOM_TRIGGERS, title=title("Triggers"), on_load=TriggersPage.follow)
def room_triggers_page() -> rx.Component:
    room = link_button("Open the room", to=f"{routes.ROOMS}/{state.here}", icon="door-open")
    return page(
        trigger_lists(is_overview=False),
        dialogs(),
        schedule_dialog(is_overview=False),
        history_dialog(),
        heading=rx.cond(state.room_name != "", f"Triggers of {state.room_name}", "Triggers"),
        lead=LEAD,
        actions=[rx.cond(state.room_name != "", room, rx.fragment())],
        back=("All triggers", routes.TRIGGERS),
    )
