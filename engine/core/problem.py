"""A finding about a document: data, never an exception."""

from typing import Literal

from engine.core.document import Frozen

ERROR: Literal["error"] = "error"
WARNING: Literal["warning"] = "warning"


class Problem(Frozen):
    """What is wrong and what to do; `path` is a JSON pointer into the document."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    node_id: str | None = None
    transition_id: str | None = None
    path: str = ""
