"""How the home page looks."""

from typing import Any

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import (
    badge,
    button,
    error_state,
    link,
    link_button,
    panel,
    plain_link,
    relative_time,
    skeleton,
    skeleton_rows,
    status_badge,
)
from openrooms_app.components.run_table import run_table
from openrooms_app.components.template_card import FIRST_WIDE, template_card
from openrooms_app.pages.home.state import HomePage
from openrooms_app.session import SessionState

state: Any = HomePage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""


def home_view() -> rx.Component:
    shown = rx.cond(
        state.gallery.length() > 0,
        _first_steps(),
        rx.fragment(
            rx.el.div(_running(), _wanting(), class_name="grid grid-cols-1 gap-4 lg:grid-cols-2"),
            _latest(),
        ),
    )
    return rx.cond(
        state.error != "",
        panel(error_state(state.error, state.refresh)),
        rx.fragment(
            _tiles(),
            rx.cond(state.is_loading, panel(skeleton_rows()), shown),
        ),
    )


def _tiles() -> rx.Component:
    load = state.load
    return rx.el.div(
        _tile("Running", load["running"], f"{routes.RUNS}?status=RUNNING"),
        _tile("Waiting", load["waiting"], f"{routes.RUNS}?status=WAITING", _paused_note()),
        _tile("In the queue", load["queued"], f"{routes.RUNS}?status=QUEUED"),
        _tile("Workers", load["workers"], routes.HEALTH, _workers_note()),
        class_name="grid grid-cols-2 gap-3 lg:grid-cols-4",
    )


def _paused_note() -> rx.Component:
    paused = state.load["paused"].to(int)
    return rx.cond(
        paused > 0, rx.el.span(paused, " more paused", class_name="text-xs text-mute"), rx.fragment()
    )


def _workers_note() -> rx.Component:
    load = state.load
    busy = rx.el.span(load["threads"], " threads", class_name="text-xs text-mute")
    return rx.cond(load["workers"].to(int) > 0, busy, badge("None is alive", color="fail"))


def _tile(name: str, number: Any, to: str, note: rx.Component | None = None) -> rx.Component:
    shown = rx.el.span(
        rx.el.span(number, class_name="text-2xl font-semibold tracking-tight"),
        note if note is not None else rx.fragment(),
        class_name="flex items-baseline justify-between gap-2",
    )
    return plain_link(
        rx.el.span(name, class_name="block text-xs text-mute"),
        rx.cond(state.is_loading, skeleton("mt-2 h-6 w-10"), shown),
        to=to,
        class_name="block rounded-lg border border-line bg-panel px-4 py-3 hover:border-line-strong",
    )


def _running() -> rx.Component:
    nothing = _quiet("Nothing runs just now.", link("Open rooms", to=routes.ROOMS))
    return panel(
        rx.cond(
            state.running.length() > 0,
            rx.el.ul(rx.foreach(state.running, _line), aria_label="Runs going on"),
            nothing,
        ),
        title="Going on now",
    )


def _wanting() -> rx.Component:
    return panel(
        rx.cond(
            (state.asking.length() > 0) | (state.wanting.length() > 0),
            rx.el.ul(rx.foreach(state.asking + state.wanting, _line), aria_label="Wants a look"),
            _quiet("Nobody is asked for anything, and no room's last run has failed."),
        ),
        title="Wants a look",
    )


def _line(item: Any) -> rx.Component:
    """What goes on leads to its room: there it is answered, held and ended."""
    is_on = item["since"].is_not_none()
    to = rx.cond(is_on, f"{routes.ROOMS}/{item['room_id']}", f"{routes.RUNS}/{item['id']}")
    asks = rx.el.span(
        "Waits for an answer: ",
        item["asks"],
        class_name="block text-xs text-wait [overflow-wrap:anywhere] md:truncate",
    )
    why = rx.el.span(item["error"], title=item["error"], class_name="block truncate text-xs text-mute")
    return rx.el.li(
        plain_link(
            rx.el.span(
                rx.el.span(
                    rx.el.span(item["room_name"], title=item["room_name"], class_name="truncate font-medium"),
                    rx.el.span("#", item["number"], class_name="text-mute"),
                    class_name="flex gap-1",
                ),
                rx.cond(item["error"] != "", why, rx.fragment()),
                rx.cond(item["asks"] != "", asks, rx.fragment()),
                class_name="min-w-0 flex-1",
            ),
            rx.el.span(relative_time(item["created_at"].to(str)), class_name="text-xs text-mute"),
            status_badge(item["status"].to(str)),
            to=to,
            class_name="flex min-h-10 items-center gap-3 px-4 py-1.5 hover:bg-hover/60",
        ),
        class_name="border-b border-line text-sm last:border-0",
    )


def _quiet(text: str, *more: rx.Component) -> rx.Component:
    return rx.el.p(text, " ", *more, class_name="px-4 py-6 text-center text-sm text-mute")


def _latest() -> rx.Component:
    return panel(
        rx.cond(
            state.latest.length() > 0,
            run_table(state.latest, label="Latest runs"),
            _quiet("Nothing has run yet. Open a room and press Run.", link("Rooms", to=routes.ROOMS)),
        ),
        title="Latest runs",
        actions=[link("All runs", to=routes.RUNS, class_name="text-xs")],
        class_name="overflow-hidden",
    )


def _first_steps() -> rx.Component:
    steps = [
        ("Pick a template", "It is copied and published; it is yours to change."),
        ("Run it in its room", "Fill in the form, press Run and watch the graph move."),
        ("Draw your own", "Open the copy in the editor, or begin with an empty workflow."),
    ]
    return panel(
        rx.el.div(
            rx.el.ol(
                *[_step(number, name, text) for number, (name, text) in enumerate(steps, 1)],
                class_name="grid gap-4 sm:grid-cols-3",
            ),
            rx.el.ul(
                rx.foreach(state.gallery, _template),
                class_name=f"grid gap-3 sm:grid-cols-2 lg:grid-cols-3 {FIRST_WIDE}",
            ),
            class_name="flex flex-col gap-5 p-4",
        ),
        title="First steps",
        actions=[link_button("Empty workflow", to=f"{routes.WORKFLOWS}?new=1", icon="plus", look="quiet")],
    )


def _step(number: int, name: str, text: str) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            number,
            aria_hidden=True,
            class_name="grid size-6 shrink-0 place-items-center rounded-full bg-accent text-xs font-semibold text-on-accent",
        ),
        rx.el.div(
            rx.el.h3(name, class_name="text-sm font-semibold"),
            rx.el.p(text, class_name="text-xs text-mute"),
        ),
        class_name="flex gap-3",
    )


def _template(item: Any) -> rx.Component:
    begin = button(
        "Begin with this",
        icon="play",
        on_click=state.begin_with(item["id"].to(str)),
        aria_label=f"Begin with this: {item['name']}",
    )
    return template_card(item, rx.cond(SessionState.can_edit, begin, rx.fragment()))
