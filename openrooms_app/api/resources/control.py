"""Running a room: start, pause, resume, cancel, and signals to what it waits for."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel

from engine.core.run import RunStatus
from engine.core.runview import Run
from engine.services import control, runs
from engine.services.control import Signal
from engine.services.runs import Trial
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By, RequestId

router = APIRouter(prefix="/api/rooms/{room_id}", tags=["control"], route_class=StrictRoute)


class Accepted(BaseModel):
    """What was asked will be done; `status` is that of the run at this moment."""

    run_id: str
    room_id: str
    number: int
    version: int
    status: RunStatus


@router.post("/run", status_code=202)
def start_run(
    room_id: str, by: By, request_id: RequestId, response: Response, body: Trial | None = None
) -> Accepted:
    """Queue a run; the same `Idempotency-Key` gives the same run, however often it is sent.

    With `pins` (outputs by node), `until` (end after this node) or `only` (one node, with `vars`) it is a trial: its events,
    steps and `trial` say so.
    """
    run = runs.try_out(*by, room_id, body or Trial(), request_id=request_id)
    response.headers["Location"] = f"/api/runs/{run.id}"
    return accepted(run)


@router.post("/pause", status_code=202)
def pause_run(room_id: str, by: By) -> Accepted:
    """Hold the run at its next step boundary; a step under way may finish."""
    return accepted(control.pause(*by, room_id))


@router.post("/resume", status_code=202)
def resume_run(room_id: str, by: By) -> Accepted:
    """Let a paused run go on."""
    return accepted(control.resume(*by, room_id))


@router.post("/cancel", status_code=202)
def cancel_run(room_id: str, by: By) -> Accepted:
    """End the run; a step under way is aborted."""
    return accepted(control.cancel(*by, room_id))


@router.post("/signals/{name}", status_code=202)
def send_signal(
    room_id: str,
    name: str,
    by: By,
    request_id: RequestId,
    body: Annotated[Any, Body(description="the payload")] = None,
) -> Accepted:
    """Deliver a signal to a WAIT; one that comes before its WAIT is kept."""
    sent = Signal(name=name, payload=body, request_id=request_id)
    return accepted(control.signal(*by, room_id, sent))


def accepted(run: Run) -> Accepted:
    return Accepted(
        run_id=run.id, room_id=run.room_id, number=run.number, version=run.version, status=run.status
    )
