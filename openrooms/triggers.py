"""What sets rooms going and who is told over HTTP: schedules, webhooks in, subscriptions out."""

from typing import Any, Literal, TypedDict, Unpack

from openrooms.calls import Calls, Paged, at
from openrooms.values import (
    Delivery,
    Firing,
    Hook,
    Notice,
    OpenedHook,
    OpenedSubscription,
    Page,
    Schedule,
    Subscription,
    Times,
)

Signing = Literal["none", "openrooms", "github"]


class ScheduleFields(TypedDict, total=False):
    zone: str
    input: Any
    enabled: bool
    overlap: Literal["skip", "queue", "cancel_running"]
    catch_up: Literal["skip", "one", "all"]


class ScheduleChanges(ScheduleFields, total=False):
    name: str
    cron: str


class HookChanges(TypedDict, total=False):
    name: str
    signal: str | None
    mapping: Any
    headers: list[str]
    enabled: bool


class HookFields(TypedDict, total=False):
    signing: Signing
    signal: str | None
    mapping: Any
    headers: list[str]
    enabled: bool


class SubscriptionFields(TypedDict, total=False):
    room_id: str | None
    enabled: bool


class SubscriptionChanges(TypedDict, total=False):
    name: str
    url: str
    events: list[str]
    enabled: bool


class SubscriptionsAsked(Paged, total=False):
    room_id: str | None


class Schedules(Calls):
    def create_schedule(
        self, room_id: str, name: str, cron: str, **fields: Unpack[ScheduleFields]
    ) -> Schedule:
        body = {"name": name, "cron": cron, **fields}
        return self._send(Schedule, "POST", at("rooms", room_id, "schedules"), json=body)

    def list_schedules(self, **asked: Unpack[Paged]) -> Page[Schedule]:
        return self._page(Schedule, at("schedules"), asked)

    def list_schedules_of_room(self, room_id: str, **asked: Unpack[Paged]) -> Page[Schedule]:
        return self._page(Schedule, at("rooms", room_id, "schedules"), asked)

    def preview_times(self, cron: str, zone: str = "UTC", count: int = 5) -> Times:
        """The next due times of an expression that is not a schedule yet."""
        return self._get(Times, at("schedules", "preview"), cron=cron, zone=zone, count=count)

    def get_schedule(self, schedule_id: str) -> Schedule:
        return self._get(Schedule, at("schedules", schedule_id))

    def patch_schedule(self, schedule_id: str, **changes: Unpack[ScheduleChanges]) -> Schedule:
        return self._send(Schedule, "PATCH", at("schedules", schedule_id), json=changes)

    def delete_schedule(self, schedule_id: str) -> None:
        self.request("DELETE", at("schedules", schedule_id))

    def list_firings(self, schedule_id: str, **asked: Unpack[Paged]) -> Page[Firing]:
        """What became of its due times, newest first."""
        return self._page(Firing, at("schedules", schedule_id, "firings"), asked)

    def list_times(self, schedule_id: str, count: int = 5) -> Times:
        return self._get(Times, at("schedules", schedule_id, "times"), count=count)


class Hooks(Calls):
    def create_hook(self, room_id: str, name: str, **fields: Unpack[HookFields]) -> OpenedHook:
        """`url` and `secret` are in this answer and never again."""
        return self._send(OpenedHook, "POST", at("rooms", room_id, "hooks"), json={"name": name, **fields})

    def list_hooks(self, room_id: str, **asked: Unpack[Paged]) -> Page[Hook]:
        return self._page(Hook, at("rooms", room_id, "hooks"), asked)

    def get_hook(self, hook_id: str) -> Hook:
        return self._get(Hook, at("webhooks", hook_id))

    def patch_hook(self, hook_id: str, **changes: Unpack[HookChanges]) -> Hook:
        return self._send(Hook, "PATCH", at("webhooks", hook_id), json=changes)

    def delete_hook(self, hook_id: str) -> None:
        self.request("DELETE", at("webhooks", hook_id))

    def rotate_hook(self, hook_id: str) -> OpenedHook:
        """Another address and key; the old ones are dead at once."""
        return self._send(OpenedHook, "POST", at("webhooks", hook_id, "rotate"))

    def list_deliveries(self, hook_id: str, **asked: Unpack[Paged]) -> Page[Delivery]:
        """What came to the address, newest first."""
        return self._page(Delivery, at("webhooks", hook_id, "deliveries"), asked)


class Subscriptions(Calls):
    def create_subscription(
        self, name: str, url: str, events: list[str], **fields: Unpack[SubscriptionFields]
    ) -> OpenedSubscription:
        """`secret` is in this answer and never again."""
        body = {"name": name, "url": url, "events": events, **fields}
        return self._send(OpenedSubscription, "POST", at("subscriptions"), json=body)

    def list_subscriptions(self, **asked: Unpack[SubscriptionsAsked]) -> Page[Subscription]:
        return self._page(Subscription, at("subscriptions"), asked)

    def get_subscription(self, subscription_id: str) -> Subscription:
        return self._get(Subscription, at("subscriptions", subscription_id))

    def patch_subscription(
        self, subscription_id: str, **changes: Unpack[SubscriptionChanges]
    ) -> Subscription:
        """Switched on again, it is told what was held meanwhile."""
        return self._send(Subscription, "PATCH", at("subscriptions", subscription_id), json=changes)

    def delete_subscription(self, subscription_id: str) -> None:
        self.request("DELETE", at("subscriptions", subscription_id))

    def rotate_subscription(self, subscription_id: str) -> OpenedSubscription:
        """Another key, from the next attempt on."""
        return self._send(OpenedSubscription, "POST", at("subscriptions", subscription_id, "rotate"))

    def list_notices(self, subscription_id: str, **asked: Unpack[Paged]) -> Page[Notice]:
        """What it was told or is still to be told, newest first."""
        return self._page(Notice, at("subscriptions", subscription_id, "deliveries"), asked)

    def redeliver_notice(self, subscription_id: str, notice_id: str) -> Notice:
        path = at("subscriptions", subscription_id, "deliveries", notice_id, "redeliver")
        return self._send(Notice, "POST", path)
