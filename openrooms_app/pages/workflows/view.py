"""How the workflows page looks."""

from typing import Any, Final

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import (
    actions_cell,
    badge,
    button,
    cell,
    confirm_dialog,
    dialog,
    empty_state,
    error_state,
    field,
    icon_button,
    link,
    link_button,
    menu,
    menu_item,
    menu_line,
    name_cell,
    panel,
    plain_link,
    relative_time,
    row,
    skeleton_rows,
    status_badge,
    table,
    text_input,
)
from openrooms_app.components.import_workflow import import_workflow
from openrooms_app.components.query import pager, search_filter, select_filter
from openrooms_app.components.table import WIDE, WIDER
from openrooms_app.components.template_card import FIRST_WIDE, template_card
from openrooms_app.pages.workflows.state import WorkflowsPage
from openrooms_app.session import SessionState
from openrooms_app.shell import for_editors

state: Any = WorkflowsPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""

STATUSES: Final = [
    {"value": "DRAFT", "text": "Draft"},
    {"value": "ACTIVE", "text": "Published"},
    {"value": "ARCHIVED", "text": "Archived"},
]
COLUMNS: Final = (
    "Name",
    "Status",
    ("Version", WIDER),
    ("Rooms", WIDER),
    ("Last run", WIDE),
    ("Changed", WIDER),
    "",
)


def header_actions() -> list[rx.Component]:
    writing = rx.fragment(
        import_workflow(on_imported=state.imported, on_refused=state.refused),
        button("New workflow", look="solid", icon="plus", on_click=state.begin_new),
    )
    return [
        button("Templates", icon="layout-template", on_click=state.show_templates),
        for_editors(writing),
    ]


def workflow_list() -> rx.Component:
    filters = rx.el.div(
        search_filter("Search workflows"),
        select_filter("status", "Status", "In use", STATUSES),
        class_name="flex flex-wrap gap-2",
    )
    rows = rx.fragment(
        table(COLUMNS, rx.foreach(state.rows, _row), label="Workflows"),
        pager(state.next_cursor),
    )
    nothing = rx.cond(state.is_filtered, _nothing_found(), _nothing_yet())
    content = rx.cond(
        state.error != "",
        error_state(state.error, state.refresh),
        rx.cond(state.is_loading, skeleton_rows(), rx.cond(state.rows.length() > 0, rows, nothing)),
    )
    return rx.fragment(filters, panel(content, class_name="overflow-hidden"))


def _nothing_found() -> rx.Component:
    return empty_state(
        "search-x",
        "No workflow fits",
        "None has this name and status.",
        link_button("Show all", to=routes.WORKFLOWS),
    )


def _nothing_yet() -> rx.Component:
    new = button("New workflow", icon="plus", on_click=state.begin_new)
    return empty_state(
        "workflow",
        "No workflows yet",
        "A workflow is a state machine: steps, and the ways between them. Copy a template to see one at work, "
        "or draw your own.",
        button(
            "Look at the templates",
            look="solid",
            icon="layout-template",
            on_click=state.show_templates,
        ),
        rx.cond(SessionState.can_edit, new, rx.fragment()),
    )


def _row(item: Any) -> rx.Component:
    address = routes.WORKFLOWS + "/" + item["id"].to(str)
    errors = item["error_count"].to(int)
    return row(
        name_cell(
            link(item["name"], to=address, class_name="font-medium"),
            title=item["name"],
            class_name="max-w-36 md:w-1/3",
        ),
        cell(
            rx.el.span(
                _status(item["status"]),
                rx.cond(
                    errors > 0, badge(errors, rx.cond(errors == 1, " problem", " problems"), color="fail")
                ),
                class_name="flex flex-col items-start gap-1 md:flex-row",
            )
        ),
        cell(_version(item), class_name=f"max-w-56 truncate text-mute {WIDER}"),
        cell(
            rx.cond(
                item["room_count"].to(int) > 0,
                link(item["room_count"], to=f"{routes.ROOMS}?workflow={item['id']}"),
                rx.el.span("0", class_name="text-mute"),
            ),
            class_name=WIDER,
        ),
        cell(_last_run(item), class_name=WIDE),
        cell(
            relative_time(item["updated_at"].to(str)),
            title=rx.cond(item["saved_by_name"], f"by {item['saved_by_name']}", ""),
            class_name=f"text-mute {WIDER}",
        ),
        actions_cell(_actions(item)),
    )


def _version(item: Any) -> rx.Component:
    by = rx.cond(item["published_by_name"], item["published_by_name"].to(str), "the operator")
    published = rx.el.span(
        f"v{item['latest_version']}",
        rx.el.span(
            relative_time(item["published_at"].to(str)),
            " by ",
            by,
            title=f"Published by {by}",
            class_name="ml-2 text-xs max-xl:hidden",
        ),
    )
    return rx.cond(item["latest_version"], published, rx.el.span("–"))


