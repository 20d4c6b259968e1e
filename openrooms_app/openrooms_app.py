"""The web app: pages, API, entrance and guard, put together."""

import importlib
import pkgutil

import reflex as rx
from starlette.types import ASGIApp

from openrooms_app import frontend, pages
from openrooms_app.api import create_api
from openrooms_app.api.resources import stream
from openrooms_app.ask import log_breakage, tell_user, threads
from openrooms_app.assets import Assets
from openrooms_app.breakage import BOUNDARY, OVERLAY, boundary, overlay
from openrooms_app.entrance import Entrance
from openrooms_app.gate import Gate, is_own_origin
from openrooms_app.guard import EventGuard
from openrooms_app.headers import ResponseHeaders
from openrooms_app.mcp import door
from openrooms_app.mcp.door import McpDoor
from openrooms_app.shell import RESTORE_FOLD


def _with_headers(app: ASGIApp) -> ASGIApp:
    return ResponseHeaders(app, frontend.built() / frontend.SCRIPT_HASHES)


def _with_assets(app: ASGIApp) -> ASGIApp:
    return Assets(app, frontend.built() / "build" / "client" / "assets")


def create_app() -> rx.App:
    app = rx.App(
        api_transformer=[create_api(), _with_assets, Entrance, McpDoor, Gate, _with_headers],
        stylesheets=["/base.css"],
        reset_style=False,
        head_components=[
            rx.el.link(rel="icon", href="/logo.svg", type="image/svg+xml"),
            rx.el.script(RESTORE_FOLD),
        ],
        frontend_exception_handler=log_breakage,
        backend_exception_handler=tell_user,
    )
    app.app_wraps[BOUNDARY] = boundary
    app.app_wraps[OVERLAY] = overlay
    app.add_middleware(EventGuard())
    app.register_lifespan_task(threads)
    app.register_lifespan_task(stream.listening)
    app.register_lifespan_task(door.serving)
    for page in pkgutil.iter_modules(pages.__path__):
        importlib.import_module(f"{pages.__name__}.{page.name}")
    if app.sio is not None:
        app.sio.eio.cors_allowed_origins = lambda _origin, environ: is_own_origin(environ["asgi.scope"])
    return app


app = create_app()
