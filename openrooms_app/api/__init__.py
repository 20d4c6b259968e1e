"""The REST API. What is not there answers JSON, never the pages' HTML."""

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_api() -> FastAPI:
    api = FastAPI(title="OpenRooms", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    api.add_api_route("/api/{rest:path}", _not_there, methods=methods, include_in_schema=False)
    return api


async def _not_there(rest: str) -> JSONResponse:
    body = {"type": "about:blank", "title": "Not Found", "status": 404, "code": "not_found"}
    detail = f"There is no address /api/{rest}. The list is at /api/openapi.json."
    return JSONResponse({**body, "detail": detail}, 404, media_type="application/problem+json")
