"""Who a tab belongs to: the session cookie, and the state that the shell draws from it."""

import uuid
from contextvars import ContextVar
from http.cookies import CookieError, SimpleCookie
from typing import Final, Literal, cast, get_args

import reflex as rx

from engine.core.identity import Role, User
from openrooms_app.roles import requires

COOKIE: Final = "openrooms_session"
SECURE_COOKIE: Final = "__Host-openrooms_session"
"""Its name behind TLS: the browser itself then refuses one from another host or path."""

Kind = Literal["info", "success", "warning", "error"]

_USER: ContextVar[User] = ContextVar("openrooms_user")


def current_user() -> User:
    """The user whose event is being handled; LookupError outside an event handler."""
    return _USER.get()


def set_current_user(user: User) -> None:
    _USER.set(user)


def session_token(cookie_header: str | None) -> str | None:
    """The session token that a `Cookie` header carries, or None."""
    if not cookie_header:
        return None
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(cookie_header)
    except CookieError:
        return None
    morsel = jar.get(SECURE_COOKIE) or jar.get(COOKIE)
    return morsel.value if morsel else None


def a_notice(text: str, kind: Kind) -> dict[str, str]:
    """A line to tell the user; its id lets the page show each one once."""
    return {"id": uuid.uuid4().hex, "kind": kind, "text": text}


class Answers(rx.State):
    """How many events of the tab have been handled: a button that was pressed knows by it that its answer has come."""

    count: int = 0


class SessionState(rx.State):
    """What the shell draws on every page; the guard keeps it true, pages only read it."""

    user_name: str = ""
    role: str = ""
    ended: bool = False
    """The session is over; the tab goes to the login page as soon as it learns so."""
    notice: dict[str, str] = {}
    _owner: str = ""

    @rx.var
    def can_edit(self) -> bool:
        return bool(self.role) and Role(self.role).allows(Role.EDITOR)

    @rx.var
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @rx.event
    @requires("viewer")
    def tell(self, text: str, kind: str) -> None:
        """Show a toast; handlers return `notify(...)` instead of calling this."""
        self.notice = a_notice(text, cast(Kind, kind) if kind in get_args(Kind) else "error")
