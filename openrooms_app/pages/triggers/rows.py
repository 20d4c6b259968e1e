"""What the pages of triggers show, read from the services as plain rows."""

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from engine.core.errors import NotFound
from engine.core.hook import Hook
from engine.core.identity import User
from engine.core.page import Page, Paging
from engine.core.schedule import Firing, Schedule
from engine.core.subscription import Notice, Subscription
from engine.runtime import Runtime
from engine.services import hooks, rooms, schedules, subscriptions
from openrooms_app.following import Query
from openrooms_app.pages.triggers import words

MOST: Final = 500
"""Of each kind; more than that nobody looks through on one page."""
PAGE_SIZE: Final = 25
KINDS: Final = ("schedule", "webhook", "subscription")
NO_HISTORY: Final = {"kind": "", "id": "", "name": "", "rows": [], "next_cursor": ""}


def fetch(rt: Runtime, user: User, query: Query, *, room_id: str = "") -> dict[str, Any]:
    """Everything of the room, or of all rooms; and the history that `?schedule=`, `?webhook=` or `?subscription=` asks for."""
    many = Paging(limit=MOST)
    room = rooms.get(rt, user, room_id) if room_id else None
    shown = (room,) if room else rooms.list_rooms(rt, user, paging=many).items
    names = {each.id: each.name for each in shown}
    told = subscriptions.list_subscriptions(rt, user, paging=many).items
    return {
        "here": room_id,
        "room_name": room.name if room else "",
        "room_choices": [{"value": id_, "text": name} for id_, name in names.items()],
        "schedules": [
            schedule_row(each, names)
            for each in schedules.list_schedules(rt, user, room_id or None, many).items
        ],
        "hooks": [hook_row(each, names) for each in hooks.list_hooks(rt, user, room_id or None, many).items],
        "subscriptions": [
            subscription_row(each, names) for each in told if not room_id or each.room_id in (None, room_id)
        ],
        "history": history(rt, user, query) or dict(NO_HISTORY),
    }


def schedule_row(schedule: Schedule, names: dict[str, str]) -> dict[str, Any]:
    return {
        **_common(schedule, names),
        "cron": schedule.cron,
        "when": words.PRESETS.get(schedule.cron, ""),
        "zone": schedule.zone,
        "overlap": words.OVERLAPS[schedule.overlap],
        "catch_up": words.CATCH_UPS[schedule.catch_up],
        "next_due_at": schedule.plain()["next_due_at"] or "",
    }


def hook_row(hook: Hook, names: dict[str, str]) -> dict[str, Any]:
    return {
        **_common(hook, names),
        **{name: hook.plain()[name] for name in ("signing", "mapping", "headers")},
        "signal": hook.signal or "",
        "signed": words.SIGNINGS[hook.signing],
    }


def subscription_row(subscription: Subscription, names: dict[str, str]) -> dict[str, Any]:
    events = [each.value for each in subscription.events]
    return {
        **_common(subscription, names),
        "url": subscription.url,
        "events": events,
        "hears": ", ".join(words.spoken(each) for each in events),
        "off_reason": subscription.off_reason or "",
        "failing_since": subscription.plain()["failing_since"] or "",
    }


def _common(thing: Schedule | Hook | Subscription, names: dict[str, str]) -> dict[str, Any]:
    room_id = thing.room_id or ""
    return {
        "id": thing.id,
        "name": thing.name,
        "enabled": thing.enabled,
        "room_id": room_id,
        "room_name": names.get(room_id, "A room") if room_id else "All rooms",
    }


def history(rt: Runtime, user: User, query: Query) -> dict[str, Any]:
    """{kind, id, name, rows, next_cursor} of what the address asks for; empty when it asks for none, and without a name when that is gone."""
    kind = next((each for each in KINDS if each in query), "")
    try:
        return _history(rt, user, kind, query) if kind else {}
    except NotFound:
        return {**NO_HISTORY, "kind": kind, "id": query[kind]}


def _history(rt: Runtime, user: User, kind: str, query: Query) -> dict[str, Any]:
    id_, paging = query[kind], Paging(limit=PAGE_SIZE, cursor=query.get("cursor"))
    found: Schedule | Hook | Subscription
    page: Page[Any]
    if kind == "schedule":
        found, page = schedules.get(rt, user, id_), schedules.firings(rt, user, id_, paging)
        rows = [firing_row(each, found.zone) for each in page.items]
    elif kind == "webhook":
        found, page = hooks.get(rt, user, id_), hooks.deliveries(rt, user, id_, paging)
        rows = [delivery_row(each.plain()) for each in page.items]
    else:
        found, page = subscriptions.get(rt, user, id_), subscriptions.deliveries(rt, user, id_, paging)
        rows = [notice_row(each) for each in page.items]
    return {"kind": kind, "id": id_, "name": found.name, "rows": rows, "next_cursor": page.next_cursor or ""}


def firing_row(firing: Firing, zone: str) -> dict[str, Any]:
    return {
        **_did(firing.plain()),
        "at": firing.plain()["due_at"],
        "there": in_zone(firing.due_at, zone),
        "outcome": words.OUTCOMES[firing.outcome],
        "color": {"started": "ok", "queued": "queued", "skipped": "wait"}[firing.outcome],
    }


def delivery_row(delivery: dict[str, Any]) -> dict[str, Any]:
    is_taken = delivery["code"] is None
    return {
        **_did(delivery),
        "at": delivery["at"],
        "delivery_id": delivery["delivery_id"],
        "outcome": "Taken" if is_taken else "Refused",
        "color": "ok" if is_taken else "fail",
    }


def notice_row(notice: Notice) -> dict[str, Any]:
    """`next_at` is empty unless it is to be told."""
    plain = notice.plain()
    colors = {"DELIVERED": "ok", "DEAD": "fail", "HELD": "wait", "PENDING": "queued"}
    answer = f"answered {notice.response_status}" if notice.response_status else ""
    return {
        **_did({**plain, "message": notice.error or answer}),
        "id": notice.id,
        "at": plain["created_at"],
        "event": words.spoken(notice.type),
        "seq": notice.seq,
        "outcome": words.NOTICES[notice.status],
        "color": colors[notice.status],
        "attempts": notice.attempts,
        "next_at": plain["next_at"] if notice.status == "PENDING" and notice.attempts else "",
    }


def _did(plain: dict[str, Any]) -> dict[str, Any]:
    return {"run_id": plain["run_id"] or "", "message": plain["message"] or ""}


def in_zone(at_us: int, zone: str) -> str:
    """The moment on that zone's clocks, as "Mon 7 Jul 2025, 09:00 CEST", or "UTC-03" where a zone has no name for it."""
    there = datetime.fromtimestamp(at_us / 1_000_000, UTC).astimezone(ZoneInfo(zone))
    clock = "%H:%M:%S" if there.second else "%H:%M"
    return there.strftime(
        f"%a {there.day} %b %Y, {clock} {'' if there.strftime('%Z').isalpha() else 'UTC'}%Z"
    )
