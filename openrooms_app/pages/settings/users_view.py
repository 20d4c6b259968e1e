"""How the users page looks."""

from typing import Any, Final

import reflex as rx

from openrooms_app.components import (
    actions_cell,
    badge,
    button,
    cell,
    dialog,
    field,
    icon_button,
    local_time,
    menu,
    menu_item,
    name_cell,
    panel,
    row,
    select_input,
    table,
    text_input,
)
from openrooms_app.components.table import WIDE
from openrooms_app.pages.settings.frame import loaded
from openrooms_app.pages.settings.users import UsersPage

state: Any = UsersPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""

ROLES: Final = [
    ("viewer", "Viewer: sees everything"),
    ("editor", "Editor: draws and runs"),
    ("admin", "Administrator: rules users too"),
]
GOOD_ONES: Final = "At least 10 characters; a few words in a row are good."


def users_view() -> rx.Component:
    columns = ("Name", "Role", ("State", WIDE), ("Since", WIDE), "")
    content = panel(
        table(columns, rx.foreach(state.accounts, _user), label="Users"),
        title="Users",
        actions=[button("Add user", icon="plus", on_click=state.begin_add, class_name="!h-7 !px-2.5")],
        class_name="overflow-hidden",
    )
    return rx.fragment(loaded(state, content), _add(), _new_password())


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
        name_cell(
            name,
            rx.cond(is_me, rx.el.span(" (you)", class_name="text-mute"), ""),
            title=name,
            class_name="font-medium md:w-1/3",
        ),
        cell(rx.cond(is_me, rx.el.span(item["role"], class_name="capitalize"), role)),
        cell(rx.cond(item["active"], badge("Active", color="ok"), badge("Deactivated")), class_name=WIDE),
        cell(local_time(item["created_at"].to(str)), class_name=f"text-mute {WIDE}"),
        actions_cell(rx.cond(is_me, rx.fragment(), more)),
    )


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
