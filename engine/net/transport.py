"""HTTP on vetted sockets: a name is resolved once, every answer vetted, and the vetted address connected to."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import httpcore2
import httpx2

from engine.net.addresses import parsed
from engine.net.call import Caps
from engine.net.errors import Refused, TooLarge, Unreachable
from engine.net.guard import Guard, Target
from engine.net.inflating import CODINGS, Inflating

Resolve = Callable[[str, int], Awaitable[list[str]]]

LARGEST_READ = 65_536


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, as the system knows them.

    Raises:
        Unreachable: it has none.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(f"The name {host!r} is not known.") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class VettedBackend(httpcore2.AsyncNetworkBackend):
    """Opens a connection for httpcore, which sees the name alone: TLS is checked against it."""

    def __init__(self, guard: Guard, resolve_name: Resolve = resolve) -> None:
        self._guard = guard
        self._resolve = resolve_name
        self._sockets = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        self._guard.vet(Target("", host, port))
        found = [host] if parsed(host) else await self._resolve(host, port)
        for address in found:  # one that is not allowed spoils all of them
            self._guard.vet_address(host, port, address)
        failure: Exception | None = None
        for address in found:
            try:
                return await self._sockets.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        slow = isinstance(failure, httpcore2.ConnectTimeout)
        # The system's own words name the address.
        raise (httpcore2.ConnectTimeout if slow else httpcore2.ConnectError)("nobody answers there") from None

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        raise Refused("scheme", "Sockets in the file system can't be reached.")

    async def sleep(self, seconds: float) -> None:
        await self._sockets.sleep(seconds)


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Vets each request and each connection, and takes no more of an answer than its caps say."""

    def __init__(self, guard: Guard, caps: Caps, resolve_name: Resolve = resolve) -> None:
        self._guard = guard
        self._caps = caps
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_tls(),
            max_connections=1000,  # as many runs may wait for a model at once
            max_keepalive_connections=20,
            keepalive_expiry=5,
            network_backend=VettedBackend(guard, resolve_name),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        target = self._guard.vet_hop(request.url)
        timeouts = {name: value for name, value in request.extensions.items() if name == "timeout"}
        url = httpcore2.URL(
            scheme=target.scheme, host=target.host, port=target.port, target=request.url.raw_path
        )
        with _as_httpx():
            response = await self._pool.handle_async_request(
                httpcore2.Request(
                    request.method,
                    url,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=timeouts,
                )
            )
        headers = httpx2.Headers(response.headers)
        body = _Bounded(response, headers.pop("content-encoding", ""), self._caps)
        if body.is_encoded:
            headers.pop("content-length", None)
        return httpx2.Response(response.status, headers=headers, stream=body, extensions=response.extensions)

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Bounded(httpx2.AsyncByteStream):
    """An answer's body, decoded as it comes; whoever comes a second time goes on where the first has left.

    OpenAI's SDK does: it drains what is left after the last word, so that the connection can be used again.
    """

    def __init__(self, response: httpcore2.Response, coding: str, caps: Caps) -> None:
        self._response = response
        self._coding = coding.strip().lower()
        self._caps = caps
        self._parts = self._read()

    @property
    def is_encoded(self) -> bool:
        return self._coding not in ("", "identity")

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._parts

    async def _read(self) -> AsyncGenerator[bytes, None]:
        if self.is_encoded and self._coding not in CODINGS:
            raise Refused(
                "encoding", f"The answer is encoded as {self._coding[:40]!r}, which was not asked for."
            )
        inflating = Inflating(self._coding) if self.is_encoded else None
        wire = decoded = 0
        with _as_httpx():
            async for chunk in self._response.aiter_stream():
                wire += len(chunk)
                if wire > self._caps.wire_bytes:
                    raise TooLarge("on the wire", self._caps.wire_bytes)
                for part in inflating.feed(chunk) if inflating else (chunk,):
                    decoded += len(part)
                    if decoded > self._caps.decoded_bytes:
                        raise TooLarge("decoded", self._caps.decoded_bytes)
                    yield part
        if inflating:
            inflating.end()

    async def aclose(self) -> None:
        await self._parts.aclose()
        await self._response.aclose()


def guarded_client(guard: Guard, caps: Caps, timeout_s: float) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=GuardedTransport(guard, caps),
        timeout=httpx2.Timeout(timeout_s, connect=10),
        headers={"accept-encoding": ", ".join(CODINGS)},
        trust_env=False,
        follow_redirects=False,
    )


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


_SAME = {
    getattr(httpcore2, name): getattr(httpx2, name)
    for name in (
        "ConnectError", "ConnectTimeout", "LocalProtocolError", "PoolTimeout", "ReadError",
        "ReadTimeout", "RemoteProtocolError", "UnsupportedProtocol", "WriteError", "WriteTimeout",
    )
}  # fmt: skip


@contextmanager
def _as_httpx() -> Iterator[None]:
    """httpcore's errors as those that users of httpx expect."""
    try:
        yield
    except tuple(_SAME) as error:
        raise _SAME[type(error)](str(error)) from error
