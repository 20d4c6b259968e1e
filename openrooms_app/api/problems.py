"""Every refusal as RFC 9457 problem details: what is wrong in a stable code and a sentence, never a traceback."""

import logging
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from engine.core.catalogue import StepError
from engine.core.errors import OpenRoomsError
from engine.core.expressions import ExpressionError
from engine.hiding import HIDDEN

MEDIA_TYPE: Final = "application/problem+json"
SHOWN: Final = 5

STATUS: Final = {
    "malformed_json": 400,
    "not_logged_in": 401,
    "bad_credentials": 401,
    "bad_signature": 401,
    "bad_key": 401,
    "forbidden": 403,
    "bad_setup_token": 403,
    "scope_missing": 403,
    "not_found": 404,
    "agent_in_use": 409,
    "already_set_up": 409,
    "illegal_transition": 409,
    "last_admin": 409,
    "line_full": 409,
    "memory_full": 409,
    "name_taken": 409,
    "no_version": 409,
    "not_ready": 409,
    "room_busy": 409,
    "run_is_over": 409,
    "too_many_signals": 409,
    "stale_agent": 409,
    "stale_draft": 409,
    "too_many_keys": 409,
    "workflow_archived": 409,
    "workflow_in_use": 409,
    "link_expired": 410,
    "too_large": 413,
    "unsupported_media_type": 415,
    "invalid_input": 422,
    "invalid_workflow": 422,
    "bad_reply": 422,
    "no_embedding": 422,
    "unknown_name": 422,
    "unknown_node": 422,
    "bad_trial": 422,
    "weak_password": 422,
    "too_many_attempts": 429,
    "bad_master_key": 503,
    "secret_unreadable": 503,
    "too_many_requests": 429,
    "too_many_trials": 429,
    "database_behind_pooler": 503,
    "database_unavailable": 503,
    "database_newer": 503,
}
"""By code; besides, a step or an expression that fails at a try-out is 422."""

log = logging.getLogger(__name__)


class Fault(BaseModel):
    """One thing wrong: in a document, or in what was sent."""

    code: str
    severity: str
    message: str
    node_id: str | None = None
    transition_id: str | None = None
    path: str = ""


class ProblemDetails(BaseModel):
    """RFC 9457. `code` is stable and is what programs test."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    problems: list[Fault] | None = None


class NotLoggedIn(OpenRoomsError):
    code = "not_logged_in"

    def __init__(self) -> None:
        super().__init__(
            "Send an API key as Authorization: Bearer, or log in: POST name and password to /login."
        )


class UnsupportedMediaType(OpenRoomsError):
    code = "unsupported_media_type"

    def __init__(self, given: str, known: str) -> None:
        super().__init__(f"The body's Content-Type is {given[:80]!r}; send {known}.")


def add_handlers(api: FastAPI) -> None:
    api.add_exception_handler(OpenRoomsError, _engine_error)
    api.add_exception_handler(RequestValidationError, _bad_request)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(Exception, _crash)


def answer(status: int, code: str, detail: str, *, extra: dict[str, Any] | None = None) -> JSONResponse:
    """The problem as a response; `extra` adds fields, and `retry_after_s` among them a Retry-After header.

    What was sent may be quoted in it: secrets are masked.
    """
    extra = HIDDEN.plain(extra or {})
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    headers = {"Retry-After": str(extra["retry_after_s"])} if "retry_after_s" in extra else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(
        {**body, "detail": HIDDEN.text(detail), "code": code, **extra}, status, headers, MEDIA_TYPE
    )


def status_of(error: OpenRoomsError) -> int:
    if isinstance(error, StepError | ExpressionError):
        return 422
    return STATUS.get(error.code, 500)


def told(error: OpenRoomsError) -> JSONResponse:
    """What the engine says, as a problem."""
    extra = error.extra
    if error.code == "database_unavailable":
        extra = {"dependency": "database", **extra}
    return answer(status_of(error), error.code, str(error), extra=extra)


async def _engine_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, OpenRoomsError) or status_of(error) == 500:
        return await _crash(request, error)
    return told(error)


async def _bad_request(_request: Request, error: Exception) -> JSONResponse:
    """What was sent does not fit the endpoint; every fault is named."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    faults = [_fault(item) for item in found]
    shown = "; ".join(fault["message"] for fault in faults[:SHOWN])
    more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    return answer(422, "invalid_input", f"{shown}{more}.", extra={"problems": faults})


def _fault(item: dict[str, Any]) -> dict[str, Any]:
    source, *keys = [str(key) for key in item["loc"]]
    name = ".".join(keys) or f"the {source}"
    path = "".join(f"/{key}" for key in keys)
    return {
        "code": "invalid_input",
        "severity": "error",
        "message": f"{name} ({source}): {item['msg']}" if keys else f"{name}: {item['msg']}",
        "path": path,
    }


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    """What the framework refused; behind a body that can't be read stands our own error."""
    if isinstance(error.__cause__, OpenRoomsError):
        return await _engine_error(request, error.__cause__)
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = _CODES.get(status, "bad_request" if status < 500 else "internal_error")
    detail = str(getattr(error, "detail", "")) or HTTPStatus(status).phrase
    response = answer(status, code, detail)
    response.headers.update(getattr(error, "headers", None) or {})
    return response


_CODES: Final = {
    400: "bad_request",
    401: "not_logged_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}


async def _crash(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s crashed", request.method, request.url.path, exc_info=error)
    detail = "Something went wrong on our side. It has been logged; try again."
    return answer(500, "internal_error", detail)
