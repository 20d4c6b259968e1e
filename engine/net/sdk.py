"""Clients of the model vendors' SDKs: one for each event loop, address and key, all through the guarded way out."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from weakref import WeakKeyDictionary

from engine.core.chat_errors import Server
from engine.net import Guard, client

if TYPE_CHECKING:
    import httpx2

SILENCE_S = 300.0
"""How long a server may say nothing: a model on a small machine reads a long prompt for minutes."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who is asked. `url` is the operator's own choice and may be anywhere, whatever `http_allow` says of others."""

    url: str
    key: str
    http_allow: str = ""

    @classmethod
    def of(cls, server: Server, settings: Mapping[str, Any]) -> Access:
        return cls(server.url, server.key, str(settings.get("http_allow") or ""))

    def guard(self) -> Guard:
        return Guard.of(self.http_allow).trusting(self.url)

    def client(self) -> httpx2.AsyncClient:
        """What an SDK is to speak through; its deadlines are the SDK's too."""
        return client(self.guard(), timeout_s=SILENCE_S)


class Client(Protocol):
    async def close(self) -> None: ...


C = TypeVar("C", bound=Client)


class Clients(Generic[C]):
    """Opened when they are first asked for; `open_` gets the SDK's module and who is asked."""

    def __init__(self, sdk: str, open_: Callable[[Any, Access], C]) -> None:
        self._sdk = sdk
        self._open = open_
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Access, C]] = WeakKeyDictionary()

    async def get(self, access: Access) -> C:
        """The client of the running event loop."""
        clients = self._by_loop.setdefault(asyncio.get_running_loop(), {})
        if known := clients.get(access):
            return known
        # An SDK takes more than a second to import, and the event loop must not stand still for it.
        module = await asyncio.to_thread(importlib.import_module, self._sdk)
        if access not in clients:
            clients[access] = self._open(module, access)
        return clients[access]

    async def close(self) -> None:
        """Close this event loop's connections."""
        for opened in self._by_loop.pop(asyncio.get_running_loop(), {}).values():
            await opened.close()


def wire_errors() -> tuple[type[Exception], type[Exception]]:
    """As what a connection's failure is raised where an SDK does not wrap it, and as what its silence."""
    from httpx2 import TimeoutException, TransportError

    return TransportError, TimeoutException
