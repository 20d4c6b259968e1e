"""What lists and the home page show: runs with the names of their rooms, what is going on, who works."""

from __future__ import annotations

from engine.core.document import Frozen
from engine.core.identity import Role, User
from engine.core.instant import Instant
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.core.room import RoomStatus
from engine.core.run import LIVE, RunStatus
from engine.core.runview import Run
from engine.core.sample import with_defaults
from engine.core.shapes import Described
from engine.runtime import Runtime
from engine.services import health, history, rooms, runs
from engine.services.permission import require
from engine.services.workflows import list_workflows
from engine.store import overview
from engine.store.run_list import EVERYTHING, Sought

SHOWN = 8
"""Runs in each list of the home page."""


class RunLine(Frozen):
    """A run in a list. `duration_ms` of one that is not over is the time so far, `since` when it
    began; `asks` names what it waits for, where that was looked up.
    """

    id: str
    number: int
    status: RunStatus
    room_id: str
    room_name: str
    workflow_id: str
    workflow_name: str
    version: int
    error: str
    is_trial: bool
    steps: int
    duration_ms: float | None
    created_at: Instant
    since: Instant | None
    asks: str = ""


class Worker(Frozen):
    """A worker process; one that is not alive has stopped beating and loses its runs to others."""

    host: str
    pid: int
    threads: int
    is_alive: bool
    started_at: Instant


class Overview(Frozen):
    """The home page at a glance; `asking` are runs that wait for a signal, `wanting` the rooms whose last run failed."""

    running: tuple[RunLine, ...]
    asking: tuple[RunLine, ...]
    wanting: tuple[RunLine, ...]
    latest: tuple[RunLine, ...]
    load: health.Load
    has_workflows: bool


def list_runs(
    rt: Runtime, user: User, sought: Sought = EVERYTHING, paging: Paging = FIRST_PAGE
) -> Page[RunLine]:
    """Newest first, those sought."""
    page = runs.list_runs(rt, user, sought, paging)
    return Page(items=_lines(rt, page.items), next_cursor=page.next_cursor)


def look_around(rt: Runtime, user: User) -> Overview:
    require(rt, user, Role.VIEWER, "see what is going on")
    few = Paging(limit=SHOWN)
    live = [run for status in LIVE for run in runs.list_runs(rt, user, Sought(status), few).items]
    live.sort(key=lambda run: (run.status is not RunStatus.QUEUED, run.id), reverse=True)
    running = _lines(rt, tuple(live[:SHOWN]))
    failed = rooms.list_rooms(rt, user, rooms.Sought(RoomStatus.FAILED), few).items
    wanted = [runs.list_runs(rt, user, Sought(room_id=room.id), Paging(limit=1)).items for room in failed]
    latest = runs.list_runs(rt, user, paging=few).items
    return Overview(
        running=running,
        asking=_asking(rt, user, running),
        wanting=_lines(rt, tuple(run for found in wanted for run in found)),
        latest=_lines(rt, latest),
        load=health.load(rt),
        has_workflows=bool(latest) or bool(list_workflows(rt, user, paging=Paging(limit=1)).items),
    )


def _asking(rt: Runtime, user: User, lines: tuple[RunLine, ...]) -> tuple[RunLine, ...]:
    """Those of the waiting that wait for an answer, with what they ask for."""
    found = []
    for line in lines:
        if line.status is RunStatus.WAITING:
            signals = history.run_standing(rt, user, line.id)["signals"]
            found.append(line.model_copy(update={"asks": ", ".join(each["what"] for each in signals)}))
    return tuple(line for line in found if line.asks)


def list_workers(rt: Runtime, user: User) -> tuple[Worker, ...]:
    """The processes that work or did within the last hour, the last started first."""
    require(rt, user, Role.VIEWER, "see the workers")
    now_us = rt.now_us()
    with rt.db.read() as session:
        found = overview.all_workers(session)
    return tuple(
        Worker(
            host=worker.host,
            pid=worker.pid,
            threads=worker.threads,
            is_alive=worker.expires_us > now_us,
            started_at=worker.started_us,
        )
        for worker in found
    )


def needs_input(rt: Runtime, user: User, room_id: str) -> bool:
    """Whether a run of the room can't start without values: the defaults of its input_schema don't fit it."""
    version = rooms.next_version(rt, user, room_id)
    schema = version.document.get("input_schema") if version else None
    if schema is None:
        return False
    return any(Described(schema).faults(with_defaults({}, schema)))


def _lines(rt: Runtime, found: tuple[Run, ...]) -> tuple[RunLine, ...]:
    with rt.db.read() as session:
        names = overview.names_of(session, (run.room_id for run in found))
    now_us = rt.now_us()
    return tuple(_line(run, names[run.room_id], now_us) for run in found if run.room_id in names)


def _line(run: Run, names: overview.Names, now_us: int) -> RunLine:
    took_us = (run.ended_at or now_us) - run.started_at if run.started_at else None
    return RunLine(
        id=run.id,
        number=run.number,
        status=run.status,
        room_id=run.room_id,
        room_name=names.room,
        workflow_id=run.workflow_id,
        workflow_name=names.workflow,
        version=run.version,
        is_trial=run.trial is not None,
        error=str((run.error or {}).get("message", "")),
        steps=run.steps,
        duration_ms=None if took_us is None else max(0, took_us // 1000),
        created_at=run.created_at,
        since=None if run.status.is_over else run.started_at,
    )
