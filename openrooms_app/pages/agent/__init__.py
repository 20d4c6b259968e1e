"""One agent: what it is told, what it may do, its versions, and a place to try it."""

from typing import Any, Final

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import button, error_state, link_button, panel, skeleton_rows
from openrooms_app.components.submit import intent_field
from openrooms_app.pages.agent.state import INTENT, AgentPage
from openrooms_app.pages.agent.view import delete_dialog, instructions, limits, model, saving, tools, used_by
from openrooms_app.pages.agent.view_beside import trying, versions
from openrooms_app.session import SessionState
from openrooms_app.shell import for_editors, page, title

state: Any = AgentPage


@rx.page(route=routes.AGENT, title=title("Agent"), on_load=AgentPage.load)
def agent_page() -> rx.Component:
    is_there = state.agent["id"] != ""
    is_drawn = (state.error == "") & ~state.is_loading
    delete = button("Delete", look="danger", icon="trash-2", on_click=state.begin_delete)
    lead = rx.cond(
        is_there,
        f"Version {state.agent['version']}. Saving makes a new one; workflows take it over when they are published next.",
        "A model with instructions, tools and limits.",
    )
    looking = "Your role may look at agents, but not change them."
    lead = rx.cond(SessionState.can_edit | (SessionState.role == ""), lead, looking)
    missing = error_state(
        state.error, state.load, "This agent can't be shown", link_button("All agents", to=routes.AGENTS)
    )
    return page(
        rx.cond(
            state.error != "",
            panel(missing),
            rx.cond(state.is_loading, panel(skeleton_rows()), _form()),
        ),
        delete_dialog(),
        heading=rx.cond(is_there, state.agent["name"].to(str), rx.cond(is_drawn, "New agent", "Agent")),
        lead=rx.cond(is_drawn, lead, ""),
        back=("Agents", routes.AGENTS),
        actions=[rx.cond(is_there, for_editors(delete), rx.fragment())],
    )


_ABOVE_THE_BAR: Final = "[&_:is(input,select,textarea,button)]:scroll-mb-24"
"""Where the keys lead is never behind what stays at the bottom to save."""


def _form() -> rx.Component:
    is_there = state.agent["id"] != ""
    fields = rx.el.fieldset(
        intent_field(INTENT),
        rx.el.div(
            instructions(),
            model(),
            tools(),
            limits(),
            rx.cond(SessionState.can_edit, saving(), rx.fragment()),
            key=state.shown,
            class_name="flex min-w-0 flex-col gap-4",
        ),
        disabled=~SessionState.can_edit,
        class_name="min-w-0",
    )
    beside = rx.el.div(
        rx.cond(SessionState.can_edit, trying(), rx.fragment()),
        rx.cond(is_there, rx.fragment(versions(), used_by()), rx.fragment()),
        class_name="flex min-w-0 flex-col gap-4",
    )
    return rx.el.form(
        fields,
        beside,
        on_submit=state.submit,
        class_name=f"grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)] {_ABOVE_THE_BAR}",
    )
