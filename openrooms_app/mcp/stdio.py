"""The MCP server over stdin and stdout, for a client that starts it on the same machine as its operator."""

import anyio
from mcp.server.stdio import stdio_server

from openrooms_app.mcp.server import make_server


def serve_stdio() -> None:
    """Serve one client until it hangs up. Runs need the workers of `openrooms up`."""
    anyio.run(_serve)


async def _serve() -> None:
    server = make_server()
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())
