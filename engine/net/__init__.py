"""The one guarded way out to the network: where a call may go is decided on the socket, at every hop.

`Guard` says what may be reached, `client` is for SDKs that want an HTTP client, `fetch` is one whole call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.net.call import OURS, Answer, Call, Caps
from engine.net.errors import Refused, TooLarge, TooSlow, Unreachable
from engine.net.guard import Guard

if TYPE_CHECKING:
    import httpx2

__all__ = [
    "OURS",
    "Answer",
    "Call",
    "Caps",
    "Guard",
    "Refused",
    "TooLarge",
    "TooSlow",
    "Unreachable",
    "client",
    "fetch",
]

FETCH_CAPS = Caps()
CLIENT_CAPS = Caps(wire_bytes=64 * 1_048_576, decoded_bytes=64 * 1_048_576)
"""For SDKs: a long answer of a model streams for minutes, and is no bomb."""


def client(guard: Guard, *, caps: Caps = CLIENT_CAPS, timeout_s: float = 300) -> httpx2.AsyncClient:
    """A client for one event loop whose every connection is vetted; its owner closes it.

    It follows no redirects and reads no environment. What it refuses is raised as `Refused` (a StepError); SDKs
    wrap that: look at their error's `__cause__`.
    """
    from engine.net.transport import guarded_client

    return guarded_client(guard, caps, timeout_s)


async def fetch(guard: Guard, call: Call, *, caps: Caps = FETCH_CAPS, deadline_s: float = 30) -> Answer:
    """One call with its redirects, from the name's resolution to the last byte within `deadline_s`.

    Raises:
        Refused: an address, name, port, redirect or header is not allowed; nothing was sent there.
        Unreachable: nobody answers there, or not in HTTP.
        TooLarge, TooSlow: more bytes or seconds than allowed.
    """
    from engine.net.fetching import fetch as whole

    return await whole(guard, call, caps, deadline_s)
