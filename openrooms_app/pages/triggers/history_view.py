"""How the history of a schedule, a webhook or a subscription looks: what was due, what came, what was told."""

from typing import Any

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import (
    actions_cell,
    button,
    cell,
    dialog_of_address,
    empty_state,
    icon_button,
    link,
    local_time,
    relative_time,
    row,
    table,
)
from openrooms_app.components.badge import badge
from openrooms_app.components.query import pager
from openrooms_app.components.table import WIDE
from openrooms_app.pages.triggers.state import TriggersPage
from openrooms_app.session import SessionState

state: Any = TriggersPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""


def history_dialog() -> rx.Component:
    history = state.history
    listed = rx.match(
        history["kind"],
        ("schedule", _firings(history["rows"].to(list[dict[str, Any]]))),
        ("webhook", _deliveries(history["rows"].to(list[dict[str, Any]]))),
        _notices(history["rows"].to(list[dict[str, Any]])),
    )
    is_gone = history["name"] == ""
    gone = empty_state("map-pin-off", "Nothing is here", "It was deleted, or the address is mistyped.")
    nothing = empty_state("history", "Nothing yet", rx.match(history["kind"], *_NOTHING, ""))
    return dialog_of_address(
        rx.el.div(
            rx.cond(
                history["rows"].to(list[dict[str, Any]]).length() > 0, listed, rx.cond(is_gone, gone, nothing)
            ),
            pager(history["next_cursor"].to(str)),
            class_name="-mx-5 border-t border-line",
        ),
        rx.el.div(
            button("Refresh", icon="refresh-cw", on_click=state.refresh),
            button("Close", look="solid", on_click=state.close),
            class_name="flex justify-end gap-2",
        ),
        open=history["id"] != "",
        title=rx.cond(is_gone, f"There is no such {history['kind']}", f"History of {history['name']}"),
        size="large",
        on_open_change=state.close,
    )


_NOTHING = (
    ("schedule", "Each time that is due is listed here, with the run that it began or why it began none."),
    ("webhook", "Each call is listed here, with the run that it began or why it was refused."),
    ("subscription", "Each event that is told is listed here, with what the other program answered."),
)


def _outcome(item: Any) -> rx.Component:
    return rx.match(
        item["color"],
        ("ok", badge(item["outcome"], color="ok")),
        ("fail", badge(item["outcome"], color="fail")),
        ("wait", badge(item["outcome"], color="wait")),
        badge(item["outcome"], color="queued"),
    )


def _run(item: Any) -> rx.Component:
    run = link("Run", to=f"{routes.RUNS}/{item['run_id']}")
    return rx.cond(item["run_id"] != "", run, rx.el.span("–", class_name="text-mute"))


def _message(item: Any) -> rx.Component:
    return cell(
        item["message"],
        class_name="min-w-28 whitespace-normal py-2 text-mute [overflow-wrap:anywhere] md:min-w-40",
    )


def _firings(rows: Any) -> rx.Component:
    def line(item: Any) -> rx.Component:
        return row(
            cell(item["there"], class_name="max-md:min-w-28 max-md:whitespace-normal max-md:py-2"),
            cell(local_time(item["at"].to(str)), class_name=f"text-mute {WIDE}"),
            cell(_outcome(item)),
            cell(_run(item)),
            _message(item),
        )

    columns = ("Due", ("Here", WIDE), "Outcome", "Run", "Why")
    return table(columns, rx.foreach(rows, line), label="Firings")


def _deliveries(rows: Any) -> rx.Component:
    def line(item: Any) -> rx.Component:
        return row(
            cell(
                rx.el.span(local_time(item["at"].to(str)), class_name=WIDE),
                rx.el.span(relative_time(item["at"].to(str)), class_name="md:hidden"),
            ),
            cell(
                rx.el.code(item["delivery_id"], title=item["delivery_id"], class_name="font-mono text-xs"),
                class_name=f"max-w-32 truncate {WIDE}",
            ),
            cell(_outcome(item)),
            cell(_run(item)),
            _message(item),
        )

    columns = ("Came", ("Delivery", WIDE), "Outcome", "Run", "Why")
    return table(columns, rx.foreach(rows, line), label="Deliveries")


def _notices(rows: Any) -> rx.Component:
    def line(item: Any) -> rx.Component:
        again = icon_button(
            "send",
            f"Deliver {item['event']} again",
            on_click=state.redeliver(state.history["id"].to(str), item["id"].to(str)),
        )
        tried = rx.cond(
            item["next_at"] != "",
            rx.el.span(item["attempts"], ", next ", relative_time(item["next_at"].to(str))),
            item["attempts"],
        )
        return row(
            cell(item["event"], class_name="font-medium max-md:whitespace-normal"),
            cell(relative_time(item["at"].to(str)), class_name=f"text-mute {WIDE}"),
            cell(_outcome(item)),
            cell(tried, class_name=f"text-mute {WIDE}"),
            cell(_run(item)),
            _message(item),
            actions_cell(rx.cond(SessionState.can_edit, again, rx.fragment())),
        )

    columns = ("Event", ("When", WIDE), "State", ("Attempts", WIDE), "Run", "Answer", "")
    return table(columns, rx.foreach(rows, line), label="Deliveries")
