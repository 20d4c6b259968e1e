"""Keeps what a list shows true while its page is open: fetched at once, then whenever a run has moved."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

from engine.core.errors import OpenRoomsError
from engine.core.identity import User
from engine.runtime import Runtime, get_runtime
from engine.services import identity, live
from openrooms_app.ask import ask
from openrooms_app.session import current_user, session_token

REST_S: Final = 0.35
"""Between two fetches; what happens meanwhile is shown by the next one."""

Query = Mapping[str, str]
"""What stands after the `?` in the page's address."""
Fetch = Callable[[Runtime, User, Query], dict[str, Any]]
"""Everything that a page shows, by the names of its variables."""


async def keep_drawn(state: Any, fetch: Fetch, rest_s: float = REST_S) -> None:
    """For a background handler in `on_load`; Reflex ends it when the page is left.

    What an engine error says goes to `state.error` until the next fetch succeeds.
    """
    token = session_token(state.router.headers.cookie)
    query = query_of(state)
    async for _ in _changes(rest_s):
        found = await _tried(token, fetch, query)
        if found is None:
            return
        async with state:
            _assign(state, found)


async def try_once(state: Any, fetch: Fetch) -> None:
    """For an ordinary handler in `on_load` of a page that nothing moves: an engine error goes to `state.error`."""
    found = await _tried(session_token(state.router.headers.cookie), fetch, query_of(state))
    if found is not None:
        _assign(state, found)


async def draw_again(state: Any, fetch: Fetch) -> None:
    """For an ordinary handler that has changed something, or is to try once more."""
    _assign(state, await ask(fetch, current_user(), query_of(state)))


def query_of(state: Any) -> dict[str, str]:
    return {name: value for name, value in state.router.url.query_parameters.items() if value}


async def _tried(token: str | None, fetch: Fetch, query: Query) -> dict[str, Any] | None:
    """What `fetch` gives, or the error; None once the session is over, which the tab learns by itself."""
    try:
        user = await ask(identity.who, token)
        return None if user is None else await ask(fetch, user, query)
    except OpenRoomsError as error:
        return {"error": str(error)}


def _assign(state: Any, found: dict[str, Any]) -> None:
    """Set what differs: each variable that is set goes over the wire."""
    for name, value in {"error": "", "is_loading": False, **found}.items():
        if getattr(state, name) != value:
            setattr(state, name, value)


async def _changes(rest_s: float) -> AsyncIterator[None]:
    """Now, and each time a run of any room may have moved."""
    async with live.hub(get_runtime()).subscribe() as subscription:
        while True:
            await subscription.get()
            while await subscription.get(0) is not None:
                pass
            yield
            await asyncio.sleep(rest_s)
