"""How the form of an agent looks."""

from typing import Any, Final

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import (
    button,
    cell,
    confirm_dialog,
    field,
    link,
    panel,
    row,
    select_input,
    table,
    text_area,
    text_input,
)
from openrooms_app.components.submit import submit_button
from openrooms_app.components.table import WIDE
from openrooms_app.pages.agent.form import ALLOWED, APPROVAL, LIMITS, LISTED, TOOL
from openrooms_app.pages.agent.state import INTENT, AgentPage

state: Any = AgentPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""

BODY: Final = "flex flex-col gap-4 p-4"
_MODELS: Final = "known-models"
_UNITS: Final = {
    "approval_timeout_s": "seconds",
    "max_cost_usd": "US dollars",
    "max_cost_usd_run": "US dollars",
    "max_cost_usd_month": "US dollars",
}
_ALLOWED: Final = [
    ("any", "Any that a node adds"),
    ("offered", "Only those that are ticked here"),
    ("listed", "Those that its policy lists"),
]


def instructions() -> rx.Component:
    name = field(
        "Name",
        text_input(name="name", max_length=100, required=True, auto_focus=True, auto_complete="off"),
        hint="Workflows name it by this; it stays.",
        required=True,
    )
    goal = text_area(name="goal", max_length=4000, default_value=state.form["goal"], rows=2)
    system = text_area(
        name="system",
        max_length=60_000,
        default_value=state.form["system"],
        rows=9,
        class_name="font-mono",
    )
    return panel(
        rx.el.div(
            rx.cond(state.agent["id"] == "", name, rx.fragment()),
            field("Goal", goal, hint="What it is there for; the model reads it first."),
            field("System prompt", system, hint="{{ }} takes values of the run, as in a node."),
            class_name=BODY,
        ),
        title="Instructions",
    )


def model() -> rx.Component:
    form = state.form
    provider = select_input(
        state.provider_choices,
        name="provider",
        default_value=form["provider"],
        on_change=state.choose_provider,
    )
    name = text_input(
        name="model",
        default_value=form["model"],
        max_length=200,
        auto_complete="off",
        spell_check=False,
        list=_MODELS,
    )
    return panel(
        rx.el.div(
            field("Provider", provider, required=True),
            field("Model", name, hint="Empty: the provider's usual one, or the node's."),
            class_name="grid gap-4 p-4 pb-0 sm:grid-cols-2",
        ),
        rx.el.p(state.provider_note, class_name="px-4 pt-2 text-xs text-mute"),
        rx.el.datalist(rx.foreach(state.known_models, lambda each: rx.el.option(value=each)), id=_MODELS),
        rx.el.div(
            field("Temperature", _number("temperature", 0, 2), hint="0 to 2"),
            field("Longest answer", _number("max_tokens", 1), hint="tokens"),
            field("Rounds of tool calls", _number("max_turns", 1, 100), hint="at most; else 8"),
            class_name="grid gap-4 p-4 sm:grid-cols-3",
        ),
        title="Model",
    )


def _number(name: str, least: float, most: float | None = None, **props: Any) -> rx.Component:
    bounds = {"min": least} | ({"max": most} if most is not None else {})
    return text_input(name=name, default_value=state.form[name], type="number", step="any", **bounds, **props)


def tools() -> rx.Component:
    columns = ("Tool", ("Effect", WIDE), "Offered", "Ask a person first")
    allowed = select_input(_ALLOWED, name=ALLOWED, default_value=state.form[ALLOWED])
    return panel(
        table(columns, rx.foreach(state.tools, _tool), label="Tools of the agent"),
        rx.el.div(
            field("Tools that a node may add", allowed),
            rx.el.input(type="hidden", name=LISTED, default_value=state.form[LISTED]),
            field(
                "Wait for approval",
                _number("limit-approval_timeout_s", 0),
                hint="seconds, then the call counts as denied; empty: for ever",
            ),
            class_name="grid gap-4 border-t border-line p-4 sm:grid-cols-2",
        ),
        title="Tools",
        class_name="overflow-hidden",
    )


