"""How the page of API keys looks."""

from typing import Any, Final

import reflex as rx

from openrooms_app.components import (
    actions_cell,
    badge,
    button,
    cell,
    confirm_dialog,
    dialog,
    empty_state,
    icon_button,
    panel,
    relative_time,
    row,
    table,
)
from openrooms_app.components.query import pager, select_filter
from openrooms_app.components.table import WIDE, WIDER
from openrooms_app.pages.settings.frame import loaded
from openrooms_app.pages.settings.keys import KeysPage
from openrooms_app.session import SessionState
from openrooms_app.tsx import tsx_module

state: Any = KeysPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""

COLUMNS: Final = (
    "Name",
    ("Owner", WIDE),
    ("Scopes", WIDE),
    "State",
    "Last used",
    ("Expires", WIDER),
    ("Made", WIDER),
    "",
)


class KeyForm(rx.Component):
    """Makes a key by HTTP and shows it once; the key never becomes state."""

    library = tsx_module(__file__, "key_form.tsx")
    tag = "KeyForm"
    lib_dependencies: list[str] = ["lucide-react"]
    scopes: rx.Var[list[dict[str, str]]]
    on_made: rx.EventHandler[rx.event.no_args_event_spec]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


def keys_view() -> rx.Component:
    new = button("New key", icon="plus", on_click=state.begin_new)
    whose = select_filter("of", "Whose keys", "My keys", [{"value": "all", "text": "Everybody's keys"}])
    rows = rx.fragment(
        table(COLUMNS, rx.foreach(state.rows, _row), label="API keys"), pager(state.next_cursor)
    )
    lead = rx.el.p(
        "A program comes with a key instead of a password: in the header ",
        rx.el.code("Authorization: Bearer or_…", class_name="font-mono text-xs"),
        ", the Python client and the command line take it too. A key is never worth more than its owner.",
        class_name="max-w-3xl text-sm text-mute",
    )
    content = panel(
        rx.cond(state.rows.length() > 0, rows, _nothing()),
        title="API keys",
        actions=[rx.cond(SessionState.is_admin, whose, rx.fragment()), new],
        class_name="overflow-hidden",
    )
    return rx.fragment(lead, loaded(state, content), _new(), _revoke())


def _nothing() -> rx.Component:
    return empty_state(
        "key-round",
        "No keys yet",
        "Make one for each program that is to use the API, with as little as it needs.",
        button("New key", look="solid", icon="plus", on_click=state.begin_new),
    )


def _row(item: Any) -> rx.Component:
    key_id, name, mute = item["id"].to(str), item["name"].to(str), "text-mute"
    word = rx.match(
        item["state"],
        ("good", badge("Good", color="ok")),
        ("expired", badge("Expired", color="wait")),
        badge("Revoked"),
    )
    revoke = icon_button("ban", f"Revoke {name}", on_click=state.begin_revoke(key_id, name))
    return row(
        cell(
            rx.el.span(name, title=name, class_name="block max-w-36 truncate font-medium md:max-w-56"),
            rx.el.code("or_", key_id, "_…", class_name="font-mono text-2xs text-mute"),
            rx.el.span(item["scopes"], class_name="block text-2xs text-mute md:hidden"),
        ),
        cell(item["user_name"], title=item["user_name"], class_name=f"max-w-40 truncate {mute} {WIDE}"),
        cell(item["scopes"], class_name=WIDE),
        cell(word),
        cell(relative_time(item["used_at"].to(str)), class_name=mute),
        cell(relative_time(item["expires_at"].to(str)), class_name=f"{mute} {WIDER}"),
        cell(relative_time(item["created_at"].to(str)), class_name=f"{mute} {WIDER}"),
        actions_cell(rx.cond(item["state"] == "good", revoke, rx.fragment())),
    )


def _new() -> rx.Component:
    return dialog(
        KeyForm.create(scopes=state.scopes, on_made=state.refresh, on_close=state.close),
        open=state.dialog == "new",
        title="New API key",
        stays=True,
        on_open_change=state.close,
    )


def _revoke() -> rx.Component:
    return confirm_dialog(
        state.dialog == "revoke",
        f"Revoke {state.target['name']}?",
        "Programs that use this key are refused from the next request on. It can't be taken back.",
        button("Revoke", look="danger", on_click=state.revoke),
        state.close,
    )
