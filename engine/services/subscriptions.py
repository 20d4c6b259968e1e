"""Subscriptions to the events of runs: made, changed, looked at. Telling them is the runner's."""

from __future__ import annotations

import re

from engine.core.errors import InvalidInput, NotFound, there
from engine.core.identity import Role, User
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.core.signing import key_of
from engine.core.subscription import (
    NOT_TOLD,
    NewSubscription,
    Notice,
    OpenedSubscription,
    Subscription,
    SubscriptionPatch,
)
from engine.net import Guard, Refused
from engine.runtime import Runtime
from engine.services.drafts import clean_name
from engine.services.permission import require
from engine.store import audit, notices, rooms, subscriptions
from engine.store.database import Session

_CURSOR = re.compile(r"[0-9]{1,18}/[0-9]{1,9}/[0-9a-f]{32}", re.ASCII)


def create(rt: Runtime, user: User, new: NewSubscription) -> OpenedSubscription:
    """A subscription; it hears what happens from half a second after it was made. Its key is shown now and never again.

    Raises:
        NotFound: there is no such room.
        InvalidInput: the URL may not be called, or an event is told to nobody.
    """
    require(rt, user, Role.EDITOR, "make a subscription")
    _check(rt, new)
    now_us = rt.now_us()
    made = Subscription(
        **{**dict(new), "name": clean_name(new.name, "subscription")},
        id=rt.new_id(),
        created_at=now_us,
        updated_at=now_us,
    )
    with rt.db.write() as session:
        if made.room_id is not None and not rooms.exists(session, made.room_id, lock=True):
            raise NotFound("room", made.room_id)
        subscriptions.add(session, made, user.id)
        _audit(rt, session, user, "subscription_created", made)
    return _opened(rt, made, 1)


def list_subscriptions(
    rt: Runtime, user: User, room_id: str | None = None, paging: Paging = FIRST_PAGE
) -> Page[Subscription]:
    """All, or those of one room alone; newest first."""
    require(rt, user, Role.VIEWER, "list subscriptions")
    with rt.db.read() as session:
        found = subscriptions.list_after(session, room_id, paging.after(), paging.limit + 1)
    return paging.page(found, lambda item: item.id)


def get(rt: Runtime, user: User, subscription_id: str) -> Subscription:
    require(rt, user, Role.VIEWER, "see a subscription")
    with rt.db.read() as session:
        return there(subscriptions.get(session, subscription_id), "subscription", subscription_id)


def patch(rt: Runtime, user: User, subscription_id: str, changes: SubscriptionPatch) -> Subscription:
    """Change the subscription. One that is switched on again is told what was held meanwhile.

    Raises:
        InvalidInput
    """
    require(rt, user, Role.EDITOR, "change a subscription")
    given = {name: getattr(changes, name) for name in changes.model_fields_set}
    fields = {name: value for name, value in given.items() if value is not None}
    if "name" in fields:
        fields["name"] = clean_name(fields["name"], "subscription")
    with rt.db.write() as session:
        before = there(
            subscriptions.get(session, subscription_id, lock=True), "subscription", subscription_id
        )
        after = before.model_copy(update={**fields, "updated_at": rt.now_us()})
        if fields.get("enabled") or "url" in fields:
            after = after.model_copy(update={"off_reason": None, "failing_since": None})
        _check(rt, after)
        subscriptions.save(session, after)
        _audit(rt, session, user, "subscription_changed", after)
    return after


def rotate(rt: Runtime, user: User, subscription_id: str) -> OpenedSubscription:
    """Another key, from the next attempt on."""
    require(rt, user, Role.EDITOR, "change a subscription")
    with rt.db.write() as session:
        found = there(subscriptions.get(session, subscription_id, lock=True), "subscription", subscription_id)
        rotation = subscriptions.rotate(session, subscription_id, rt.now_us())
        _audit(rt, session, user, "subscription_rotated", found)
    return _opened(rt, found, rotation)


def delete(rt: Runtime, user: User, subscription_id: str) -> None:
    """Remove the subscription, and what it was still to be told."""
    require(rt, user, Role.EDITOR, "delete a subscription")
    with rt.db.write() as session:
        found = there(subscriptions.get(session, subscription_id, lock=True), "subscription", subscription_id)
        subscriptions.remove(session, subscription_id)
        _audit(rt, session, user, "subscription_deleted", found)


def deliveries(rt: Runtime, user: User, subscription_id: str, paging: Paging = FIRST_PAGE) -> Page[Notice]:
    """What it was told, is to be told and could not be told; newest first. Kept for a week."""
    require(rt, user, Role.VIEWER, "see a subscription")
    last = paging.after()
    if last is not None and not _CURSOR.fullmatch(last):
        raise InvalidInput("This cursor is of another list.")
    with rt.db.read() as session:
        there(subscriptions.get(session, subscription_id), "subscription", subscription_id)
        found = notices.list_after(session, subscription_id, last, paging.limit + 1)
    return paging.page(found, notices.key_of)


def redeliver(rt: Runtime, user: User, subscription_id: str, notice_id: str) -> Notice:
    """Deliver it once more under the same id, whether it was given up or received; nothing if it is under way."""
    require(rt, user, Role.EDITOR, "deliver again")
    with rt.db.write() as session:
        told = there(subscriptions.get(session, subscription_id, lock=True), "subscription", subscription_id)
        notice = notices.send_again(session, subscription_id, notice_id, rt.now_us())
        if notice is None:
            raise NotFound("delivery", notice_id)
        audit.append(session, rt.now_us(), user.id, "redelivered", notice_id, name=told.name)
    return notice


def _check(rt: Runtime, wanted: NewSubscription) -> None:
    silent = sorted(NOT_TOLD & set(wanted.events))
    if silent:
        raise InvalidInput(f"{', '.join(silent)} is told to nobody: whoever starts a run knows it.")
    try:
        Guard.of(rt.settings.http_allow).vet_url(wanted.url)
    except Refused as error:
        raise InvalidInput(f"The URL can't be called: {error}") from None


def _opened(rt: Runtime, subscription: Subscription, rotation: int) -> OpenedSubscription:
    secret = key_of(rt.secret_key, f"subscription {subscription.id}", rotation)
    return OpenedSubscription(subscription=subscription, secret=secret)


def _audit(rt: Runtime, session: Session, user: User, action: str, subscription: Subscription) -> None:
    told = {"name": subscription.name, "url": subscription.url, "room_id": subscription.room_id}
    audit.append(session, rt.now_us(), user.id, action, subscription.id, **told)
