"""How the settings page looks."""

from typing import Any, Final

import reflex as rx

from openrooms_app.components import (
    actions_cell,
    badge,
    button,
    cell,
    dialog,
    error_state,
    facts,
    field,
    icon_button,
    local_time,
    menu,
    menu_item,
    panel,
    relative_time,
    row,
    select_input,
    skeleton_rows,
    table,
    text_input,
)
from openrooms_app.components.password_form import password_form
from openrooms_app.components.table import WIDE
from openrooms_app.pages.settings.state import SettingsPage
from openrooms_app.session import SessionState

state: Any = SettingsPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""

ROLES: Final = [
    ("viewer", "Viewer: sees everything"),
    ("editor", "Editor: draws and runs"),
    ("admin", "Administrator: rules users too"),
]
GOOD_ONES: Final = "At least 10 characters; a few words in a row are good."


def settings_view() -> rx.Component:
    loaded = rx.fragment(
        _providers(),
        rx.cond(SessionState.is_admin, _users(), rx.fragment()),
        _health(),
        _about(),
    )
    shown = rx.cond(
        state.error != "",
        panel(error_state(state.error, state.refresh)),
        rx.cond(state.is_loading, panel(skeleton_rows()), loaded),
    )
    return rx.fragment(_account(), shown, dialogs())


def _account() -> rx.Component:
    return panel(
        rx.el.div(
            rx.el.div(facts(("Name", SessionState.user_name), ("Role", SessionState.role))),
            password_form(user_name=SessionState.user_name),
            class_name="grid gap-6 p-4 md:grid-cols-2",
        ),
        title="Your account",
    )


def _providers() -> rx.Component:
    return panel(
        rx.el.ul(rx.foreach(state.providers, _provider), aria_label="Providers"), title="Language models"
    )


def _provider(item: Any) -> rx.Component:
    is_ready = rx.match(
        item["state"],
        ("no_model", badge("No model: a script", color="queued")),
        ("ready", badge("Configured", color="ok")),
        badge("Not configured", color="wait"),
    )
    models = rx.el.p("Models: ", item["models"], class_name="text-xs text-mute")
    return rx.el.li(
        rx.el.div(
            rx.el.h3(item["title"], class_name="font-medium"), is_ready, class_name="flex flex-wrap gap-2"
        ),
        rx.el.p(item["note"], class_name="text-mute"),
        rx.cond(item["remedy"] != "", rx.el.p(item["remedy"]), rx.fragment()),
        rx.cond(item["models"] != "", models, rx.fragment()),
        class_name="flex flex-col gap-1 border-b border-line px-4 py-3 text-sm last:border-0",
    )


def _users() -> rx.Component:
    columns = ("Name", "Role", ("State", WIDE), ("Since", WIDE), "")
    return panel(
        table(columns, rx.foreach(state.accounts, _user), label="Users"),
        title="Users",
        actions=[
            button("Add user", icon="plus", on_click=state.begin_add, class_name="!h-7 !px-2.5"),
        ],
        class_name="overflow-hidden",
    )


def _user(item: Any) -> rx.Component:
    user_id, name = item["id"].to(str), item["name"].to(str)
    is_me = item["id"] == state.me
    role = select_input(
        [(value, text.partition(":")[0]) for value, text in ROLES],
        value=item["role"].to(str),
        on_change=lambda chosen: state.set_role_of(user_id, chosen),
        aria_label=f"Role of {name}",
        class_name="!h-7 !w-28",
    )
    more = menu(
        icon_button("ellipsis", f"More for {name}"),
        menu_item("New password", "key-round", state.begin_password(user_id, name)),
        rx.cond(
            item["active"],
            menu_item("Deactivate", "user-x", state.set_active_of(user_id, False), danger=True),
            menu_item("Activate", "user-check", state.set_active_of(user_id, True)),
        ),
        label=f"More for {name}",
    )
    return row(
        cell(
            name, rx.cond(is_me, rx.el.span(" (you)", class_name="text-mute"), ""), class_name="font-medium"
        ),
        cell(rx.cond(is_me, rx.el.span(item["role"], class_name="capitalize"), role)),
        cell(rx.cond(item["active"], badge("Active", color="ok"), badge("Deactivated")), class_name=WIDE),
        cell(local_time(item["created_at"].to(str)), class_name=f"text-mute {WIDE}"),
        actions_cell(rx.cond(is_me, rx.fragment(), more)),
    )


