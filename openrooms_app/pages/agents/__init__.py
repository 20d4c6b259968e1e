"""Agents: the models with their settings that workflows ask, and who asks them."""

import reflex as rx

from openrooms_app import routes
from openrooms_app.pages.agents.state import AgentsPage
from openrooms_app.pages.agents.view import agent_list, delete_dialog, new_button
from openrooms_app.shell import page, title


@rx.page(route=routes.AGENTS, title=title("Agents"), on_load=AgentsPage.load)
def agents_page() -> rx.Component:
    return page(
        agent_list(),
        delete_dialog(),
        heading="Agents",
        lead="Models with their instructions, tools and limits, made once and used in many workflows.",
        actions=[new_button()],
    )
