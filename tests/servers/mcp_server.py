"""A real MCP server with tools that add, act, fail, dawdle and die: `python -m tests.servers.mcp_server FOLDER [PORT [old]]`.

Without a port it speaks over stdin and stdout. What it did stands in FOLDER/did, one line a deed.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import BaseModel
from starlette.responses import JSONResponse

ROOT = Path(__file__).parents[2]


class Sum(BaseModel):
    total: int


def make_server(folder: Path) -> MCPServer:
    server = MCPServer("Desk")

    def did(what: str) -> None:
        with (folder / "did").open("a") as file:
            file.write(f"{what}\n")

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def add(a: int, b: int) -> Sum:
        """Add two numbers."""
        did(f"add {a} {b}")
        return Sum(total=a + b)

    @server.tool(name="Send-Letter", title="Send a letter")
    def send(to: str, ctx: Context) -> str:
        """Send a letter."""
        meta: Any = ctx.request_context.meta or {}
        did(f"letter {to} {meta.get('openrooms.dev/idempotency-key')}")
        return f"sent to {to}"

    @server.tool()
    def refuse() -> str:
        """Fail."""
        raise ToolError("no ink")

    @server.tool()
    async def dawdle() -> str:
        """Take an hour."""
        did("dawdling")
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            did("cancelled")
            raise
        return "done"

    @server.tool()
    async def hang() -> str:
        """Never do anything any more."""
        (folder / "hung").write_text(str(os.getpid()))
        did("hanging")
        time.sleep(3600)
        return ""

    @server.tool()
    def die() -> str:
        """Take the server down."""
        did("dying")
        os.kill(os.getpid(), signal.SIGKILL)
        return ""

    if (folder / "more").exists():

        @server.tool()
        def extra() -> str:
            """Was not there before."""
            return "extra"

    return server


def stdio_entry(folder: Path) -> dict[str, Any]:
    """How it stands in an `mcp.json`."""
    return {
        "command": sys.executable,
        "args": ["-m", "tests.servers.mcp_server", str(folder)],
        "cwd": str(ROOT),
    }


@contextmanager
def http_server(
    folder: Path, port: int = 0, *, is_old: bool = False
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The server on loopback; its URL and its process. An old one speaks the protocol with sessions only."""
    command = [sys.executable, "-m", "tests.servers.mcp_server", str(folder), str(port), *["old"] * is_old]
    told = folder / "port"
    told.unlink(missing_ok=True)
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        until = time.monotonic() + 30
        while not (told.exists() and told.read_text()):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        yield f"http://127.0.0.1:{told.read_text()}/mcp", process
    finally:
        process.kill()
        process.wait()


class Old:
    """Knows nothing of the protocol without sessions."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        version = dict(scope.get("headers", ())).get(b"mcp-protocol-version", b"2025-06-18")
        if scope["type"] != "http" or version < b"2026":
            await self._app(scope, receive, send)
            return
        error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32601, "message": "Method not found"}}
        await JSONResponse(error, 400)(scope, receive, send)


class Locked:
    """Opens to whoever sends what stands in FOLDER/key as Authorization; to everybody while there is no such file."""

    def __init__(self, app: Any, folder: Path) -> None:
        self._app, self._key = app, folder / "key"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        shown = dict(scope.get("headers", ())).get(b"authorization", b"")
        if scope["type"] == "http" and self._key.exists() and shown != self._key.read_bytes():
            await JSONResponse({"error": f"not with {shown.decode()}"}, 401)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _serve_http(app: Any, folder: Path, port: int) -> None:
    import socket

    import uvicorn

    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        (folder / "port").write_text(str(listener.getsockname()[1]))
        config = uvicorn.Config(app, log_level="warning")
        uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    place = Path(sys.argv[1])
    if len(sys.argv) > 2:
        served = Locked(make_server(place).streamable_http_app(), place)
        _serve_http(Old(served) if sys.argv[3:] else served, place, int(sys.argv[2]))
    else:
        make_server(place).run("stdio")
