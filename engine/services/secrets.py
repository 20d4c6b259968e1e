"""Secrets: administrators set, change and delete them; nobody gets to see a value again."""

from engine.core.document import Frozen
from engine.core.errors import NotFound
from engine.core.identity import Role, User
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.core.secret import Secret, clean_name, clean_value
from engine.hiding import HIDDEN
from engine.runtime import Runtime
from engine.services.permission import require
from engine.store import audit, secrets


class Rotated(Frozen):
    """`is_key_new`: a new master key was made; else the environment's first key is in use now."""

    secrets: int
    is_key_new: bool


def list_secrets(rt: Runtime, user: User, paging: Paging = FIRST_PAGE) -> Page[Secret]:
    """Names and times, by name."""
    require(rt, user, Role.ADMIN, "see the list of secrets")
    with rt.db.read() as session:
        found = secrets.list_after(session, paging.after(), paging.limit + 1)
    return paging.page(found, lambda item: item.name)


def put(rt: Runtime, user: User, name: str, value: str) -> Secret:
    """Set a secret or change it; runs use the new value from their next step on.

    Raises:
        InvalidInput
    """
    require(rt, user, Role.ADMIN, "set a secret")
    name, value = clean_name(name), clean_value(value)
    HIDDEN.add([value])
    text = rt.vault.keyring().seal(name, value)
    with rt.db.write() as session:
        made = secrets.put(session, name, text, user.id, rt.now_us())
        audit.append(session, rt.now_us(), user.id, "secret_set", name)
    return made


def delete(rt: Runtime, user: User, name: str) -> None:
    """Steps that use it fail from now on.

    Raises:
        NotFound
    """
    require(rt, user, Role.ADMIN, "delete a secret")
    with rt.db.write() as session:
        if not secrets.remove(session, name):
            raise NotFound("secret", name)
        audit.append(session, rt.now_us(), user.id, "secret_deleted", name)


def rotate(rt: Runtime, user: User) -> Rotated:
    """Protect all secrets by a new master key, or by the first that the environment gives; values stay as they are.

    Raises:
        Unopened: one was made with a key that is not at hand; nothing is changed then.
    """
    require(rt, user, Role.ADMIN, "rotate the master key")
    is_new = rt.vault.renew_key()
    keys = rt.vault.keyring()
    with rt.db.write() as session:
        rows = secrets.sealed(session)
        done = [secrets.reseal(session, name, text, keys.rewrap(name, text)) for name, text in rows.items()]
        audit.append(session, rt.now_us(), user.id, "secrets_rotated", secrets=sum(done))
    return Rotated(secrets=sum(done), is_key_new=is_new)
