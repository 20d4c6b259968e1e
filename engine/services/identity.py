"""Who is there: first set-up, logging in and out, and one's own password."""

import threading
from weakref import WeakSet

from engine.core.errors import InvalidInput, OpenRoomsError
from engine.core.identity import Role, User, clean_user_name, name_key
from engine.core.rates import Rate
from engine.runtime import Runtime
from engine.services import passwords
from engine.services.known import forget
from engine.services.sessions import (
    SECOND_US,
    digest_of,
    log_out,
    open_session,
    who,
)
from engine.store import audit, sessions, users
from engine.store.database import Database

__all__ = [
    "User",
    "change_password",
    "check_setup_token",
    "create_first_admin",
    "log_in",
    "log_out",
    "make_setup_token",
    "needs_setup",
    "reset_password",
    "who",
]

SETUP_TOKEN_US = 15 * 60 * SECOND_US
ATTEMPTS = Rate(5, 60)
"""Of one name, whether there is such an account or not."""

_set_up: WeakSet[Database] = WeakSet()
_set_up_lock = threading.Lock()


class BadCredentials(OpenRoomsError):
    code = "bad_credentials"

    def __init__(self) -> None:
        super().__init__("Name and password don't belong together, or the account is switched off.")


class BadSetupToken(OpenRoomsError):
    code = "bad_setup_token"

    def __init__(self) -> None:
        super().__init__(
            "This setup link has expired, 15 minutes after it was printed, or a part of it is missing."
            " Start OpenRooms again; it prints a new one."
        )


class AlreadySetUp(OpenRoomsError):
    code = "already_set_up"

    def __init__(self) -> None:
        super().__init__("There is an administrator already: a setup link is good once. Log in.")


class TooManyAttempts(OpenRoomsError):
    code = "too_many_attempts"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Too many attempts to log in to this account. Try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s

    @property
    def extra(self) -> dict[str, object]:
        return {"retry_after_s": self.retry_after_s}


def needs_setup(rt: Runtime) -> bool:
    """Whether nobody has an account yet; once false it stays so and costs nothing."""
    with _set_up_lock:
        if rt.db in _set_up:
            return False
    with rt.db.read() as session:
        if not users.any_exist(session):
            return True
    with _set_up_lock:
        _set_up.add(rt.db)
    return False


def make_setup_token(rt: Runtime) -> str:
    """The secret of the setup link: good once, for 15 minutes.

    Raises:
        AlreadySetUp: somebody has an account.
    """
    token, now_us = rt.new_token(), rt.now_us()
    with rt.db.write() as session:
        if users.any_exist(session):
            raise AlreadySetUp
        sessions.add_setup_token(session, digest_of(token), now_us, now_us + SETUP_TOKEN_US)
    return token


def check_setup_token(rt: Runtime, token: str) -> None:
    """Whether the link would be taken; looking uses nothing up.

    Raises:
        AlreadySetUp, BadSetupToken
    """
    if not needs_setup(rt):
        raise AlreadySetUp
    with rt.db.read() as session:
        if not sessions.is_setup_token(session, digest_of(token), rt.now_us()):
            raise BadSetupToken


def create_first_admin(rt: Runtime, token: str, name: str, password: str) -> str:
    """Make the first account and log it in; returns the session's token.

    Raises:
        AlreadySetUp, BadSetupToken, InvalidInput, passwords.WeakPassword
    """
    if not needs_setup(rt):
        raise AlreadySetUp
    name = clean_user_name(name)
    password_hash = passwords.hashed(password, name)
    now_us = rt.now_us()
    user = User(id=rt.new_id(), name=name, role=Role.ADMIN, created_at=now_us)
    with rt.db.write() as session:
        good = sessions.take_setup_tokens(session, now_us)
        if users.any_exist(session):
            raise AlreadySetUp
        if digest_of(token) not in good:
            raise BadSetupToken
        users.add(session, user, password_hash)
        session_token = open_session(rt, session, user.id)
        audit.append(session, now_us, user.id, "setup", user.name)
    return session_token


def log_in(rt: Runtime, name: str, password: str) -> str:
    """A new session's token.

    Raises:
        BadCredentials: the same words and the same time whatever was wrong.
        TooManyAttempts: over five in a minute for one name.
    """
    _count_attempt(rt, name)
    account = _account_named(rt, name)
    is_right = passwords.is_right(account.password_hash if account else None, password)
    if account is None or not is_right or not account.user.active:
        with rt.db.write() as session:
            user_id = account.user.id if account else None
            audit.append(session, rt.now_us(), user_id, "login_failed", _shown(name))
        raise BadCredentials
    with rt.db.write() as session:
        now = users.account(session, account.user.id)
        if now is None or now.password_hash != account.password_hash or not now.user.active:
            raise BadCredentials  # changed while we were looking
        if passwords.is_outdated(account.password_hash):
            users.keep_hash(session, account.user.id, passwords.hashed(password, account.user.name))
        token = open_session(rt, session, account.user.id)
        audit.append(session, rt.now_us(), account.user.id, "login", account.user.name)
    if rt.rates is not None:
        rt.rates.forget(ATTEMPTS, _attempt_key(rt, name))
    return token


def change_password(rt: Runtime, user: User, old: str, new: str) -> str:
    """Change one's own password: all one's sessions end; returns the token of a new one.

    Raises:
        BadCredentials: `old` is not the password.
        passwords.WeakPassword, TooManyAttempts
    """
    _count_attempt(rt, user.name)
    with rt.db.read() as session:
        account = users.account(session, user.id)
    if not passwords.is_right(account.password_hash if account else None, old):
        raise BadCredentials
    password_hash = passwords.hashed(new, user.name)
    with rt.db.write() as session:
        users.change(session, user.id, password_hash=password_hash)
        token = open_session(rt, session, user.id)
        audit.append(session, rt.now_us(), user.id, "password_changed", user.name)
    forget(rt)
    return token


def reset_password(rt: Runtime, name: str, password: str) -> User:
    """Give an account a new password and switch it on; for the operator at the console, who needs no account.

    Raises:
        InvalidInput: nobody has that name.
        passwords.WeakPassword
    """
    account = _account_named(rt, name)
    if account is None:
        raise InvalidInput(f"There is no user named {_shown(name)!r}.")
    password_hash = passwords.hashed(password, account.user.name)
    with rt.db.write() as session:
        users.change(session, account.user.id, password_hash=password_hash, active=True)
        audit.append(session, rt.now_us(), None, "password_reset", account.user.name)
    forget(rt)
    return account.user


def _account_named(rt: Runtime, name: str) -> users.Account | None:
    try:
        name = clean_user_name(name)
    except InvalidInput:
        return None
    with rt.db.read() as session:
        return users.find(session, name)


def _count_attempt(rt: Runtime, name: str) -> None:
    """Counts before the password is looked at, or many at once would all be looked at."""
    if wait_s := rt.too_soon_s(ATTEMPTS, _attempt_key(rt, name)):
        raise TooManyAttempts(wait_s)


def _attempt_key(rt: Runtime, name: str) -> str:
    return "login " + digest_of(f"{rt.db.url} {name_key(name.strip())}")


def _shown(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name[:100])
