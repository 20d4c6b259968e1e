"""The API's document, finished: how it fails, what opens it, which scope each operation takes of a key."""

from typing import Any, Final

from openrooms_app.api.problems import MEDIA_TYPE
from openrooms_app.scopes import needed_scope
from openrooms_app.session import COOKIE

PROBLEM: Final = {
    "description": "What is wrong, with a stable `code`",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
}
SCHEMES: Final = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer or_…`"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "A login, as browsers have it",
    },
}


def finish(document: dict[str, Any]) -> dict[str, Any]:
    """Changes the document that FastAPI made, and returns it."""
    document["components"]["securitySchemes"] = SCHEMES
    for item in document["paths"].values():
        for operation in item.values():
            operation["responses"].pop("422", None)  # FastAPI's own form of it, which we never send
            operation["responses"]["default"] = PROBLEM
            scope = needed_scope(operation["operationId"])
            operation["security"] = [{"key": [scope]}, {"session": []}] if scope else []
    return document
