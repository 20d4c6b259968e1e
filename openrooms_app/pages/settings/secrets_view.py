"""How the page of secrets looks."""

from typing import Any, Final

import reflex as rx

from openrooms_app.components import (
    actions_cell,
    button,
    cell,
    confirm_dialog,
    dialog,
    empty_state,
    icon_button,
    local_time,
    name_cell,
    panel,
    relative_time,
    row,
    table,
)
from openrooms_app.components.query import pager
from openrooms_app.components.table import SHARED, WIDE, WIDER
from openrooms_app.pages.settings.frame import loaded
from openrooms_app.pages.settings.secrets import SecretsPage
from openrooms_app.tsx import tsx_module

state: Any = SecretsPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""

COLUMNS: Final = (
    "Name",
    ("In a workflow", WIDE),
    ("First set by", WIDE),
    ("First set", WIDER),
    "Last set",
    "",
)
SMALL: Final = "!h-7 !px-2.5"


class SecretForm(rx.Component):
    """Sets a secret by HTTP; its value never becomes state."""

    library = tsx_module(__file__, "secret_form.tsx")
    tag = "SecretForm"
    lib_dependencies: list[str] = ["lucide-react"]
    name: rx.Var[str]
    on_done: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


def secrets_view() -> rx.Component:
    rotate = button(
        "Rotate",
        rx.el.span("master key", class_name="max-sm:hidden"),
        icon="refresh-cw",
        on_click=state.begin("rotate", ""),
        class_name=SMALL,
    )
    new = button("New secret", icon="plus", on_click=state.begin("set", ""), class_name=SMALL)
    rows = rx.fragment(
        table(COLUMNS, rx.foreach(state.rows, _row), label="Secrets"), pager(state.next_cursor)
    )
    content = panel(
        rx.cond(state.rows.length() > 0, rows, _nothing()),
        title="Secrets",
        actions=[rx.cond(state.rows.length() > 0, rotate, rx.fragment()), new],
        class_name="overflow-hidden",
    )
    return rx.fragment(loaded(state, rx.fragment(content, _use())), _set(), _delete(), _rotate())


def _nothing() -> rx.Component:
    return empty_state(
        "lock-keyhole",
        "No secrets yet",
        "Keep here what steps need to call other services: workflows name it, and nobody gets to see it again.",
        button("New secret", look="solid", icon="plus", on_click=state.begin("set", "")),
    )


def _row(item: Any) -> rx.Component:
    name = item["name"].to(str)
    return row(
        name_cell(_code(name), title=name, class_name="font-medium md:w-1/4"),
        cell(_code("{{ secrets.", name, " }}"), class_name=f"{SHARED} text-mute {WIDE} md:w-1/3"),
        cell(item["by"], title=item["by"], class_name=f"max-w-40 truncate text-mute {WIDE}"),
        cell(local_time(item["created_at"].to(str)), class_name=f"text-mute {WIDER}"),
        cell(relative_time(item["updated_at"].to(str)), class_name="text-mute"),
        actions_cell(
            icon_button("pencil", f"Change {name}", on_click=state.begin("set", name)),
            icon_button("trash-2", f"Delete {name}", on_click=state.begin("delete", name)),
        ),
    )


def _use() -> rx.Component:
    place = lambda item: rx.el.li(item["tool"], ": ", _code(item["parameters"]))  # noqa: E731
    return panel(
        rx.el.div(
            rx.el.p(
                "A workflow names a secret as ",
                _code("{{ secrets.name }}"),
                ", alone in its braces, as in ",
                _code("Bearer {{ secrets.shop_key }}"),
                ". It may stand where a tool has a place for it:",
            ),
            rx.el.ul(rx.foreach(state.places, place), class_name="list-disc pl-5"),
            rx.el.p(
                "What is recorded, shown and sent back holds ",
                _code("***"),
                " instead. The names ",
                _code("openai_api_key"),
                " and ",
                _code("anthropic_api_key"),
                " are the providers' keys where the environment has none. Whoever may edit a workflow may use any secret in it.",
            ),
            class_name="flex max-w-4xl flex-col gap-2 p-4 text-sm",
        ),
        title="How to use one",
    )


def _set() -> rx.Component:
    form = SecretForm.create(name=state.target, on_done=state.was_set, on_close=state.close)
    return dialog(
        form,
        open=state.dialog == "set",
        title=rx.cond(state.target != "", f"A new value for {state.target}", "New secret"),
        description="It is kept encrypted and never shown again.",
        size="small",
        on_open_change=state.close,
    )


def _delete() -> rx.Component:
    return confirm_dialog(
        state.dialog == "delete",
        f"Delete {state.target}?",
        "Steps that use it fail from now on. Its value is gone for good.",
        button("Delete", look="danger", on_click=state.delete),
        state.close,
    )


def _rotate() -> rx.Component:
    return confirm_dialog(
        state.dialog == "rotate",
        "Rotate the master key?",
        "All secrets are protected by a new master key, or by the first that the environment gives. "
        "Their values stay. Back up the new key apart from the database.",
        button("Rotate", look="solid", on_click=state.rotate),
        state.close,
    )


def _code(*text: Any) -> rx.Component:
    return rx.el.code(*text, class_name="font-mono text-xs [overflow-wrap:anywhere]")
