"""One MCP server as one event loop sees it: connected when it is first needed, and again after it was lost.

A task of its own holds each connection, because what the protocol opens has to be closed by whoever opened it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from engine.core.catalogue import StepContext, StepError
from engine.core.errors import OpenRoomsError
from engine.hiding import HIDDEN
from engine.net import Guard, client
from engine.supply.offers import Told
from engine.supply.servers import Server

if TYPE_CHECKING:
    from mcp import Client, MCPError

log = logging.getLogger(__name__)

CONNECT_S = 30
ANSWER_S = 10
"""How long a server that was late with a call may take to say what tools it has, before it is given up."""
MAX_PAGES = 100
MAX_LOG_BYTES = 1_048_576
KEY = "openrooms.dev/idempotency-key"
"""Under this name a server is told the key of the call, so that it can tell a repetition."""


class Unavailable(StepError):
    """The server is not there, or went away in the middle: worth another attempt."""

    code = "mcp_unavailable"

    def __init__(self, server: str, why: str) -> None:
        super().__init__(f"The MCP server {server!r} is not available: {why}")


class _Forgotten(Unavailable):
    """The server was started anew and knows nothing of us; it has done nothing either."""


class Connection:
    """Any task of its loop may call; `learned` hears the tools at each connect."""

    def __init__(
        self, name: str, server: Server, place: Place, learned: Callable[[list[Told]], None]
    ) -> None:
        self._name, self._server, self._place, self._learned = name, server, place, learned
        self._keeper: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[Client] | None = None
        self._lost = asyncio.Event()
        self._doubt: asyncio.Task[None] | None = None

    async def call(self, tool: str, arguments: dict[str, Any], ctx: StepContext) -> Any:
        """What the tool gives: its structured content, or {text} with what is no text as `content`.

        Raises:
            Unavailable: the server is not there or was lost.
            StepError: the tool itself failed, or gave something else than it promises.
        """
        try:
            return await self._call(tool, arguments, ctx)
        except _Forgotten:  # it was started anew and has done nothing: shake hands again
            return await self._call(tool, arguments, ctx)

    async def _call(self, tool: str, arguments: dict[str, Any], ctx: StepContext) -> Any:
        from mcp import MCPError

        to, ready = await self._connected()
        try:
            result = await to.call_tool(tool, arguments, meta=cast(Any, {KEY: ctx.idempotency_key}))
        except MCPError as error:
            raise self._refusal(tool, error, ready) from None
        except asyncio.CancelledError:  # its time is up, or nobody wants it any more
            if self._doubt is None or self._doubt.done():
                self._doubt = asyncio.create_task(self._try(to, ready))
            raise
        except RuntimeError as error:  # so the library says that a result breaks its schema
            raise StepError(str(error)[:1000], code="bad_result", retryable=False) from None
        except Exception as error:  # noqa: BLE001 - the library's, the server's or the network's
            self._lose(ready)
            raise Unavailable(self._name, _reason(error)) from None
        return given(self._name, tool, result)

    async def _try(self, to: Client, ready: asyncio.Future[Client]) -> None:
        """A server that hangs would hold up every call from now on; one that never ends what it says, this whole loop."""
        try:
            async with asyncio.timeout(ANSWER_S):
                await to.list_tools()
        except TimeoutError:
            log.warning("the MCP server %r hangs: the next call connects anew", self._name)
            self._lose(ready)
        except Exception as error:  # noqa: BLE001 - an answer, or the next call meets what has become of it
            log.debug("the MCP server %r: %s", self._name, error)

    def _refusal(self, tool: str, error: MCPError, ready: asyncio.Future[Client]) -> StepError:
        from mcp_types import CONNECTION_CLOSED, INVALID_PARAMS, INVALID_REQUEST

        if error.code == INVALID_REQUEST and "session" in error.message.lower():
            self._lose(ready)
            return _Forgotten(self._name, "it does not know the session any more.")
        if error.code == CONNECTION_CLOSED:
            self._lose(ready)
            return Unavailable(self._name, "it went away in the middle of the call.")
        return StepError(
            f"The MCP server {self._name!r} refused the call of {tool!r}: {error.message[:1000]}",
            code="mcp_refused",
            retryable=error.code != INVALID_PARAMS,
        )

    async def list_tools(self) -> list[Told]:
        """Connect if need be; what the server offers now."""
        to, ready = await self._connected()
        try:
            return await _listed(to)
        except Exception as error:  # noqa: BLE001 - the library's, the server's or the network's
            self._lose(ready)
            raise Unavailable(self._name, _reason(error)) from None

    def drop(self) -> None:
        """Give it up, from its own loop: nobody is to use this server as it was."""
        if self._ready is not None:
            self._lose(self._ready)

    async def close(self) -> None:
        if self._doubt is not None:
            self._doubt.cancel()
        if self._keeper is not None:
            self._lost.set()
            await asyncio.wait([self._keeper])

    async def _connected(self) -> tuple[Client, asyncio.Future[Client]]:
        ready = self._ready
        if ready is None:
            ready = self._ready = asyncio.get_running_loop().create_future()
            ready.add_done_callback(
                lambda done: done.cancelled() or done.exception()
            )  # nobody may be waiting
            self._lost = asyncio.Event()
            self._keeper = asyncio.create_task(self._keep(ready, self._lost))
        return await asyncio.shield(ready), ready

    def _lose(self, ready: asyncio.Future[Client]) -> None:
        """Give this connection up; the next call makes another. A call that came with an older one changes nothing."""
        if self._ready is ready:
            self._ready = None
            self._lost.set()

    async def _keep(self, ready: asyncio.Future[Client], lost: asyncio.Event) -> None:
        """Open, hold and close one connection."""
        try:
            async with opened(self._name, self._server, self._place) as to:
                async with asyncio.timeout(CONNECT_S):
                    self._learned(await _listed(to))
                ready.set_result(to)
                await lost.wait()
        except asyncio.CancelledError:
            ready.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - a library's, a server's or the network's
            if not ready.done():
                ready.set_exception(Unavailable(self._name, _reason(error)))
        finally:
            self._lose(ready)


Reveal = Callable[[Collection[str]], Mapping[str, str]]
"""Gives the values of secrets, by name; each is masked in this process from then on."""


class Place:
    """What a connection needs of its installation."""

    def __init__(self, kept_in: str, http_allow: str, reveal: Reveal) -> None:
        self.folder = Path(kept_in)
        self.guard = Guard.of(http_allow)
        self.reveal = reveal


@contextlib.asynccontextmanager
async def opened(name: str, server: Server, place: Place) -> AsyncIterator[Client]:
    """A client that has shaken hands; whatever it started is ended with the block."""
    from mcp import Client, Implementation, StdioServerParameters, stdio_client
    from mcp.client.streamable_http import streamable_http_client

    me = Implementation(name="openrooms", version="1")
    async with contextlib.AsyncExitStack() as stack:
        if server.url is not None:
            http = client(place.guard.trusting(server.url), timeout_s=max(300.0, server.timeout_s))
            values = await asyncio.to_thread(place.reveal, server.secrets) if server.secrets else {}
            http.headers.update(server.headers_with(values))
            await stack.enter_async_context(http)
            transport = streamable_http_client(server.url, http_client=http)
        else:
            log = stack.enter_context(_log_of(place.folder, name))
            given = StdioServerParameters(
                command=str(server.command), args=list(server.args), env=server.env, cwd=server.cwd
            )
            transport = stdio_client(given, errlog=log)
        to = Client(transport, client_info=me, cache=None)
        async with asyncio.timeout(CONNECT_S):
            await stack.enter_async_context(to)
        yield to


def _log_of(folder: Path, name: str) -> Any:
    """Where a server that is a process of ours writes what it has to say; begun anew when it is long."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{name}.log"
    is_long = file.exists() and file.stat().st_size > MAX_LOG_BYTES
    return file.open("w" if is_long else "a", encoding="utf-8")