def _health() -> rx.Component:
    return panel(
        rx.el.ul(rx.foreach(state.checks, _check), aria_label="Health"),
        rx.cond(
            state.workers.length() > 0,
            rx.el.div(
                table(
                    ("Worker", "State", "Threads", "Started"),
                    rx.foreach(state.workers, _worker),
                    label="Workers",
                ),
                class_name="border-t border-line",
            ),
            rx.fragment(),
        ),
        title="Health",
        id="health",
        class_name="overflow-hidden",
    )


def _check(item: Any) -> rx.Component:
    is_up = item["status"] == "up"
    answered = rx.cond(
        item["latency_ms"],
        rx.el.span("answers in ", item["latency_ms"].to(float).to_string(), " ms"),
        rx.cond(item["count"], rx.el.span(item["count"], " alive"), ""),
    )
    return rx.el.li(
        rx.el.span(item["name"], class_name="w-20 font-medium"),
        rx.cond(is_up, badge("Up", color="ok"), badge("Down", color="fail")),
        rx.el.span(rx.cond(is_up, answered, item["detail"]), class_name="min-w-0 text-mute"),
        class_name="flex min-h-10 items-center gap-3 border-b border-line px-4 text-sm last:border-0",
    )


def _worker(item: Any) -> rx.Component:
    return row(
        cell(item["host"], rx.el.span(" pid ", item["pid"], class_name="text-mute")),
        cell(rx.cond(item["is_alive"], badge("Alive", color="ok"), badge("Gone"))),
        cell(item["threads"]),
        cell(relative_time(item["started_at"].to(str)), class_name="text-mute"),
    )


def _about() -> rx.Component:
    about = state.about
    return panel(
        rx.el.div(
            facts(
                ("OpenRooms", about["version"]),
                ("Python", about["python"]),
                ("Reflex", about["reflex"]),
                ("Database", about["database"]),
                (
                    "API",
                    rx.el.a(
                        "Reference",
                        href="/api/docs",
                        custom_attrs={"reloadDocument": True},
                        class_name="text-accent-ink hover:underline",
                    ),
                ),
            ),
            class_name="p-4",
        ),
        title="About",
    )


def dialogs() -> rx.Component:
    return rx.fragment(_add(), _new_password())


def _password_field() -> rx.Component:
    control = text_input(
        name="password",
        type="password",
        required=True,
        min_length=10,
        max_length=1024,
        auto_complete="new-password",
    )
    return field("Password", control, hint=GOOD_ONES, required=True)


def _buttons(word: str) -> rx.Component:
    return rx.el.div(
        button("Cancel", on_click=state.close),
        button(word, look="solid", type="submit"),
        class_name="flex justify-end gap-2",
    )


def _add() -> rx.Component:
    name = text_input(name="name", required=True, max_length=100, auto_complete="off", auto_focus=True)
    return dialog(
        rx.el.form(
            field("Name", name, required=True),
            _password_field(),
            field("Role", select_input(ROLES, name="role", default_value="editor")),
            _buttons("Add"),
            on_submit=state.add,
            class_name="flex flex-col gap-4",
        ),
        open=state.dialog == "add",
        title="Add a user",
        description="Tell the name and password to whoever it is for; the password can be changed after login.",
        size="small",
        on_open_change=state.close,
    )


def _new_password() -> rx.Component:
    return dialog(
        rx.el.form(
            _password_field(),
            _buttons("Set password"),
            on_submit=state.give_password,
            class_name="flex flex-col gap-4",
        ),
        open=state.dialog == "password",
        title=f"New password for {state.target['name']}",
        description="All sessions of this user end.",
        size="small",
        on_open_change=state.close,
    )
