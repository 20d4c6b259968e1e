"""The button that takes a workflow in from a file."""

import reflex as rx

from openrooms_app.tsx import tsx_module


class ImportWorkflow(rx.Component):
    """JSON or YAML up to 5 MiB; exactly one of the events follows."""

    library = tsx_module(__file__, "import_workflow.tsx")
    tag = "ImportWorkflow"
    lib_dependencies: list[str] = ["lucide-react"]
    on_imported: rx.EventHandler[rx.event.passthrough_event_spec(str, str, int)]
    """Id, name and number of errors."""
    on_refused: rx.EventHandler[rx.event.passthrough_event_spec(str, str)]
    """The file's name, and why."""


import_workflow = ImportWorkflow.create
