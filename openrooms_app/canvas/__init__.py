"""The canvas: the editor of a workflow and the graph of a run, drawn by the browser; Python only places them.

`document/` is pure and has no React in it: the document, what can be done to it, layout, routes of edges.
`state/` holds what the editor knows and how it saves, `flow/` draws, `inspector/` and `panels/` stand around.
"""

import reflex as rx

import openrooms_app.components  # noqa: F401 - its TypeScript holds the parts that islands share
from openrooms_app.tsx import Island, tsx_module


class WorkflowEditor(Island):
    """The editor of the workflow that the address names, for who is called `me`; `can_edit` shows more than the API allows to
    nobody.

    Until `is_known`, nobody has said who is there: what an editor would see has its place already.
    """

    library = tsx_module(__file__, "editor.tsx")
    tag = "WorkflowEditor"
    lib_dependencies: list[str] = ["@xyflow/react@12.12.1", "@dagrejs/dagre@3.1.3", "lucide-react"]
    me: rx.Var[str]
    can_edit: rx.Var[bool]
    is_known: rx.Var[bool]


workflow_editor = WorkflowEditor.create
