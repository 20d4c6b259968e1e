"""Where other programs knock without an account, and the hooks that open these addresses."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from engine.core.hook import Call, Delivery, Hook, HookPatch, NewHook, OpenedHook
from engine.core.page import Page
from engine.services import calls, hooks
from engine.services.calls import Taken
from openrooms_app.api.bodies import RawBody, StrictRoute, media_type
from openrooms_app.api.deps import By, PageAsked, Rt

router = APIRouter(prefix="/api", tags=["hooks"], route_class=StrictRoute)


class Heard(BaseModel):
    """The signal was kept, and will be read once."""

    status: Literal["accepted"] = "accepted"


@router.post("/hooks/signal/{token}", status_code=202)
def take_signal(token: str, rt: Rt, request: Request, body: RawBody) -> Heard:
    """Send the signal that this address was made for. The payload is the body: JSON, a form or text. Needs no login."""
    calls.take_signal(rt, token, _call(request, body))
    return Heard()


@router.post("/hooks/{token}", status_code=202)
def take_call(token: str, rt: Rt, request: Request, body: RawBody) -> Taken:
    """Start a run or send a signal, as the hook says: once for each delivery id. The body is JSON, a form or text.

    The id is in `X-OpenRooms-Delivery`, `X-GitHub-Delivery`, `Idempotency-Key` or `Webhook-Id`. Needs no login.
    """
    return calls.take(rt, token, _call(request, body))


@router.post("/rooms/{room_id}/hooks", status_code=201)
def create_hook(room_id: str, body: NewHook, by: By, response: Response) -> OpenedHook:
    """Open an address. It and its key are shown in this answer only."""
    made = hooks.create(*by, room_id, body)
    response.headers["Location"] = f"/api/webhooks/{made.hook.id}"
    return made


@router.get("/rooms/{room_id}/hooks")
def list_hooks(room_id: str, by: By, page: PageAsked) -> Page[Hook]:
    """Newest first."""
    return hooks.list_hooks(*by, room_id, page)


@router.get("/webhooks/{hook_id}")
def get_hook(hook_id: str, by: By) -> Hook:
    return hooks.get(*by, hook_id)


@router.patch("/webhooks/{hook_id}")
def patch_hook(hook_id: str, body: HookPatch, by: By) -> Hook:
    """Change what is named, or switch the hook off or on."""
    return hooks.patch(*by, hook_id, body)


@router.delete("/webhooks/{hook_id}", status_code=204)
def delete_hook(hook_id: str, by: By) -> None:
    hooks.delete(*by, hook_id)


@router.post("/webhooks/{hook_id}/rotate")
def rotate_hook(hook_id: str, by: By) -> OpenedHook:
    """Another address and key; the old ones are dead at once."""
    return hooks.rotate(*by, hook_id)


@router.get("/webhooks/{hook_id}/deliveries")
def list_deliveries(hook_id: str, by: By, page: PageAsked) -> Page[Delivery]:
    """What came to the address, newest first, and why it was refused if it was."""
    return hooks.deliveries(*by, hook_id, page)


def _call(request: Request, body: bytes) -> Call:
    return Call(media_type(request), dict(request.headers), request.query_params.multi_items(), body)
