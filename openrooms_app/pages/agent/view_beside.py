"""How a trial of an agent and its versions look, beside its form."""

from typing import Any, Final

import reflex as rx

from openrooms_app.components import (
    badge,
    button,
    checkbox,
    field,
    group_title,
    panel,
    relative_time,
    text_area,
)
from openrooms_app.components.submit import submit_button
from openrooms_app.pages.agent.state import INTENT, AgentPage
from openrooms_app.pages.agent.trying import CALLS_TOOLS, PROMPT
from openrooms_app.session import SessionState

state: Any = AgentPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""

DATA: Final = "overflow-x-auto whitespace-pre-wrap break-words rounded-md bg-bg p-2 font-mono text-xs"
_LOOK_OF: Final = {"done": "ok", "failed": "fail", "wanted": "wait", "running": "run"}


def trying() -> rx.Component:
    outcome = state.outcome
    ask = submit_button(
        rx.cond(state.is_trying, "Asking", "Try it"),
        name=INTENT,
        value="try",
        icon="play",
        disabled=state.is_trying,
    )
    failed = rx.el.p(
        outcome["error"],
        role="alert",
        class_name="whitespace-pre-wrap break-words rounded-md bg-fail/10 p-3 text-sm text-fail",
    )
    answer = rx.el.div(
        rx.foreach(outcome["turns"].to(list[dict[str, Any]]), _turn),
        rx.cond(
            outcome["said"] != "",
            rx.el.p(outcome["said"], class_name="whitespace-pre-wrap break-words text-sm text-mute"),
            rx.fragment(),
        ),
        rx.cond(outcome["error"] != "", failed, rx.fragment()),
        rx.cond(
            outcome["note"] != "", rx.el.p(outcome["note"], class_name="text-sm text-wait"), rx.fragment()
        ),
        rx.cond(
            outcome["summary"] != "",
            rx.el.p(outcome["summary"], class_name="text-xs text-mute"),
            rx.fragment(),
        ),
        aria_live="polite",
        class_name="flex flex-col gap-3 empty:hidden",
    )
    return panel(
        rx.el.div(
            field("Prompt", text_area(name=PROMPT, rows=3, max_length=65_536)),
            checkbox("Call its tools, for real", name=CALLS_TOOLS),
            rx.el.div(
                rx.el.span("As the form stands, saved or not.", class_name="text-xs text-mute"),
                ask,
                class_name="flex items-center justify-between gap-2",
            ),
            answer,
            class_name="flex flex-col gap-3 p-4",
        ),
        title="Try it",
    )


def _turn(turn: Any) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            group_title(turn["title"].to(str)),
            rx.el.span(turn["about"], class_name="text-xs text-mute"),
            class_name="flex items-center justify-between gap-2",
        ),
        rx.cond(
            turn["text"] != "",
            rx.el.p(turn["text"], class_name="whitespace-pre-wrap break-words text-sm"),
            rx.fragment(),
        ),
        rx.foreach(turn["calls"].to(list[dict[str, Any]]), _call),
        class_name="flex flex-col gap-2",
    )


def _call(call: Any) -> rx.Component:
    looks = [(status, badge(_WORDS[status], color=look)) for status, look in _LOOK_OF.items()]
    return rx.el.div(
        rx.el.div(
            rx.el.code(call["tool"], class_name="font-mono text-xs font-medium"),
            rx.match(call["status"], *looks, badge(call["status"])),
            class_name="flex flex-wrap items-center gap-2",
        ),
        rx.el.pre(call["arguments"], class_name=DATA),
        rx.cond(call["result"] != "", rx.el.pre("→ ", call["result"], class_name=DATA), rx.fragment()),
        class_name="flex flex-col gap-1 rounded-md border border-line p-2",
    )


_WORDS: Final = {"done": "Called", "failed": "Failed", "wanted": "Not called", "running": "Running"}


def versions() -> rx.Component:
    return panel(rx.el.ol(rx.foreach(state.versions, _version), aria_label="Versions"), title="Versions")


def _version(item: Any) -> rx.Component:
    number = item["version"].to(int)
    restore = button(
        "Take over",
        icon="history",
        on_click=state.take_over(number),
        title="Put what it says into the form",
        aria_label=f"Take over version {number}",
        class_name="!h-7 !px-2.5",
    )
    return rx.el.li(
        rx.el.div(
            rx.el.span(f"Version {number}", class_name="text-sm font-medium"),
            rx.cond(item["is_latest"], badge("Latest", color="ok"), rx.fragment()),
            rx.el.span(
                relative_time(item["created_at"].to(str)),
                rx.cond(item["by"] != "", rx.fragment(" by ", item["by"]), rx.fragment()),
                class_name="min-w-0 truncate text-xs text-mute",
            ),
            rx.el.span(class_name="flex-1"),
            rx.cond(SessionState.can_edit & ~item["is_latest"].to(bool), restore, rx.fragment()),
            class_name="flex min-h-7 flex-wrap items-center gap-2",
        ),
        rx.cond(item["note"] != "", rx.el.p(item["note"], class_name="text-sm"), rx.fragment()),
        rx.el.ul(
            rx.foreach(item["changes"].to(list[dict[str, Any]]), _change),
            class_name="mt-1 flex flex-col gap-1 text-xs text-mute empty:hidden",
        ),
        class_name="border-b border-line px-4 py-3 last:border-0",
    )


def _change(change: Any) -> rx.Component:
    short = rx.fragment(
        rx.el.span(change["what"], ": ", class_name="text-ink"),
        rx.el.span(change["before"]),
        " → ",
        rx.el.span(change["after"], class_name="text-ink"),
    )
    long = rx.el.details(
        rx.el.summary(change["what"], " has changed", class_name="cursor-pointer text-ink"),
        rx.el.pre(change["before"], class_name=f"mt-1 {DATA} line-through decoration-fail/60"),
        rx.el.pre(change["after"], class_name=f"mt-1 {DATA} text-ink"),
    )
    return rx.el.li(rx.cond(change["is_long"], long, short), class_name="min-w-0 break-words")
