"""Runs of all rooms, newest first, live; filters and page stand in the address."""

from typing import Any, Final

import reflex as rx

from engine.core.identity import User
from engine.core.page import Page, Paging
from engine.core.run import RunStatus
from engine.runtime import Runtime
from engine.services import control, overview, rooms, runs, workflows
from openrooms_app import routes
from openrooms_app.arguments import an_id, moment_in
from openrooms_app.ask import ask, notify
from openrooms_app.components import (
    button,
    confirm_dialog,
    empty_state,
    error_state,
    icon_button,
    link,
    link_button,
    panel,
    skeleton_rows,
)
from openrooms_app.components.query import pager, period_filter, search_filter, select_filter
from openrooms_app.components.run_table import run_table
from openrooms_app.following import Query, draw_again, keep_drawn
from openrooms_app.roles import requires
from openrooms_app.session import SessionState, current_user
from openrooms_app.shell import page, title

PAGE_SIZE: Final = 50
CHOICES: Final = 500
"""The most rooms or workflows that a filter offers."""
STATUSES: Final = [{"value": status.value, "text": status.value.capitalize()} for status in RunStatus]
PERIODS: Final = {
    "1h": ("Last hour", 3_600),
    "1d": ("Last 24 hours", 86_400),
    "7d": ("Last 7 days", 7 * 86_400),
    "30d": ("Last 30 days", 30 * 86_400),
}
"""What it is called and how many seconds it goes back."""
MAX_TEXT: Final = 200
SECOND_US: Final = 1_000_000
FILTERS: Final = {"q", "status", "workflow", "room", "began", "since", "until"}
"""What the address calls them."""


class RunsPage(rx.State):
    rows: list[dict[str, Any]] = []
    next_cursor: str = ""
    is_filtered: bool = False
    is_later: bool = False
    """Not the first page."""
    is_backward: bool = False
    """The time asked for ends before it begins."""
    is_loading: bool = True
    error: str = ""
    room_choices: list[dict[str, str]] = []
    workflow_choices: list[dict[str, str]] = []
    dialog: str = ""
    """`cancel` while it asks whether to."""
    target: dict[str, str] = {}
    """{id, name} of the run that is asked about."""

    @rx.event(background=True)
    @requires("viewer")
    async def follow(self) -> None:
        await keep_drawn(self, fetch)

    @rx.event
    @requires("viewer")
    async def refresh(self) -> None:
        await draw_again(self, fetch)

    @rx.event
    @requires("viewer")
    def close(self) -> None:
        self.dialog = ""

    @rx.event
    @requires("editor")
    async def begin_cancel(self, run_id: str) -> None:
        run = await ask(runs.get, current_user(), an_id(run_id))
        self.target, self.dialog = {"id": run.id, "name": f"run #{run.number}"}, "cancel"

    @rx.event
    @requires("editor")
    async def cancel(self) -> rx.event.EventSpec:
        """Of the run alone: another one of its room goes on."""
        self.dialog = ""
        run = await ask(control.cancel_run, current_user(), an_id(self.target.get("id")))
        await draw_again(self, fetch)
        return notify(f"Run #{run.number} is cancelled.")


def fetch(rt: Runtime, user: User, query: Query) -> dict[str, Any]:
    paging = Paging(limit=PAGE_SIZE, cursor=query.get("cursor"))
    sought = wanted(query, rt.now_us())
    is_backward = sought.is_backward
    found = Page[overview.RunLine](items=()) if is_backward else overview.list_runs(rt, user, sought, paging)
    some = Paging(limit=CHOICES)
    of_workflow = rooms.Sought(workflow_id=query.get("workflow"))
    all_rooms = rooms.list_rooms(rt, user, of_workflow, some).items
    all_workflows = workflows.list_workflows(rt, user, paging=some).items
    return {
        "rows": [line.plain() for line in found.items],
        "next_cursor": found.next_cursor or "",
        "is_backward": is_backward,
        "is_filtered": bool(FILTERS & query.keys()),
        "is_later": "cursor" in query,
        "room_choices": [{"value": room.id, "text": room.name} for room in all_rooms],
        "workflow_choices": [{"value": item.id, "text": item.name} for item in all_workflows],
    }


def wanted(query: Query, now_us: int) -> runs.Sought:
    """
    Raises:
        InvalidInput: a time in the address is none.
    """
    status, period = query.get("status", ""), PERIODS.get(query.get("began", ""))
    return runs.Sought(
        status=RunStatus(status) if status in RunStatus.__members__ else None,
        room_id=query.get("room"),
        workflow_id=query.get("workflow"),
        since_us=now_us - period[1] * SECOND_US if period else moment_in(query, "since"),
        until_us=None if period else moment_in(query, "until"),
        text=query.get("q", "")[:MAX_TEXT],
    )


state: Any = RunsPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""


@rx.page(route=routes.RUNS, title=title("Runs"), on_load=RunsPage.follow)
def runs_page() -> rx.Component:
    periods = [
        {"value": value, "text": text, "seconds": seconds} for value, (text, seconds) in PERIODS.items()
    ]
    filters = rx.el.div(
        search_filter("Room, workflow, #number or id"),
        select_filter("status", "Status", "Any status", STATUSES),
        select_filter("workflow", "Workflow", "Any workflow", state.workflow_choices, "An archived workflow"),
        select_filter("room", "Room", "Any room", state.room_choices, "Another room"),
        period_filter("began", "Began", periods),
        rx.cond(state.is_filtered & (state.rows.length() > 0), _clear(), rx.fragment()),
        class_name="flex flex-wrap items-center gap-2",
    )
    rows = rx.fragment(run_table(state.rows, label="Runs", actions=_cancel), pager(state.next_cursor))
    nothing = rx.cond(state.is_filtered | state.is_later, _nothing_found(), _nothing_yet())
    content = rx.cond(
        state.error != "",
        error_state(state.error, state.refresh),
        rx.cond(state.is_loading, skeleton_rows(), rx.cond(state.rows.length() > 0, rows, nothing)),
    )
    return page(filters, panel(content, class_name="overflow-hidden"), _ask_to_cancel(), heading="Runs")


def _cancel(item: Any) -> rx.Component:
    """Only for those that stand in line: what has begun is cancelled where one sees what it does."""
    button_ = icon_button(
        "circle-x", f"Cancel run #{item['number']}", on_click=state.begin_cancel(item["id"].to(str))
    )
    return rx.cond(SessionState.can_edit & (item["status"] == "QUEUED"), button_, rx.fragment())


def _ask_to_cancel() -> rx.Component:
    return confirm_dialog(
        state.dialog == "cancel",
        f"Cancel {state.target['name']}?",
        "It leaves the line and never begins. Other runs of its room go on.",
        button("Cancel run", look="danger", on_click=state.cancel),
        state.close,
    )


def _clear() -> rx.Component:
    return link("Clear filters", to=routes.RUNS, class_name="text-xs sm:px-1")


def _nothing_found() -> rx.Component:
    return empty_state(
        "search-x",
        "No run fits",
        rx.cond(
            state.is_backward,
            "“From” is not before “until”: nothing begins between them.",
            "None has all that the filters ask for.",
        ),
        link_button("Clear filters", to=routes.RUNS),
    )


def _nothing_yet() -> rx.Component:
    return empty_state(
        "play",
        "Nothing has run yet",
        "Open a room and press Run: every run is kept here with its steps and its log.",
        link_button("Open rooms", to=routes.ROOMS, look="solid"),
    )
