"""The editor of one workflow; the canvas itself is an island that the browser owns."""

import reflex as rx

from openrooms_app import routes
from openrooms_app.canvas import workflow_editor
from openrooms_app.session import SessionState
from openrooms_app.shell import full_page, title


@rx.page(route=routes.WORKFLOW, title=title("Workflow"))
def editor_page() -> rx.Component:
    return full_page(
        workflow_editor(
            me=SessionState.user_name, can_edit=SessionState.can_edit, is_known=SessionState.role != ""
        )
    )
