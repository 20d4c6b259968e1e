"""Clients of the model vendors' SDKs: one for each event loop, address and key; they never try again by themselves."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar
from weakref import WeakKeyDictionary

import httpx2

CONNECT_S = 10.0
SILENCE_S = 300.0
"""How long a server may say nothing: a model on a small machine reads a long prompt for minutes."""
MOST_CONNECTIONS = 1000


class Client(Protocol):
    async def close(self) -> None: ...


C = TypeVar("C", bound=Client)


class Clients(Generic[C]):
    """Opened when they are first asked for; `open_` gets the SDK's module, the key, the address and its HTTP client."""

    def __init__(self, sdk: str, open_: Callable[[Any, str, str, httpx2.AsyncClient], C]) -> None:
        self._sdk = sdk
        self._open = open_
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str], C]] = (
            WeakKeyDictionary()
        )

    async def get(self, key: str, url: str) -> C:
        """The client of the running event loop."""
        clients = self._by_loop.setdefault(asyncio.get_running_loop(), {})
        if known := clients.get((key, url)):
            return known
        # An SDK takes more than a second to import, and the event loop must not stand still for it.
        module = await asyncio.to_thread(importlib.import_module, self._sdk)
        if (key, url) not in clients:
            clients[key, url] = self._open(module, key, url, http_client())
        return clients[key, url]

    async def close(self) -> None:
        """Close this event loop's connections."""
        for client in self._by_loop.pop(asyncio.get_running_loop(), {}).values():
            await client.close()


def http_client() -> httpx2.AsyncClient:
    """What an SDK speaks through: follows nobody elsewhere, and no variable of the environment leads it astray."""
    return httpx2.AsyncClient(
        trust_env=False,
        follow_redirects=False,
        timeout=httpx2.Timeout(SILENCE_S, connect=CONNECT_S),
        limits=httpx2.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=100),
    )
