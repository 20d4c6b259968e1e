"""Accounts: an administrator makes them, changes their role, switches them off and on."""

from engine.core.errors import InvalidInput, NotFound, OpenRoomsError
from engine.core.identity import Role, User, clean_user_name
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.runtime import Runtime
from engine.services import passwords
from engine.services.known import forget
from engine.services.permission import require
from engine.store import audit, keys, users


class NameTaken(OpenRoomsError):
    code = "name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a user named {name!r} already. Choose another name.")


class LastAdmin(OpenRoomsError):
    code = "last_admin"

    def __init__(self) -> None:
        super().__init__("This is the last active administrator. Make somebody else administrator first.")


def list_users(rt: Runtime, user: User, paging: Paging = FIRST_PAGE) -> Page[User]:
    require(rt, user, Role.ADMIN, "see the list of users")
    with rt.db.read() as session:
        found = users.list_after(session, paging.after(), paging.limit + 1)
    return paging.page(found, lambda item: item.id)


def create(rt: Runtime, user: User, name: str, password: str, role: Role) -> User:
    """
    Raises:
        NameTaken, InvalidInput, passwords.WeakPassword
    """
    require(rt, user, Role.ADMIN, "create a user")
    name = clean_user_name(name)
    new = User(id=rt.new_id(), name=name, role=role, created_at=rt.now_us())
    password_hash = passwords.hashed(password, name)
    with rt.db.write() as session:
        if not users.add(session, new, password_hash):
            raise NameTaken(name)
        audit.append(session, rt.now_us(), user.id, "user_created", new.id, name=name, role=role)
    return new


def set_role(rt: Runtime, user: User, user_id: str, role: Role) -> User:
    """Change a user's role; the user's sessions end.

    Raises:
        LastAdmin: nobody would be left to rule.
    """
    require(rt, user, Role.ADMIN, "change a user's role")
    return _change(rt, user, user_id, role=role)


def set_active(rt: Runtime, user: User, user_id: str, active: bool) -> User:
    """Switch an account off, which ends its sessions and its keys for good, or on again.

    Raises:
        LastAdmin: nobody would be left to rule.
    """
    require(rt, user, Role.ADMIN, "switch a user off or on")
    return _change(rt, user, user_id, active=active)


def set_password(rt: Runtime, user: User, user_id: str, password: str) -> User:
    """Give a user a new password; the user's sessions end.

    Raises:
        passwords.WeakPassword
    """
    require(rt, user, Role.ADMIN, "reset a user's password")
    if user_id == user.id:
        raise InvalidInput("Change your own password with the old one at hand: change_password.")
    with rt.db.write() as session:
        found = users.get(session, user_id)
        if found is None:
            raise NotFound("user", user_id)
        users.change(session, user_id, password_hash=passwords.hashed(password, found.name))
        audit.append(session, rt.now_us(), user.id, "password_reset", user_id, name=found.name)
    forget(rt)
    return found


def _change(rt: Runtime, user: User, user_id: str, **fields: Role | bool) -> User:
    with rt.db.write() as session:
        admins = users.lock_admins(session)
        found = users.get(session, user_id, lock=True)
        if found is None:
            raise NotFound("user", user_id)
        after = found.model_copy(update=fields)
        rules = after.active and after.role is Role.ADMIN
        if admins == [user_id] and not rules:
            raise LastAdmin
        if after != found:
            users.change(session, user_id, **fields)
            if not after.active:
                keys.revoke_all_of(session, user_id, rt.now_us())
            audit.append(session, rt.now_us(), user.id, "user_changed", user_id, name=found.name, **fields)
    forget(rt)
    return after
