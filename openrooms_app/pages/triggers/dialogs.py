"""The dialogs of webhooks and subscriptions, and the question before something is deleted."""

from typing import Any

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import button, confirm_dialog, dialog, empty_state, link_button
from openrooms_app.pages.triggers import words
from openrooms_app.pages.triggers.forms import HookForm, Rotate, SubscriptionForm
from openrooms_app.pages.triggers.state import TriggersPage

state: Any = TriggersPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""


def dialogs() -> rx.Component:
    return rx.fragment(_hook(), _subscription(), _rotate("webhook"), _rotate("subscription"), _delete())


def _hook() -> rx.Component:
    form = HookForm.create(
        rooms=state.room_choices,
        signings=[{"value": value, "text": text} for value, text in words.SIGNINGS.items()],
        hook=state.target,
        on_made=state.refresh,
        on_done=state.close,
    )
    no_room = empty_state(
        "door-open",
        "No room to call yet",
        "A webhook belongs to a room: make one first.",
        link_button("New room", to=f"{routes.ROOMS}?new=1", look="solid"),
    )
    return dialog(
        rx.cond(state.room_choices.length() > 0, form, no_room),
        open=(state.dialog == "new-webhook") | (state.dialog == "edit-webhook"),
        title=rx.cond(state.dialog == "new-webhook", "New webhook", f"Webhook {state.target['name']}"),
        description="An address that other programs call.",
        on_open_change=state.close,
    )


def _subscription() -> rx.Component:
    return dialog(
        SubscriptionForm.create(
            rooms=state.room_choices,
            events=words.told_events(),
            subscription=state.target,
            on_made=state.refresh,
            on_done=state.close,
        ),
        open=(state.dialog == "new-subscription") | (state.dialog == "edit-subscription"),
        title=rx.cond(
            state.dialog == "new-subscription", "New subscription", f"Subscription {state.target['name']}"
        ),
        description="Another program is told what happens in runs, each event at least once.",
        on_open_change=state.close,
    )


def _rotate(kind: str) -> rx.Component:
    what = "Another address for" if kind == "webhook" else "Another key for"
    return dialog(
        Rotate.create(kind=kind, id=state.target["id"].to(str), on_done=state.close),
        open=state.dialog == f"rotate-{kind}",
        title=f"{what} {state.target['name']}",
        on_open_change=state.close,
    )


def _delete() -> rx.Component:
    return confirm_dialog(
        state.dialog.contains("delete-"),
        f"Delete {state.target['name']}?",
        "Its history goes with it. Runs that it started stay.",
        button("Delete", look="danger", on_click=state.delete),
        state.close,
    )
