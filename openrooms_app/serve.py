"""Serves pages, API and websocket on one port from the prebuilt front end; nothing is built here.

Reflex reads its settings from the environment when it is imported: `prepare` comes first, and nothing of the
app is imported before it.
"""

import contextlib
import errno
import logging
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.core.errors import OpenRoomsError
from openrooms_app import frontend
from openrooms_app.ending import end_anyway
from openrooms_app.loading import loading

if TYPE_CHECKING:
    import uvicorn

SHUTDOWN_S: Final = 5
MAX_FRAME_BYTES: Final = 1_000_000
SOCKET_PING_S: Final = 10
SOCKET_TIMEOUT_S: Final = 20


class PortInUse(OpenRoomsError):
    code = "port_in_use"

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Port {port} on {host} is in use by another program. Stop it, or choose another port with --port."
        )


class CannotListen(OpenRoomsError):
    code = "cannot_listen"

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"Can't listen on {host} port {port}: {reason}. Choose another with --host or --port."
        )


def serve(host: str, port: int, data_dir: Path) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        PortInUse, CannotListen: before anything else is done.
        FrontendMissing: the pages have not been built.
    """
    with listen(host, port) as listener:
        real_port: int = listener.getsockname()[1]
        prepare(host, real_port, data_dir)
        with loading():
            server = _server(host, real_port)
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, _already_stopped)
        server.run([listener])


def _already_stopped(*_: object) -> None:
    """uvicorn stops at the signal, then sends it to us once more."""


def listen(host: str, port: int) -> socket.socket:
    """Take the port, so that it is ours before the slow imports; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP: asyncio turns Nagle's algorithm off only then, and with it on an answer in two parts takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(host, port) from error
        raise CannotListen(host, port, error.strerror or str(error)) from error
    return listener


def prepare(host: str, port: int, data_dir: Path) -> None:
    """Set what Reflex reads from the environment; call before importing the app."""
    data_dir = data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "OPENROOMS_DATA_DIR": str(data_dir),
        "REFLEX_APP_NAME": "openrooms_app",
        "REFLEX_WEB_WORKDIR": str(frontend.built()),
        "REFLEX_ENV_MODE": "prod",
        "REFLEX_BACKEND_ONLY": "true",
        "__REFLEX_SKIP_COMPILE": "true",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
        "REFLEX_FRONTEND_PORT": str(port),
        "REFLEX_BACKEND_PORT": str(port),
        "REFLEX_CORS_ALLOWED_ORIGINS": f"http://{host}:{port}",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_SHOW_BUILT_WITH_REFLEX": "false",
        "REFLEX_STATE_MANAGER_MODE": "memory",
        "REFLEX_SOCKET_INTERVAL": f"{SOCKET_PING_S}s",
        "REFLEX_SOCKET_TIMEOUT": f"{SOCKET_TIMEOUT_S}s",
        "REFLEX_UPLOADED_FILES_DIR": str(data_dir / "uploads"),
        "REFLEX_STATES_WORKDIR": str(data_dir / "states"),
    }


def _server(host: str, port: int) -> "uvicorn.Server":
    """The server with our app in it."""
    import uvicorn

    with contextlib.chdir(frontend.built()):  # Reflex would run an rxconfig.py of the working directory
        from openrooms_app.openrooms_app import app

        asgi = app()
    from openrooms_app.api.resources.stream import end_streams
    from openrooms_app.mcp.door import end_calls

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            end_anyway(SHUTDOWN_S)
            end_streams()  # it waits for its answers, and these would never end
            end_calls()
            await super().shutdown(sockets)

    logging.getLogger("reflex").setLevel(logging.WARNING)
    config = uvicorn.Config(
        asgi,
        host=host,
        port=port,
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME_BYTES,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    return Server(config)
