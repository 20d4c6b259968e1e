"""One whole call: redirects that are each vetted, headers that don't follow to strangers, caps and a deadline."""

from __future__ import annotations

import asyncio

import httpx2

from engine.net.call import OURS, Answer, Call, Caps
from engine.net.errors import Refused, TooSlow, Unreachable
from engine.net.guard import Guard, read_url
from engine.net.inflating import CODINGS
from engine.net.transport import GuardedTransport, Resolve, resolve

MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
KEPT_ACROSS = frozenset({"accept", "accept-language", "content-type", "user-agent"})
"""All that another origin gets to see: which other headers hold a key nobody can tell."""
AGENT = "OpenRooms"
_EACH = {"timeout": {"connect": 10.0}}
"""For one address of several; the deadline holds for the rest."""


async def fetch(
    guard: Guard, call: Call, caps: Caps, deadline_s: float, resolve_name: Resolve = resolve
) -> Answer:
    transport = GuardedTransport(guard, caps, resolve_name)
    try:
        async with asyncio.timeout(deadline_s) as deadline, transport:
            return await _followed(transport, guard, call)
    except TimeoutError:
        if deadline.expired():
            raise TooSlow(deadline_s) from None
        raise
    except httpx2.HTTPError as error:
        raise Unreachable(
            f"{_host(call.url)!r} can't be reached: {str(error) or type(error).__name__}."
        ) from None


async def _followed(transport: GuardedTransport, guard: Guard, call: Call) -> Answer:
    request = _request(call)
    for redirects in range(MOST_REDIRECTS + 1):
        response = await transport.handle_async_request(request)
        try:
            onward = response.headers.get("location") if response.status_code in REDIRECTS else None
            if onward is None:
                body = await response.aread()
                return Answer(
                    response.status_code,
                    tuple(response.headers.multi_items()),
                    body,
                    str(request.url),
                    redirects,
                )
        finally:
            await response.aclose()
        request = _next(guard, request, response.status_code, onward)
    raise Refused("redirects", f"The call was redirected more than {MOST_REDIRECTS} times.")


def _request(call: Call) -> httpx2.Request:
    for name, _ in call.headers:
        if name.lower() in OURS:
            raise Refused("header", f"The header {name!r} is set by the connection itself; leave it out.")
    named = {name.lower() for name, _ in call.headers}
    headers = [*call.headers, ("Accept-Encoding", ", ".join(CODINGS))]
    if "user-agent" not in named:
        headers.append(("User-Agent", AGENT))
    if "accept" not in named:
        headers.append(("Accept", "*/*"))
    if not all((name + value).isascii() for name, value in call.headers):
        raise Refused("header", "A header holds characters outside ASCII; encode them.")
    return httpx2.Request(
        call.method, read_url(call.url), headers=headers, content=call.body or None, extensions=_EACH
    )


def _next(guard: Guard, request: httpx2.Request, status: int, location: str) -> httpx2.Request:
    """The request that a redirect asks for.

    Raises:
        Refused
    """
    try:
        url = request.url.join(location)
    except (httpx2.InvalidURL, UnicodeError, ValueError):
        raise Refused("bad_url", "The call was redirected to something that is no URL.") from None
    url = read_url(str(url))
    target, before = guard.vet_hop(url), guard.vet_hop(request.url)
    if before.scheme == "https" and target.scheme != "https":
        raise Refused("downgrade", "The call was redirected from https to http.")
    method, body = request.method, request.content
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, body = "GET", b""
    headers = [
        (name, value)
        for name, value in request.headers.multi_items()
        if name not in ("host", "content-length")
    ]
    if not body:
        headers = [(name, value) for name, value in headers if name != "content-type"]
    if target != before:
        if body:
            raise Refused(
                "redirected_body", "A redirect would carry the body to another server; call that one itself."
            )
        headers = [
            (name, value) for name, value in headers if name in KEPT_ACROSS or name == "accept-encoding"
        ]
    return httpx2.Request(method, url, headers=headers, content=body or None, extensions=_EACH)


def _host(url: str) -> str:
    return read_url(url).host
