"""Subscriptions: other programs are told of the events of runs, signed and tried again until they have them."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from engine.core.page import Page
from engine.core.subscription import (
    NewSubscription,
    Notice,
    OpenedSubscription,
    Subscription,
    SubscriptionPatch,
)
from engine.services import subscriptions
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By, PageAsked

router = APIRouter(prefix="/api/subscriptions", tags=["subscriptions"], route_class=StrictRoute)


@router.post("", status_code=201)
def create_subscription(body: NewSubscription, by: By, response: Response) -> OpenedSubscription:
    """Subscribe to events of one room or of all. The key that signs them is shown in this answer only."""
    made = subscriptions.create(*by, body)
    response.headers["Location"] = f"/api/subscriptions/{made.subscription.id}"
    return made


@router.get("")
def list_subscriptions(
    by: By,
    page: PageAsked,
    room_id: Annotated[str | None, Query(max_length=36, description="those of this room alone")] = None,
) -> Page[Subscription]:
    """Newest first."""
    return subscriptions.list_subscriptions(*by, room_id, page)


@router.get("/{subscription_id}")
def get_subscription(subscription_id: str, by: By) -> Subscription:
    return subscriptions.get(*by, subscription_id)


@router.patch("/{subscription_id}")
def patch_subscription(subscription_id: str, body: SubscriptionPatch, by: By) -> Subscription:
    """Change what is named; switched on again, it is told what was held meanwhile."""
    return subscriptions.patch(*by, subscription_id, body)


@router.delete("/{subscription_id}", status_code=204)
def delete_subscription(subscription_id: str, by: By) -> None:
    subscriptions.delete(*by, subscription_id)


@router.post("/{subscription_id}/rotate")
def rotate_subscription(subscription_id: str, by: By) -> OpenedSubscription:
    """Another key, from the next attempt on."""
    return subscriptions.rotate(*by, subscription_id)


@router.get("/{subscription_id}/deliveries")
def list_notices(subscription_id: str, by: By, page: PageAsked) -> Page[Notice]:
    """What it was told or is still to be told, with attempts and answers. Newest first."""
    return subscriptions.deliveries(*by, subscription_id, page)


@router.post("/{subscription_id}/deliveries/{notice_id}/redeliver", status_code=202)
def redeliver_notice(subscription_id: str, notice_id: str, by: By) -> Notice:
    """Deliver it once more, under the same delivery id."""
    return subscriptions.redeliver(*by, subscription_id, notice_id)