async def _listed(to: Client) -> list[Told]:
    found: list[Told] = []
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        page = await to.list_tools(cursor=cursor)
        found += [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in page.tools]
        cursor = page.next_cursor
        if cursor is None:
            break
    return found


def given(server: str, tool: str, result: Any) -> Any:
    """A result of the protocol as our JSON.

    Raises:
        StepError: code `mcp_tool_failed`, the tool said that it failed.
    """
    content = [block.model_dump(by_alias=True, mode="json", exclude_none=True) for block in result.content]
    text = "\n".join(block["text"] for block in content if block["type"] == "text")
    if result.is_error:
        raise StepError(
            f"{tool!r} of the MCP server {server!r} failed: {text[:2000]}", code="mcp_tool_failed"
        )
    if result.structured_content is not None:
        return result.structured_content
    others = [block for block in content if block["type"] != "text"]
    return {"text": text, "content": others} if others else {"text": text}


def _reason(error: BaseException) -> str:
    """In one sentence, what a group of tasks or a chain of causes comes down to."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    seen = error
    while seen is not None:
        if isinstance(seen, OpenRoomsError):
            return HIDDEN.text(str(seen))
        seen = seen.__cause__ or seen.__context__  # type: ignore[assignment]
    if isinstance(error, TimeoutError):
        return f"it did not answer within {CONNECT_S} s."
    return HIDDEN.text(f"{type(error).__name__}: {error}")[:500].rstrip(".") + "."
