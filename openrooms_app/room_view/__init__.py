"""The live room and the page of one run: drawn by the browser from the API's events; Python only places them.

`data/` is pure and has no React in it: events, the fold that says where a run stands, forms, the stream.
`state/` holds what a page knows, `view/` draws a room, `run/` a run.
"""

import reflex as rx

import openrooms_app.canvas  # its TypeScript draws the graph
import openrooms_app.components  # noqa: F401 - its TypeScript draws badges, tabs and dialogs
from openrooms_app.tsx import Island, tsx_module

DEPENDENCIES = ["@xyflow/react@12.12.1", "@dagrejs/dagre@3.1.3", "@base-ui/react@1.9.0", "lucide-react"]


class RoomView(Island):
    """The room that the address names; `can_edit` shows more than the API allows to nobody."""

    library = tsx_module(__file__, "view/room-view.tsx")
    tag = "RoomView"
    lib_dependencies: list[str] = DEPENDENCIES
    can_edit: rx.Var[bool]


class RunView(Island):
    """The run that the address names."""

    library = tsx_module(__file__, "run/run-view.tsx")
    tag = "RunView"
    lib_dependencies: list[str] = DEPENDENCIES
    can_edit: rx.Var[bool]


room_view = RoomView.create
run_view = RunView.create
