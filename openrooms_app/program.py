"""A program at the door: its key recognised, and held to 600 requests a minute."""

import asyncio
import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.types import Scope

from engine.core.apikey import Holder
from engine.core.errors import OpenRoomsError
from engine.runtime import get_runtime
from engine.services import api_keys

REQUESTS: Final = RateLimitItemPerMinute(600)
"""Of one key, at one web process."""
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
            f"This key has sent {REQUESTS.amount} requests in a minute. Try again in {retry_after_s} s."
        )
        self.retry_after_s = retry_after_s

    @property
    def extra(self) -> dict[str, object]:
        return {"retry_after_s": self.retry_after_s}


class Programs:
    """Recognises the holders of keys, and counts what they ask."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def admit(self, key: str) -> Holder:
        """
        Raises:
            BadKey, TooManyRequests
        """
        holder = await asyncio.to_thread(api_keys.holder, get_runtime(), key)
        if holder is None:
            raise BadKey
        if not self._limiter.hit(REQUESTS, holder.key_id):
            left_s = self._limiter.get_window_stats(REQUESTS, holder.key_id).reset_time - time.time()
            raise TooManyRequests(max(1, round(left_s)))
        return holder


def key_in(scope: Scope) -> str | None:
    """The key that a request carries as `Authorization: Bearer`, None if it carries none or none is taken there."""
    if scope["type"] != "http" or not scope["path"].startswith(PLACES):
        return None
    scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None
