"""Hooks of rooms, as their editors see them: made, changed, given another address, removed."""

from __future__ import annotations

from typing import Any

from engine.core.errors import InvalidInput, NotFound, there
from engine.core.expressions import compile_template
from engine.core.hook import NEVER_SHOWN, SCOPE, Delivery, Hook, HookPatch, NewHook, OpenedHook
from engine.core.identity import Role, User
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.core.signing import key_of
from engine.runtime import Runtime
from engine.services.calls import signal_url
from engine.services.drafts import clean_name
from engine.services.permission import require
from engine.services.sessions import digest_of
from engine.store import audit, hooks, rooms
from engine.store.database import Session

__all__ = ["create", "delete", "deliveries", "get", "list_hooks", "patch", "rotate", "signal_url"]

FOLDER = "/api/hooks/"


def create(rt: Runtime, user: User, room_id: str, new: NewHook) -> OpenedHook:
    """A hook of the room; its address and key are shown now and never again.

    Raises:
        NotFound: there is no such room.
        BadExpression, InvalidInput: the mapping can't be read, or reads what there is not.
    """
    require(rt, user, Role.EDITOR, "make a webhook")
    _check(new.mapping, new.headers)
    token, now_us = rt.new_token(), rt.now_us()
    hook = Hook(
        **{**dict(new), "name": clean_name(new.name, "webhook")},
        id=rt.new_id(),
        room_id=room_id,
        created_at=now_us,
        updated_at=now_us,
    )
    with rt.db.write() as session:
        if not rooms.exists(session, room_id, lock=True):
            raise NotFound("room", room_id)
        hooks.add(session, hook, digest_of(token), user.id)
        _audit(rt, session, user, "hook_created", hook)
    return _opened(rt, hook, token, 1)


def list_hooks(
    rt: Runtime, user: User, room_id: str | None = None, paging: Paging = FIRST_PAGE
) -> Page[Hook]:
    """Those of a room, or all; newest first."""
    require(rt, user, Role.VIEWER, "list webhooks")
    with rt.db.read() as session:
        if room_id is not None and not rooms.exists(session, room_id):
            raise NotFound("room", room_id)
        found = hooks.list_after(session, room_id, paging.after(), paging.limit + 1)
    return paging.page(found, lambda item: item.id)


def get(rt: Runtime, user: User, hook_id: str) -> Hook:
    require(rt, user, Role.VIEWER, "see a webhook")
    with rt.db.read() as session:
        return there(hooks.get(session, hook_id), "webhook", hook_id)


def patch(rt: Runtime, user: User, hook_id: str, changes: HookPatch) -> Hook:
    """Change the hook; its address and how calls are signed stay."""
    require(rt, user, Role.EDITOR, "change a webhook")
    given = {name: getattr(changes, name) for name in changes.model_fields_set}
    fields = {
        name: value for name, value in given.items() if value is not None or name in {"signal", "mapping"}
    }
    if "name" in fields:
        fields["name"] = clean_name(fields["name"], "webhook")
    _check(fields.get("mapping"), fields.get("headers", ()))
    with rt.db.write() as session:
        before = there(hooks.get(session, hook_id, lock=True), "webhook", hook_id)
        after = before.model_copy(update={**fields, "updated_at": rt.now_us()})
        hooks.save(session, after)
        _audit(rt, session, user, "hook_changed", after)
    return after


def rotate(rt: Runtime, user: User, hook_id: str) -> OpenedHook:
    """Another address and another key; the old ones are dead at once."""
    require(rt, user, Role.EDITOR, "change a webhook")
    token = rt.new_token()
    with rt.db.write() as session:
        hook = there(hooks.get(session, hook_id, lock=True), "webhook", hook_id)
        rotation = hooks.rotate(session, hook_id, digest_of(token), rt.now_us())
        _audit(rt, session, user, "hook_rotated", hook)
    return _opened(rt, hook, token, rotation)


def delete(rt: Runtime, user: User, hook_id: str) -> None:
    require(rt, user, Role.EDITOR, "delete a webhook")
    with rt.db.write() as session:
        hook = there(hooks.get(session, hook_id, lock=True), "webhook", hook_id)
        hooks.remove(session, hook_id)
        _audit(rt, session, user, "hook_deleted", hook)


def deliveries(rt: Runtime, user: User, hook_id: str, paging: Paging = FIRST_PAGE) -> Page[Delivery]:
    """What came to it, newest first; of what was refused the last hundred are kept."""
    require(rt, user, Role.VIEWER, "see a webhook")
    with rt.db.read() as session:
        there(hooks.get(session, hook_id), "webhook", hook_id)
        found = hooks.deliveries(session, hook_id, paging.after(), paging.limit + 1)
    return paging.page(found, lambda item: item.id)


def _opened(rt: Runtime, hook: Hook, token: str, rotation: int) -> OpenedHook:
    url = rt.settings.public_url.rstrip("/") + FOLDER + token
    secret = None if hook.signing == "none" else key_of(rt.secret_key, f"hook {hook.id}", rotation)
    return OpenedHook(hook=hook, url=url, secret=secret)


def _check(mapping: Any, headers: tuple[str, ...]) -> None:
    shown = NEVER_SHOWN & {name.lower() for name in headers}
    if shown:
        raise InvalidInput(f"{', '.join(sorted(shown))} holds a secret and is never taken into the input.")
    unknown = {name.partition(".")[0] for name in compile_template(mapping).reads} - set(SCOPE)
    if unknown:
        raise InvalidInput(f"The mapping reads {', '.join(sorted(unknown))}; there is {', '.join(SCOPE)}.")


def _audit(rt: Runtime, session: Session, user: User, action: str, hook: Hook) -> None:
    audit.append(session, rt.now_us(), user.id, action, hook.id, room_id=hook.room_id, name=hook.name)
