"""How the triggers of a room, and those of all rooms, look: schedules, webhooks in, subscriptions out."""

from typing import Any

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import (
    actions_cell,
    badge,
    button,
    cell,
    empty_state,
    error_state,
    icon_button,
    link,
    link_button,
    link_icon,
    menu,
    menu_item,
    menu_line,
    name_cell,
    panel,
    relative_time,
    row,
    skeleton_rows,
    table,
)
from openrooms_app.components.table import SHARED, WIDE, WIDER, Heading
from openrooms_app.pages.triggers.schedule_form import ScheduleForm
from openrooms_app.pages.triggers.state import TriggersPage
from openrooms_app.session import SessionState
from openrooms_app.shell import for_editors

state: Any = TriggersPage
schedule_form: Any = ScheduleForm
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""


def trigger_lists(*, is_overview: bool) -> rx.Component:
    loaded = rx.fragment(_schedules(is_overview), _hooks(is_overview), _subscriptions())
    elsewhere = [] if is_overview else [link_button("All rooms", to=routes.ROOMS)]
    return rx.cond(
        state.error != "",
        panel(error_state(state.error, state.refresh, "These triggers can't be shown", *elsewhere)),
        rx.cond(state.is_loading, panel(skeleton_rows()), loaded),
    )


def _list(
    title: str, columns: tuple[Heading, ...], rows: Any, new: rx.Component, nothing: rx.Component
) -> rx.Component:
    draw_rows, draw = rows
    return panel(
        rx.cond(draw_rows.length() > 0, table(columns, rx.foreach(draw_rows, draw), label=title), nothing),
        title=title,
        actions=[for_editors(new)],
        class_name="overflow-hidden",
    )


def _new(word: str, on_click: Any) -> rx.Component:
    return button(word, icon="plus", on_click=on_click, class_name="!h-7 !px-2.5")


def _schedules(is_overview: bool) -> rx.Component:
    nothing = empty_state(
        "calendar-clock", "No schedules", "A schedule runs a room by itself: every hour, on weekdays at nine."
    )
    columns = ("Name", ("When", WIDE), "Next", *_room_heading(is_overview), "State", "")
    return _list(
        "Schedules",
        columns,
        (state.schedules, lambda item: _schedule(item, is_overview)),
        _new("New schedule", schedule_form.begin("")),
        nothing,
    )


def _schedule(item: Any, is_overview: bool) -> rx.Component:
    cron = rx.el.code(item["cron"], class_name="font-mono text-xs text-mute")
    when = rx.cond(item["when"] != "", rx.fragment(item["when"], " ", cron), cron)
    return row(
        _name(item),
        cell(
            when,
            rx.el.span(" ", item["zone"], class_name="text-xs text-mute"),
            class_name=f"{SHARED} {WIDE} md:w-1/4",
        ),
        cell(relative_time(item["next_due_at"].to(str), "–")),
        *_room_cell(item, is_overview),
        cell(_on_off(item)),
        _actions(item, "schedule", schedule_form.begin(item["id"].to(str))),
        custom_attrs={"data-trigger": item["id"]},
    )


def _hooks(is_overview: bool) -> rx.Component:
    nothing = empty_state(
        "webhook",
        "No webhooks",
        "A webhook is an address that other programs call to start a run or to send a signal.",
    )
    columns = ("Name", ("A call", WIDE), ("Proof", WIDER), *_room_heading(is_overview), "State", "")
    return _list(
        "Webhooks in",
        columns,
        (state.hooks, lambda item: _hook(item, is_overview)),
        _new("New webhook", state.begin_new("webhook")),
        nothing,
    )


def _hook(item: Any, is_overview: bool) -> rx.Component:
    signal = rx.fragment("sends ", rx.el.code(item["signal"], class_name="font-mono text-xs"))
    return row(
        _name(item),
        cell(rx.cond(item["signal"] != "", signal, "starts a run"), class_name=WIDE),
        cell(item["signed"], class_name=f"text-mute {WIDER}"),
        *_room_cell(item, is_overview),
        cell(_on_off(item)),
        _actions(item, "webhook", state.begin("edit", "webhook", item["id"].to(str))),
        custom_attrs={"data-trigger": item["id"]},
    )


def _subscriptions() -> rx.Component:
    nothing = empty_state(
        "megaphone", "No subscriptions", "A subscription tells another program what happens in runs."
    )
    columns = ("Name", ("URL", WIDE), ("Events", WIDER), ("Room", WIDE), "State", "")
    return _list(
        "Subscriptions out",
        columns,
        (state.subscriptions, _subscription),
        _new("New subscription", state.begin_new("subscription")),
        nothing,
    )


def _subscription(item: Any) -> rx.Component:
    told = rx.cond(
        item["off_reason"] != "",
        badge("Switched off", color="fail"),
        rx.cond(
            item["failing_since"] != "",
            rx.el.span(
                badge("Failing", color="fail"),
                rx.el.span(
                    " since ",
                    relative_time(item["failing_since"].to(str)),
                    class_name="text-xs text-mute max-md:hidden",
                ),
            ),
            _on_off(item),
        ),
    )
    url = rx.el.code(item["url"], title=item["url"], class_name="font-mono text-xs")
    return row(
        _name(item),
        cell(url, class_name=f"{SHARED} {WIDE} md:w-1/4"),
        cell(item["hears"], title=item["hears"].to(str), class_name=f"{SHARED} text-mute {WIDER} md:w-1/5"),
        cell(_room(item), class_name=f"{SHARED} {WIDE} md:w-1/6"),
        cell(told, title=item["off_reason"].to(str)),
        _actions(item, "subscription", state.begin("edit", "subscription", item["id"].to(str))),
        custom_attrs={"data-trigger": item["id"]},
    )


def _name(item: Any) -> rx.Component:
    return name_cell(item["name"], title=item["name"].to(str), class_name="max-w-36 font-medium md:w-1/3")


def _on_off(item: Any) -> rx.Component:
    return rx.cond(item["enabled"], badge("On", color="ok"), badge("Off"))


def _room_heading(is_overview: bool) -> tuple[Heading, ...]:
    return (("Room", WIDER),) if is_overview else ()


def _room_cell(item: Any, is_overview: bool) -> list[rx.Component]:
    return [cell(_room(item), class_name=f"{SHARED} {WIDER} md:w-1/5")] if is_overview else []


def _room(item: Any) -> rx.Component:
    there = link(item["room_name"], to=f"{routes.ROOMS}/{item['room_id']}/triggers", class_name="text-ink")
    return rx.cond(item["room_id"] != "", there, rx.el.span("All rooms", class_name="text-mute"))


def _actions(item: Any, kind: str, edit: Any) -> rx.Component:
    id_, name = item["id"].to(str), item["name"].to(str)
    rotate = {
        "webhook": [menu_item("Another address", "key-round", state.begin("rotate", kind, id_))],
        "subscription": [menu_item("Another key", "key-round", state.begin("rotate", kind, id_))],
    }
    more = menu(
        icon_button("ellipsis", f"More for {name}"),
        menu_item("Change", "pencil", edit),
        *rotate.get(kind, []),
        rx.cond(
            item["enabled"],
            menu_item("Switch off", "circle-pause", state.switch(kind, id_, False)),
            menu_item("Switch on", "circle-play", state.switch(kind, id_, True)),
        ),
        menu_line(),
        menu_item("Delete", "trash-2", state.begin("delete", kind, id_), danger=True),
        label=f"More for {name}",
    )
    history = link_icon("history", f"History of {name}", to=f"?{kind}={id_}")
    return actions_cell(history, rx.cond(SessionState.can_edit, more, rx.fragment()))
