"""Workflows: find, make, take in from a file or a template, give out, rename, copy, put away."""

import reflex as rx

from openrooms_app import routes
from openrooms_app.pages.workflows.state import WorkflowsPage
from openrooms_app.pages.workflows.view import dialogs, header_actions, workflow_list
from openrooms_app.shell import page, title


@rx.page(
    route=routes.WORKFLOWS, title=title("Workflows"), on_load=[WorkflowsPage.arrive, WorkflowsPage.follow]
)
def workflows_page() -> rx.Component:
    return page(workflow_list(), dialogs(), heading="Workflows", actions=header_actions())
