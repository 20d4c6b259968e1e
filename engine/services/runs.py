"""Runs: start, look up, list, try again. Starting is one transaction; the bell rings after it."""

from __future__ import annotations

from dataclasses import replace

from pydantic import JsonValue

from engine.core.errors import IllegalTransition, InvalidInput, NotFound
from engine.core.identity import Role, User
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.core.run import RunStatus
from engine.core.runview import Run
from engine.core.trial import Trial
from engine.failpoints import Point, reach
from engine.runner import starting
from engine.runner.starting import NoVersion, RoomBusy, Wanted
from engine.runtime import Runtime
from engine.services.permission import require
from engine.store import run_list, runs
from engine.store.requests import own
from engine.store.run_list import EVERYTHING, Place, Sought

__all__ = ["NoVersion", "RoomBusy", "Sought", "Trial", "get", "list_runs", "retry", "start", "try_out"]


def start(
    rt: Runtime, user: User, room_id: str, input_: JsonValue = None, *, request_id: str | None = None
) -> Run:
    """Queue a run of the room; the same `request_id` of a user gives the same run, however often it is sent.

    Raises:
        RoomBusy: another run has the room and the room does not queue.
        InvalidInput: the input does not fit the version's input_schema.
        NoVersion: nothing was published yet.
    """
    require(rt, user, Role.EDITOR, "run a room")
    return _begin(rt, user, room_id, Wanted(user.id, input_, request_id))


def try_out(rt: Runtime, user: User, room_id: str, trial: Trial, *, request_id: str | None = None) -> Run:
    """As `start`, with some outputs given, an early end, or one node alone, and marked as a trial for good.

    Raises:
        UnknownNode: the version that would run has no such node.
        BadTrial: the node can't be pinned, ended after, or run alone.
    """
    require(rt, user, Role.EDITOR, "run a room")
    wanted = Wanted(user.id, trial.input, request_id, trial=None if trial.is_ordinary else trial)
    return _begin(rt, user, room_id, wanted)


def retry(
    rt: Runtime, user: User, run_id: str, *, from_step: int | None = None, request_id: str | None = None
) -> Run:
    """A new run that goes on where `run_id` failed, or from the step asked for, with the variables of that moment.

    A trial stays one, with its pins and its end.

    Raises:
        IllegalTransition: the run is not over, or was completed and no step is named.
        InvalidInput: there is no such step, or it stands inside a fork.
    """
    from engine.services.history import resume_point

    require(rt, user, Role.EDITOR, "retry a run")
    failed = get(rt, user, run_id)
    if not failed.status.is_over or (from_step is None and failed.status is RunStatus.COMPLETED):
        raise IllegalTransition(f"Run #{failed.number}", failed.status, "retried", ["RETRIED once FAILED"])
    at_step = resume_point(rt, failed, from_step)
    with rt.db.read() as session:
        kept = runs.trial_of(session, run_id)
    wanted = Wanted(
        user.id,
        failed.input,
        request_id,
        version=failed.version,
        at_step=at_step,
        trial=Trial(**kept) if kept else None,
        retry_of=failed.id,
    )
    run = _insert(rt, user, failed.room_id, wanted)
    starting.call(rt, run)
    return run


def get(rt: Runtime, user: User, run_id: str) -> Run:
    require(rt, user, Role.VIEWER, "see a run")
    with rt.db.read() as session:
        run = runs.get(session, run_id)
    if run is None:
        raise NotFound("run", run_id)
    return run


def list_runs(rt: Runtime, user: User, sought: Sought = EVERYTHING, paging: Paging = FIRST_PAGE) -> Page[Run]:
    """Newest first, those sought.

    Raises:
        InvalidInput: no run can be sought in that time.
    """
    require(rt, user, Role.VIEWER, "list runs")
    if sought.is_backward:
        raise InvalidInput("since is not before until, so no run can have begun between them: swap the two.")
    with rt.db.read() as session:
        found = run_list.listed(session, sought, after=_place(paging), limit=paging.limit + 1)
    return paging.page(found, lambda run: f"{run.created_at}.{run.id}")


def _place(paging: Paging) -> Place | None:
    last = paging.after()
    if last is None:
        return None
    began_us, dot, run_id = last.partition(".")
    if not (dot and began_us.isascii() and began_us.isdecimal() and len(began_us) < 19):
        raise InvalidInput("This cursor is of another list.")
    return Place(int(began_us), run_id)


def _begin(rt: Runtime, user: User, room_id: str, wanted: Wanted) -> Run:
    run = _insert(rt, user, room_id, wanted)
    reach(Point.AFTER_START)
    starting.call(rt, run)
    return run


def _insert(rt: Runtime, user: User, room_id: str, wanted: Wanted) -> Run:
    wanted = replace(wanted, request_id=own(f"user {user.id}", wanted.request_id))
    try:
        begun = _insert_once(rt, room_id, wanted)
    except runs.Taken:
        begun = _insert_once(rt, room_id, wanted)
    return begun if isinstance(begun, Run) else get(rt, user, begun)


def _insert_once(rt: Runtime, room_id: str, wanted: Wanted) -> Run | str:
    with rt.db.change() as hot:
        return starting.begin(rt, hot, room_id, wanted)