def _tool(item: Any) -> rx.Component:
    title, name = item["title"], item["name"]
    return row(
        cell(
            rx.el.span(title, class_name="font-medium"),
            rx.el.code(" ", name, class_name="font-mono text-xs text-mute max-sm:hidden"),
            title=item["description"].to(str),
            class_name="max-w-64 truncate",
        ),
        cell(item["effect"], class_name=f"text-mute {WIDE}"),
        cell(_tick(f"{TOOL}{name}", f"Offer {title}", item["is_offered"])),
        cell(_tick(f"{APPROVAL}{name}", f"Ask a person before {title}", item["is_asked"])),
    )


def _tick(name: Any, label: Any, is_on: Any) -> rx.Component:
    return rx.el.input(
        type="checkbox",
        name=name,
        aria_label=label,
        default_checked=is_on.to(bool),
        class_name="size-4 align-middle accent-accent",
    )


def limits() -> rx.Component:
    fields = [
        field(label, _number(f"limit-{name}", 0), hint=_UNITS.get(name, ""))
        for name, label in LIMITS.items()
        if name != "approval_timeout_s"
    ]
    return panel(
        rx.el.p(
            "A step that reaches one of them fails and says which. Empty: no limit but those of the node and its room; "
            "the strictest holds.",
            class_name="px-4 pt-3 text-xs text-mute",
        ),
        rx.el.div(*fields, class_name="grid gap-4 p-4 sm:grid-cols-2 lg:grid-cols-3"),
        title="Limits",
    )


def saving() -> rx.Component:
    is_new = state.agent["id"] == ""
    word = rx.cond(is_new, "Make agent", f"Save as version {state.agent['version'].to(int) + 1}")
    fault = rx.el.p(state.fault, role="alert", class_name="rounded-md bg-fail/10 p-3 text-sm text-fail")
    return panel(
        rx.cond(state.fault != "", fault, rx.fragment()),
        rx.el.div(
            text_input(
                name="note",
                max_length=2000,
                auto_complete="off",
                aria_label="Note",
                placeholder="Note: what is new about this version",
                class_name="min-w-40 flex-1",
            ),
            submit_button(word, name=INTENT, value="save", look="solid", icon="check"),
            class_name="flex flex-wrap items-center gap-2",
        ),
        class_name="sticky bottom-3 z-10 flex flex-col gap-3 p-3 shadow-lg after:absolute after:-inset-x-px after:top-full after:h-4 after:bg-bg",
    )


def users_list() -> rx.Component:
    return rx.el.ul(
        rx.foreach(
            state.agent["used_by"].to(list[dict[str, str]]),
            lambda each: rx.el.li(link(each["name"], to=f"{routes.WORKFLOWS}/{each['id']}")),
        ),
        class_name="flex flex-col gap-1 text-sm",
    )


def used_by() -> rx.Component:
    is_used = state.agent["used_by"].to(list[dict[str, str]]).length() > 0
    nobody = rx.el.p(
        "No workflow yet. Choose this agent in an agent step of one.", class_name="text-sm text-mute"
    )
    return panel(rx.el.div(rx.cond(is_used, users_list(), nobody), class_name="p-4"), title="Used by")


def delete_dialog() -> rx.Component:
    is_used = state.agent["used_by"].to(list[dict[str, str]]).length() > 0
    kept = "Workflows name it: take it out of their agent steps first. They stand under “Used by”."
    return confirm_dialog(
        state.is_deleting,
        f"Delete {state.agent['name']}?",
        rx.cond(
            is_used,
            kept,
            "All its versions are gone for good. Workflows that were published with it keep what they took.",
        ),
        rx.cond(is_used, rx.fragment(), button("Delete", look="danger", on_click=state.delete)),
        state.close,
    )
