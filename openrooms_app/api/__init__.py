"""The REST API. What is not there answers JSON, never the pages' HTML."""

import importlib
import pkgutil
from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from openrooms_app.api import docs, resources
from openrooms_app.api.bodies import BodyLimit
from openrooms_app.api.metrics import CountRequests, Metrics
from openrooms_app.api.openapi import finish
from openrooms_app.api.problems import ProblemDetails, add_handlers

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
ABOUT: Final = (
    "Fields are snake_case, times are RFC 3339 in UTC with microseconds, ids are UUIDv7. Lists are "
    "{items, next_cursor}; pass next_cursor as cursor for the next page. Errors are RFC 9457 problem details "
    "with a stable code. Send an API key as Authorization: Bearer, or the cookie of a login."
)


class Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = finish(super().openapi())
        return self.openapi_schema


def create_api() -> FastAPI:
    """All resources found in `resources`; expects the gate in front, which leaves the user in the state."""
    api = Api(
        title="OpenRooms",
        description=ABOUT,
        version=version("openrooms"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        generate_unique_id_function=_operation_id,
        responses={
            "default": {"model": ProblemDetails, "description": "a problem"},
        },
    )
    api.state.metrics = Metrics()
    api.add_middleware(BodyLimit)
    api.add_middleware(CountRequests, metrics=api.state.metrics)
    add_handlers(api)
    for module in sorted(pkgutil.iter_modules(resources.__path__), key=lambda module: module.name):
        found = importlib.import_module(f"{resources.__name__}.{module.name}")
        if isinstance(router := getattr(found, "router", None), APIRouter):
            api.include_router(router)
    api.add_api_route("/api/docs", _docs, include_in_schema=False)
    for path in ("/api", "/api/{rest:path}"):
        api.add_api_route(path, _not_there, methods=list(METHODS), include_in_schema=False)
    return api


def _operation_id(route: APIRoute) -> str:
    return route.name


async def _docs(request: Request) -> HTMLResponse:
    return HTMLResponse(docs.page(request.app.openapi()))


async def _not_there(request: Request) -> Response:
    """404, or 405 with the methods that the address takes."""
    allowed = [method for method in METHODS if _takes(request, method)]
    if allowed:
        detail = f"{request.url.path} takes {', '.join(allowed)}, not {request.method}."
        raise HTTPException(405, detail, {"Allow": ", ".join(allowed)})
    raise HTTPException(404, f"There is no address {request.url.path}. The list is at /api/openapi.json.")


def _takes(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    ours = [route for route in request.app.routes if not isinstance(route, Mount)]  # the pages take anything
    routes = [route for route in ours if getattr(route, "endpoint", None) is not _not_there]
    return any(route.matches(dict(scope))[0] is Match.FULL for route in routes)
