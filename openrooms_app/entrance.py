"""Login, logout and the first administrator: ordinary HTTP, because no websocket exists before login."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.core.errors import OpenRoomsError
from engine.core.parsing import parse_json
from engine.runtime import get_runtime
from engine.services import identity
from openrooms_app import routes
from openrooms_app.api.problems import STATUS, answer
from openrooms_app.entrance_page import (
    content_policy,
    expired_link_page,
    login_page,
    setup_needs_link_page,
    setup_page,
    used_link_page,
)
from openrooms_app.session import COOKIE, SECURE_COOKIE, session_token

SESSION_S: Final = 7 * 24 * 3600
MAX_FORM_BYTES: Final = 16_384
FAULTY: Final = {"invalid_input": "name", "weak_password": "password"}
"""Which field of the first form an error is about."""


class Entrance:
    """Answers its own few addresses and passes everything else on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._router = Router(ROUTES)
        self._addresses = {route.path for route in ROUTES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_ours = scope["type"] == "http" and scope["path"] in self._addresses
        await (self._router if is_ours else self._app)(scope, receive, send)


async def show_login(request: Request) -> Response:
    if await _ask(identity.needs_setup):
        return RedirectResponse(routes.SETUP, 303)
    next_address = own_address(request.query_params.get("next", routes.HOME))
    if request.state.user is not None:
        return RedirectResponse(next_address, 303)
    return _html(login_page(next_address=next_address))


async def log_in(request: Request) -> Response:
    form = await _form(request)
    next_address, name = own_address(form.get("next", routes.HOME)), form.get("name", "")
    try:
        token = await _ask(identity.log_in, name, form.get("password", ""))
    except OpenRoomsError as error:
        faulty = ("name", "password") if isinstance(error, identity.BadCredentials) else ()
        return _html(login_page(name, next_address, str(error), faulty), error)
    return _with_session(request, token, next_address)


async def log_out(request: Request) -> Response:
    token = session_token(request.headers.get("cookie"))
    if token is not None:
        await _ask(identity.log_out, token)
    leaving = RedirectResponse(routes.LOGIN, 303)
    for name in (COOKIE, SECURE_COOKIE):
        leaving.delete_cookie(name, path="/", secure=name is SECURE_COOKIE, httponly=True)
    return leaving


async def show_setup(request: Request) -> Response:
    """A link that is dead says so before anybody has filled in its form."""
    token = request.query_params.get("token", "")
    if token:
        try:
            await _ask(identity.check_setup_token, token)
        except (identity.AlreadySetUp, identity.BadSetupToken) as error:
            return _html(_dead_link(error), error)
        return _html(setup_page(token))
    if not await _ask(identity.needs_setup):
        return RedirectResponse(routes.LOGIN, 303)
    return _html(setup_needs_link_page())


async def set_up(request: Request) -> Response:
    form = await _form(request)
    token, name, password = form.get("token", ""), form.get("name", ""), form.get("password", "")
    if password != form.get("again", ""):
        differ = "The two passwords differ. Type the same one twice."
        return _html(setup_page(token, name, differ, "again"), status=422)
    try:
        session = await _ask(identity.create_first_admin, token, name, password)
    except (identity.AlreadySetUp, identity.BadSetupToken) as error:
        return _html(_dead_link(error), error)
    except OpenRoomsError as error:
        return _html(setup_page(token, name, str(error), FAULTY.get(error.code, "")), error)
    return _with_session(request, session, routes.HOME)


def _dead_link(error: OpenRoomsError) -> str:
    page = used_link_page if isinstance(error, identity.AlreadySetUp) else expired_link_page
    return page(str(error))


async def log_in_by_api(request: Request) -> Response:
    """The same for programs: JSON or a form with name and password; the session is in the answer's cookie."""
    sent = await _credentials(request)
    try:
        token = await _ask(identity.log_in, sent.get("name", ""), sent.get("password", ""))
    except OpenRoomsError as error:
        return answer(STATUS.get(error.code, 400), error.code, str(error), extra=error.extra)
    user = await _ask(identity.who, token)
    return _give_session(request, JSONResponse({"name": user.name, "role": user.role}), token)


async def log_out_by_api(request: Request) -> Response:
    token = session_token(request.headers.get("cookie"))
    if token is not None:
        await _ask(identity.log_out, token)
    return Response(status_code=204)


async def show_session(request: Request) -> Response:
    """Who is logged in; an open tab asks this to learn that its session has ended."""
    user = request.state.user
    if user is None:
        return answer(401, "not_logged_in", "The session has ended. Log in again.")
    return JSONResponse({"name": user.name, "role": user.role})


async def change_password(request: Request) -> Response:
    """Ends all sessions of the user and gives this browser a new one."""
    user = request.state.user
    if user is None:
        return answer(401, "not_logged_in", "The session has ended. Log in again.")
    form = await _form(request)
    try:
        token = await asyncio.to_thread(
            identity.change_password, get_runtime(), user, form.get("old", ""), form.get("new", "")
        )
    except OpenRoomsError as error:
        status = 403 if error.code == "bad_credentials" else STATUS.get(error.code, 400)
        return JSONResponse({"status": status, "code": error.code, "detail": str(error)}, status)
    return _give_session(request, Response(status_code=204), token)


def own_address(address: str) -> str:
    """The address if it leads to a page of ours, else the home page; never to another site."""
    is_ours = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if is_ours and address.isprintable() and address != routes.LOGOUT else routes.HOME


async def _ask(service: Callable[..., Any], *args: str) -> Any:
    return await asyncio.to_thread(service, get_runtime(), *args)


async def _credentials(request: Request) -> dict[str, str]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        return await _form(request)
    if int(request.headers.get("content-length") or MAX_FORM_BYTES + 1) > MAX_FORM_BYTES:
        return {}
    try:
        sent = parse_json(await request.body())
    except OpenRoomsError:
        return {}
    return (
        {name: value for name, value in sent.items() if isinstance(value, str)}
        if isinstance(sent, dict)
        else {}
    )


async def _form(request: Request) -> dict[str, str]:
    """The form's text fields; a body that is too large or no form counts as empty."""
    if int(request.headers.get("content-length") or MAX_FORM_BYTES + 1) > MAX_FORM_BYTES:
        return {}
    form = await request.form(max_files=0, max_fields=10)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _html(page: str, error: OpenRoomsError | None = None, status: int = 200) -> HTMLResponse:
    headers = {"Content-Security-Policy": content_policy(), "Cache-Control": "no-store"}
    if error is not None:
        status = STATUS.get(error.code, 400)
        wait_s = getattr(error, "retry_after_s", None)
        headers |= {"Retry-After": str(max(1, round(wait_s)))} if wait_s is not None else {}
    return HTMLResponse(page, status, headers)


def _with_session(request: Request, token: str, address: str) -> Response:
    return _give_session(request, RedirectResponse(address, 303), token)


def _give_session(request: Request, response: Response, token: str) -> Response:
    is_secure = request.url.scheme == "https"
    response.set_cookie(
        SECURE_COOKIE if is_secure else COOKIE,
        token,
        max_age=SESSION_S,
        httponly=True,
        samesite="lax",
        secure=is_secure,
    )
    return response


ROUTES: Final = [
    Route(routes.LOGIN, show_login, methods=["GET"]),
    Route(routes.LOGIN, log_in, methods=["POST"]),
    Route(routes.LOGOUT, log_out, methods=["POST"]),
    Route(routes.SETUP, show_setup, methods=["GET"]),
    Route(routes.SETUP, set_up, methods=["POST"]),
    Route("/api/auth/login", log_in_by_api, methods=["POST"]),
    Route("/api/auth/logout", log_out_by_api, methods=["POST"]),
    Route("/api/auth/session", show_session, methods=["GET"]),
    Route("/api/auth/password", change_password, methods=["POST"]),
]
