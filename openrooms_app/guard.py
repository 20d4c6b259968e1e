"""Every event from a browser passes here first: who is it, is the session alive, may this role do that."""

import asyncio
from typing import Any, Final

import reflex as rx
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from reflex.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event
from reflex_base.registry import RegistrationContext

from engine.core.identity import User
from engine.runtime import get_runtime
from engine.services import identity
from engine.services.permission import note_denial
from openrooms_app.roles import needed_role
from openrooms_app.session import Answers, SessionState, a_notice, session_token, set_current_user

FRAMEWORK: Final = frozenset(
    {"hydrate", "hydrate_and_load", "on_load_internal", "set_is_hydrated", "handle_frontend_exception"}
)
"""Reflex's own events that a page can't live without. `setvar` and the like are not among them."""

EVENTS: Final = RateLimitItemPerSecond(30)
"""Of one tab. A page that loads sends four, a person who types four a second."""

HYDRATE: Final = frozenset({"hydrate", "hydrate_and_load"})


class EventGuard(Middleware):
    """Deny by default: an event runs only for a living session, and only if `@requires` allows its role.

    Arguments come from the wire and may be anything: handlers check them, services check ownership.
    """

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        del app
        root = state._get_root_state()
        cookie = root.router.headers.cookie
        user = await asyncio.to_thread(_who, session_token(cookie))
        me = await root.get_state(SessionState)
        (await root.get_state(Answers)).count += 1
        if user is None:
            me.ended = True
            return await _only_session(root)
        _take_over(root, me, user)
        set_current_user(user)
        name = event.name.rsplit(".", 1)[-1]
        if name in HYDRATE and me.notice:
            me.notice = {}  # told before the page was loaded anew
        refusal = await self._refusal(user, event.name, root.router.session.client_token)
        if refusal:
            me.notice = a_notice(refusal, "error")
            return await _only_session(root)
        return None

    async def _refusal(self, user: User, event_name: str, tab: str) -> str:
        """Why the event may not run, in words for the user; empty if it may."""
        if not self._limiter.hit(EVENTS, tab):
            return "Too much at once. Wait a second, then try again."
        if not may_send(user, event_name):
            await asyncio.to_thread(note_denial, get_runtime(), user, f"send the event {event_name[-150:]}")
            return f"Your role, {user.role}, does not allow this."
        return ""


def _who(token: str | None) -> User | None:
    return identity.who(get_runtime(), token)


def _take_over(root: BaseState, me: SessionState, user: User) -> None:
    """Make the tab the user's; what another user left in it is forgotten."""
    if me._owner != user.id:
        if me._owner:
            root.reset()
        me._owner = user.id
    wanted: dict[str, Any] = {"user_name": user.name, "role": user.role, "ended": False}
    for name, value in wanted.items():
        if getattr(me, name) != value:
            setattr(me, name, value)


def may_send(user: User, event_name: str) -> bool:
    """Whether there is such an event, and it says that the user's role may send it."""
    registered = RegistrationContext.get().event_handlers.get(event_name)
    if registered is None:
        return False
    handler = registered.handler.fn
    if handler.__module__ == "reflex.state":
        return event_name.rsplit(".", 1)[-1] in FRAMEWORK
    needed = needed_role(handler)
    return needed is not None and user.role.allows(needed)


async def _only_session(root: BaseState) -> StateUpdate:
    """Refuse the event: nothing reaches the browser but what the shell says about it."""
    delta = await root._get_resolved_delta()
    root._clean()
    return StateUpdate(delta=delta)
