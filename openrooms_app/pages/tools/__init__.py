"""Tools: what each one does, takes and gives, and who brings it; try one out."""

import reflex as rx

from openrooms_app import routes
from openrooms_app.pages.tools.state import ToolsPage
from openrooms_app.pages.tools.trying import try_dialog
from openrooms_app.pages.tools.view import tool_list
from openrooms_app.shell import page, title


@rx.page(route=routes.TOOLS, title=title("Tools"), on_load=ToolsPage.load)
def tools_page() -> rx.Component:
    return page(
        tool_list(),
        try_dialog(),
        heading="Tools",
        lead="What steps and agents can call. Packages, a folder of files and MCP servers may bring more.",
    )
