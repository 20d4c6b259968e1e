"""Keys for programs: made by a person, shown once, never worth more than their owner, dead at once when revoked."""

import hmac

from engine.core.apikey import ID_LETTERS, SECRET_LETTERS, ApiKey, Holder, MadeKey, NewKey, id_of
from engine.core.errors import InvalidInput, NotFound, OpenRoomsError, there
from engine.core.identity import Role, Scope, User
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.runtime import Runtime
from engine.services.known import forget, known
from engine.services.permission import require
from engine.services.sessions import SECOND_US, TOUCH_US, digest_of
from engine.store import audit, keys, users

DAY_US = 24 * 3600 * SECOND_US
MAX_DAYS = 3650
MAX_NAME = 100
MAX_KEYS = 100
"""Good ones, of one user."""


class TooManyKeys(OpenRoomsError):
    code = "too_many_keys"

    def __init__(self) -> None:
        super().__init__(f"You have {MAX_KEYS} keys that are good. Revoke one that nobody needs.")


def create(rt: Runtime, user: User, new: NewKey) -> MadeKey:
    """A key of one's own; its text is in the answer and never again anywhere.

    Raises:
        InvalidInput: a scope is worth more than the user's role, or a field is out of bounds.
        TooManyKeys
    """
    require(rt, user, Role.VIEWER, "make an API key")
    return _make(rt, user, user, new)


def create_for(rt: Runtime, user: User, owner_name: str, new: NewKey) -> MadeKey:
    """A key for somebody else, as the operator makes it on the machine itself.

    Raises:
        NotFound: nobody has that name, or the account is switched off.
    """
    require(rt, user, Role.ADMIN, "make an API key for somebody else")
    with rt.db.read() as session:
        account = users.find(session, owner_name)
    if account is None or not account.user.active:
        raise NotFound("active user", owner_name[:100])
    return _make(rt, user, account.user, new)


def list_keys(rt: Runtime, user: User, paging: Paging = FIRST_PAGE, *, of_all: bool = False) -> Page[ApiKey]:
    """One's own keys, newest first; with `of_all` everybody's, for administrators."""
    require(rt, user, Role.ADMIN if of_all else Role.VIEWER, "see API keys")
    before = _place(paging.after())
    with rt.db.read() as session:
        found = keys.newest(session, None if of_all else user.id, before, paging.limit + 1)
    return paging.page(found, lambda key: f"{key.created_at}.{key.id}")


def revoke(rt: Runtime, user: User, key_id: str) -> None:
    """End a key of one's own, or as an administrator anybody's.

    Raises:
        NotFound: there is no such key, it is somebody else's, or it was revoked before.
    """
    require(rt, user, Role.VIEWER, "revoke an API key")
    owner = None if user.role is Role.ADMIN else user.id
    with rt.db.write() as session:
        name = there(keys.revoke(session, key_id, rt.now_us(), owner), "API key", key_id)
        audit.append(session, rt.now_us(), user.id, "key_revoked", key_id, name=name)
    forget(rt)


def holder(rt: Runtime, key: str) -> Holder | None:
    """Who comes with this key. Cheap: asks the database once in two seconds for each key."""
    key_id = id_of(key)
    if key_id is None:
        return None
    digest, now_us, seen = digest_of(key), rt.now_us(), known(rt).keys
    if (found := seen.get(digest, now_us)) is not None:
        return found
    ticket = seen.ticket()
    with rt.db.read() as session:
        living = keys.find(session, key_id, now_us)
    if living is None or not hmac.compare_digest(living.sha256, digest):
        return None
    if living.used_us is None or now_us - living.used_us > TOUCH_US:
        with rt.db.write() as session:
            keys.touch(session, key_id, now_us)
    made = Holder(key_id=key_id, user=_capped(living.owner, living.scopes), scopes=living.scopes)
    seen.put(digest, made, now_us, ticket)
    return made


def _make(rt: Runtime, user: User, owner: User, new: NewKey) -> MadeKey:
    _check(owner, new)
    now_us, key_id = rt.now_us(), rt.new_letters(ID_LETTERS)
    text = f"or_{key_id}_{rt.new_letters(SECRET_LETTERS)}"
    made = ApiKey(
        id=key_id,
        name=new.name.strip(),
        user_id=owner.id,
        user_name=owner.name,
        scopes=tuple(scope for scope in Scope if scope in new.scopes),
        created_at=now_us,
        expires_at=None if new.expires_in_days is None else now_us + new.expires_in_days * DAY_US,
    )
    with rt.db.write() as session:
        if keys.count_good(session, owner.id, now_us) >= MAX_KEYS:
            raise TooManyKeys
        keys.add(session, made, digest_of(text))
        told = {"owner": owner.name, "scopes": list(made.scopes), "name": made.name}
        audit.append(session, now_us, user.id, "key_created", key_id, **told)
    return MadeKey(**dict(made), key=text)


def _check(owner: User, new: NewKey) -> None:
    name = new.name.strip()
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise InvalidInput(f"The name of a key has 1 to {MAX_NAME} visible characters: what is it for?")
    if not new.scopes:
        raise InvalidInput(f"A key needs a scope: {', '.join(Scope)}.")
    if new.expires_in_days is not None and not 1 <= new.expires_in_days <= MAX_DAYS:
        raise InvalidInput(
            f"expires_in_days is {new.expires_in_days}; it takes 1 to {MAX_DAYS}, or null for never."
        )
    for scope in new.scopes:
        if not owner.role.allows(scope.role):
            raise InvalidInput(
                f"The scope '{scope}' takes the role '{scope.role}'; {owner.name} is '{owner.role}'. "
                "A key is never worth more than its owner."
            )


def _capped(owner: User, scopes: tuple[Scope, ...]) -> User:
    """The owner, but with no higher role than the best of the scopes."""
    best = next((role for role in reversed(Role) if any(scope.role is role for scope in scopes)), Role.VIEWER)
    return owner if best.allows(owner.role) else owner.model_copy(update={"role": best})


def _place(last: str | None) -> tuple[int, str] | None:
    if last is None:
        return None
    created_us, dot, key_id = last.partition(".")
    if not (dot and created_us.isascii() and created_us.isdecimal() and len(created_us) < 19):
        raise InvalidInput("This cursor is of another list.")
    return int(created_us), key_id
