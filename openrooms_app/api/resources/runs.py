"""Runs: what they did, step by step and event by event; tried again, decided again."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from engine.core.errors import InvalidInput
from engine.core.page import Page, Paging
from engine.core.run import RunStatus
from engine.core.runview import Run
from engine.services import control, history, logs, rooms, runs
from engine.services.logs import Found
from engine.services.runs import Sought
from openrooms_app.api.bodies import FILE, StrictRoute, file_of
from openrooms_app.api.deps import MAX_INT, By, Moment, PageAsked, RequestId
from openrooms_app.api.log_query import LogAsked
from openrooms_app.api.resources.control import Accepted, accepted

router = APIRouter(prefix="/api", tags=["runs"], route_class=StrictRoute)


class Retry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    from_step: int | None = Field(None, ge=0, le=MAX_INT, description="instead of the node that failed")


async def _sought(
    status: RunStatus | None = None,
    since: Annotated[Moment | None, Query(description="the first moment at which it may have begun")] = None,
    until: Annotated[Moment | None, Query(description="the one after the last")] = None,
    q: Annotated[
        str,
        Query(
            max_length=200,
            description="words that are each part of the room's or workflow's name, the number, or the beginning of the id",
        ),
    ] = "",
) -> Sought:
    return Sought(status, since_us=since, until_us=until, text=q)


RunsAsked = Annotated[Sought, Depends(_sought)]


@router.get("/rooms/{room_id}/runs")
def list_runs_of_room(room_id: str, by: By, page: PageAsked, sought: RunsAsked) -> Page[Run]:
    """Newest first, those that fit all filters."""
    rooms.get(*by, room_id)
    return runs.list_runs(*by, replace(sought, room_id=room_id), page)


@router.get("/runs")
def list_runs(
    by: By,
    page: PageAsked,
    sought: RunsAsked,
    room_id: Annotated[str | None, Query(max_length=100)] = None,
    workflow_id: Annotated[str | None, Query(max_length=100)] = None,
) -> Page[Run]:
    """Newest first, those that fit all filters."""
    return runs.list_runs(*by, replace(sought, room_id=room_id, workflow_id=workflow_id), page)


@router.get("/runs/{run_id}")
def get_run(run_id: str, by: By) -> Run:
    return runs.get(*by, run_id)


@router.get("/runs/{run_id}/events")
def list_events(run_id: str, by: By, asked: LogAsked) -> Page[dict[str, Any]]:
    """Events by sequence, from the first or after `after_seq`."""
    return logs.of_run(*by, run_id, replace(asked, after_seq=asked.after_seq or 0))


@router.get("/runs/{run_id}/events/seqs")
def find_events(run_id: str, by: By, asked: LogAsked) -> Found:
    """Where the events asked for stand: their sequence numbers, as far as one search looks; `limit` does not count."""
    return logs.find(*by, run_id, asked)


@router.get("/runs/{run_id}/events/export", response_class=StreamingResponse, responses={200: FILE})
def export_events(run_id: str, by: By, asked: LogAsked) -> StreamingResponse:
    """All events asked for, from the first or after `after_seq`, one JSON object a line; `limit` does not count."""
    number = runs.get(*by, run_id).number
    return file_of(logs.lines(*by, run_id, asked), f"run-{number}.jsonl")


@router.get("/runs/{run_id}/steps")
def list_steps(run_id: str, by: By, page: PageAsked) -> Page[dict[str, Any]]:
    """Steps in the order they were entered: node, attempt, times, input, output, error, tokens, cost; an agent's turns."""
    first = _first(page)
    steps = history.steps(*by, run_id, first=first, most=page.limit + 1)
    return page.page(steps, lambda step: first + steps.index(step) + 1)


@router.get("/runs/{run_id}/state")
def get_state(
    run_id: str,
    by: By,
    at_seq: Annotated[int | None, Query(ge=0, le=MAX_INT)] = None,
    at_step: Annotated[int | None, Query(ge=0, le=MAX_INT, description="when it was entered")] = None,
) -> dict[str, Any]:
    """Where the run stands, or stood after event `at_seq`, or at a step: tokens, joins, vars, signals."""
    return history.run_standing(*by, run_id, at_seq=at_seq, at_step=at_step)


@router.post("/runs/{run_id}/retry", status_code=202)
def retry_run(
    run_id: str, by: By, request_id: RequestId, response: Response, body: Retry | None = None
) -> Accepted:
    """A new run from a failed one: from the node that failed, or from a step."""
    run = runs.retry(*by, run_id, from_step=body.from_step if body else None, request_id=request_id)
    response.headers["Location"] = f"/api/runs/{run.id}"
    return accepted(run)


@router.post("/runs/{run_id}/cancel", status_code=202)
def cancel_one_run(run_id: str, by: By) -> Accepted:
    """End this very run, also if it still stands in line for its room."""
    return accepted(control.cancel_run(*by, run_id))


@router.post("/runs/{run_id}/replay")
def replay_run(run_id: str, by: By) -> dict[str, Any]:
    """Decide the run again from its record: `{identical: true, fingerprint}`, or where it first differs."""
    return history.replay_run(*by, run_id)


def _first(page: Paging) -> int:
    """How many steps were on the pages before."""
    last = page.after()
    if last is None:
        return 0
    if not (last.isascii() and last.isdecimal() and len(last) < 10):
        raise InvalidInput("This cursor is of another list.")
    return int(last)
