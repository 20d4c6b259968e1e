"""Where other programs knock without an account: the address itself is the permission."""

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel

from engine.services import hooks
from openrooms_app.api.bodies import RawBody, StrictRoute, media_type
from openrooms_app.api.deps import Rt

router = APIRouter(prefix="/api/hooks", tags=["hooks"], route_class=StrictRoute)


class Taken(BaseModel):
    """It was kept, and will be done once."""

    status: Literal["accepted"] = "accepted"


@router.post("/signal/{token}", status_code=202)
def take_signal(token: str, rt: Rt, request: Request, body: RawBody) -> Taken:
    """Send the signal that this address was made for. The payload is the body: JSON, a form or text. Needs no login."""
    hooks.take_signal(rt, token, hooks.payload_of(media_type(request), body))
    return Taken()