def _status(status: Any) -> rx.Component:
    return rx.match(
        status,
        ("ACTIVE", badge("Published", color="ok")),
        ("ARCHIVED", badge("Archived", color="pause")),
        badge("Draft"),
    )


def _last_run(item: Any) -> rx.Component:
    shown = plain_link(
        status_badge(item["last_status"].to(str)),
        rx.el.span(relative_time(item["last_at"].to(str)), class_name="text-mute"),
        to=routes.RUNS + "/" + item["last_run"].to(str),
        class_name="flex items-center gap-2",
    )
    return rx.cond(item["last_run"], shown, rx.el.span("never", class_name="text-mute"))


def _actions(item: Any) -> rx.Component:
    export = rx.el.a(
        rx.icon("download", size=16, aria_hidden=True),
        href=f"/api/workflows/{item['id']}/export",
        download=True,
        custom_attrs={"reloadDocument": True},
        title="Export as a file",
        aria_label=f"Export {item['name']}",
        class_name="grid size-8 shrink-0 place-items-center rounded-md text-mute hover:bg-hover hover:text-ink",
    )
    put_away = rx.cond(
        item["status"] == "ARCHIVED",
        menu_item("Take back into use", "archive-restore", state.unarchive(item["id"].to(str))),
        rx.fragment(),
    )
    more = menu(
        icon_button("ellipsis", f"More for {item['name']}"),
        rx.cond(
            item["status"] == "ARCHIVED",
            rx.fragment(),
            menu_item("Make a room", "door-open", rx.redirect(f"{routes.ROOMS}?new={item['id']}")),
        ),
        menu_item("Rename", "pencil", state.begin("rename", item["id"].to(str))),
        menu_item("Duplicate", "copy", state.duplicate(item["id"].to(str))),
        put_away,
        menu_line(),
        menu_item("Delete", "trash-2", state.begin("delete", item["id"].to(str)), danger=True),
        label=f"More for {item['name']}",
    )
    return rx.fragment(export, rx.cond(SessionState.can_edit, more, rx.fragment()))


def dialogs() -> rx.Component:
    return rx.fragment(_new(), _templates(), _rename(), _delete(), _refused())


def _name_form(on_submit: Any, word: str, **value: Any) -> rx.Component:
    return rx.el.form(
        field(
            "Name",
            text_input(name="name", required=True, max_length=200, auto_focus=True, **value),
            required=True,
        ),
        rx.el.div(
            button("Cancel", on_click=state.close),
            button(word, look="solid", type="submit"),
            class_name="flex justify-end gap-2",
        ),
        on_submit=on_submit,
        class_name="flex flex-col gap-4",
    )


def _new() -> rx.Component:
    return dialog(
        _name_form(state.create, "Create and open", placeholder="Order intake"),
        open=state.dialog == "new",
        title="New workflow",
        description="It begins with a start and an end; you draw the rest.",
        size="small",
        on_open_change=state.close,
    )


def _rename() -> rx.Component:
    return dialog(
        _name_form(state.rename, "Rename", default_value=state.target["name"]),
        open=state.dialog == "rename",
        title="Rename the workflow",
        size="small",
        on_open_change=state.close,
    )


def _delete() -> rx.Component:
    in_use = state.used_by.length() > 0
    text = rx.cond(
        in_use,
        f"It is used by: {state.used_by.join(', ')}. A workflow in use can't be deleted, but archived: "
        "its rooms keep working, and it leaves this list.",
        "The drawing and all its versions are gone for good. Export it first to keep a copy.",
    )
    return confirm_dialog(
        state.dialog == "delete",
        rx.cond(in_use, f"Archive {state.target['name']}?", f"Delete {state.target['name']}?"),
        text,
        button(rx.cond(in_use, "Archive", "Delete"), look="danger", on_click=state.delete),
        state.close,
    )


def _refused() -> rx.Component:
    return dialog(
        rx.el.p(
            state.target["why"],
            role="alert",
            class_name="whitespace-pre-wrap break-words rounded-md bg-fail/10 p-3 text-sm text-fail",
        ),
        rx.el.div(
            button("Close", on_click=state.close),
            class_name="flex justify-end",
        ),
        open=state.dialog == "refused",
        title=f"{state.target['file']} was not imported",
        description="Nothing was changed. Mend the file and import it again.",
        on_open_change=state.close,
    )


def _templates() -> rx.Component:
    return dialog(
        rx.el.ul(
            rx.foreach(state.gallery, _template),
            class_name=f"grid gap-3 sm:grid-cols-2 {FIRST_WIDE}",
        ),
        open=state.dialog == "templates",
        title="Templates",
        description="Copies of these are yours to change. They run without any key.",
        size="large",
        on_open_change=state.close,
    )


def _template(item: Any) -> rx.Component:
    use = button(
        "Use template",
        icon="copy-plus",
        on_click=state.use_template(item["id"].to(str)),
        aria_label=f"Use template {item['name']}",
    )
    return template_card(item, rx.cond(SessionState.can_edit, use, rx.fragment()))
