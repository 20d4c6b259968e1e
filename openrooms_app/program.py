"""A program at the door: its key recognised, and held to 600 requests a minute."""

import asyncio
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from engine.core.apikey import Holder
from engine.core.errors import OpenRoomsError
from engine.core.rates import Rate
from engine.runtime import Runtime, get_runtime
from engine.services import api_keys

REQUESTS: Final = Rate(600, 60)
"""Of one key."""
PLACES: Final = ("/api/", "/metrics", "/mcp")
"""Where keys open anything: no page and no websocket of the app."""


class BadKey(OpenRoomsError):
    code = "bad_key"

    def __init__(self) -> None:
        super().__init__("This API key is unknown, revoked or expired. Make another in Settings.")


class TooManyRequests(OpenRoomsError):
    code = "too_many_requests"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            f"This key has sent {REQUESTS.times} requests in a minute. Try again in {retry_after_s} s."
        )
        self.retry_after_s = retry_after_s

    @property
    def extra(self) -> dict[str, object]:
        return {"retry_after_s": self.retry_after_s}


async def admit(key: str) -> Holder:
    """Who holds the key; what he asks is counted.

    Raises:
        BadKey, TooManyRequests
    """
    return await asyncio.to_thread(_admitted, get_runtime(), key)


def _admitted(rt: Runtime, key: str) -> Holder:
    holder = api_keys.holder(rt, key)
    if holder is None:
        raise BadKey
    if wait_s := rt.too_soon_s(REQUESTS, f"key {holder.key_id}"):
        raise TooManyRequests(wait_s)
    return holder


def key_in(scope: Scope) -> str | None:
    """The key that a request carries as `Authorization: Bearer`, None if it carries none or none is taken there."""
    if scope["type"] != "http" or not scope["path"].startswith(PLACES):
        return None
    scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None
