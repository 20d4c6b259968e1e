"""How the audit page looks."""

from typing import Any, Final

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import (
    badge,
    button,
    cell,
    empty_state,
    error_state,
    link,
    link_button,
    local_time,
    name_cell,
    panel,
    relative_time,
    row,
    skeleton_rows,
    table,
)
from openrooms_app.components.query import moment_filter, pager, select_filter
from openrooms_app.components.table import SHARED, WIDER
from openrooms_app.pages.audit.state import ACTIONS, AuditPage
from openrooms_app.session import SessionState

state: Any = AuditPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""

CHOICES: Final = [
    {"value": name, "text": text} for name, text in sorted(ACTIONS.items(), key=lambda item: item[1])
]
COLUMNS: Final = ("When", "Who", "What", "On what", ("Details", WIDER))


def header_actions() -> list[rx.Component]:
    verify = button(
        rx.cond(state.is_verifying, "Verifying", "Verify the chain"),
        icon="shield-check",
        on_click=state.verify,
        disabled=state.is_verifying,
    )
    export = rx.el.a(
        rx.icon("download", size=15, aria_hidden=True),
        "Export",
        href=state.export_url,
        download="audit.jsonl",
        custom_attrs={"reloadDocument": True},
        title="What the filters show, as one JSON object a line",
        class_name="inline-flex h-8 items-center gap-1.5 rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-hover",
    )
    may = SessionState.is_admin & (state.error == "")
    return [rx.cond(may, export, rx.fragment()), rx.cond(may, verify, rx.fragment())]


def audit_view() -> rx.Component:
    filters = rx.el.div(
        select_filter("user", "Who", "Anybody", state.user_choices, "The operator"),
        select_filter("action", "What", "Anything", CHOICES),
        moment_filter("since", "From"),
        moment_filter("until", "until"),
        rx.cond(state.target != "", _target(), rx.fragment()),
        class_name="flex flex-wrap items-center gap-2",
    )
    rows = rx.fragment(
        table(COLUMNS, rx.foreach(state.rows, _row), label="Audit log"), pager(state.next_cursor)
    )
    nothing = empty_state(
        "search-x", "No entry fits", "Nothing like this was done.", link_button("Show all", to=routes.AUDIT)
    )
    content = rx.cond(
        state.error != "",
        error_state(state.error, state.refresh),
        rx.cond(state.is_loading, skeleton_rows(), rx.cond(state.rows.length() > 0, rows, nothing)),
    )
    return rx.fragment(_verdict(), filters, panel(content, class_name="overflow-hidden"))


def _target() -> rx.Component:
    return rx.el.span(
        "On ",
        rx.el.code(state.target, class_name="font-mono"),
        link("Show all", to=routes.AUDIT, class_name="ml-2"),
        class_name="min-w-0 break-all text-xs text-mute",
    )


def _verdict() -> rx.Component:
    look = "rounded-md px-3 py-2 text-sm"
    intact = rx.el.p(
        "The chain is intact: every entry follows from the one before.", class_name=f"{look} bg-ok/10 text-ok"
    )
    broken = rx.el.p(
        "The chain is broken at entry ",
        state.verdict["broken_at"],
        ": it, or the one before it, was changed or removed since. Compare with a backup or an export.",
        class_name=f"{look} bg-fail/10 text-fail",
    )
    told = rx.cond(state.verdict["is_intact"], intact, broken)
    return rx.el.div(
        rx.cond(state.verdict.contains("is_intact"), told, rx.fragment()),
        role="status",
        class_name="empty:hidden",
    )


def _row(item: Any) -> rx.Component:
    what = rx.cond(
        item["is_bad"],
        badge(item["text"], color="fail"),
        rx.el.span(item["text"], title=item["action"].to(str)),
    )
    named = link(item["on"], to=item["of_target"].to(str), title=item["target"].to(str))
    target = rx.cond(item["on"] != "", named, rx.fragment())  # a list that was asked for has none
    look = rx.cond(item["is_id"].to(bool), "font-mono text-xs", "")
    return row(
        cell(
            rx.el.span(
                local_time(item["at"].to(str)),
                rx.el.span(" #", item["id"], class_name="text-2xs text-mute"),
                class_name=WIDER,
            ),
            rx.el.span(relative_time(item["at"].to(str)), class_name="lg:hidden"),
        ),
        cell(item["who"], title=item["who"], class_name="max-w-20 truncate md:max-w-40"),
        cell(what, class_name="max-md:whitespace-normal"),
        name_cell(rx.el.span(target, class_name=look), class_name="max-md:min-w-28 md:w-1/4"),
        cell(item["detail"], title=item["detail"], class_name=f"{SHARED} text-mute {WIDER} md:w-1/4"),
    )
