"""Fires schedules: one transaction moves the due time on and begins the run, so neither is lost or done twice."""

from __future__ import annotations

import logging
import time
from typing import NamedTuple

from engine.core.cron import cron
from engine.core.errors import InvalidInput, NotFound, OpenRoomsError
from engine.core.runview import Run
from engine.core.schedule import Decision, Firing, Schedule, decide
from engine.failpoints import Point, reach
from engine.runner.starting import NoVersion, RoomBusy, Wanted, begin, notice
from engine.runtime import Runtime
from engine.store import inbox, runs, schedules
from engine.store.database import Hot

log = logging.getLogger(__name__)

AT_ONCE = 20
"""Due times of one schedule in one round, so that many missed ones hold no other schedule up."""
ROUND_S = 0.05
"""How long one round may take, so that those of many schedules hold no timer up."""
MOST_IN_LINE = 100
MISSED = "missed"
BUSY = "The room was busy, and this schedule leaves out what is due then."
BY = "schedule"


class LineFull(OpenRoomsError):
    code = "line_full"

    def __init__(self) -> None:
        super().__init__(f"{MOST_IN_LINE} runs stand in line for the room already.")


class Woken(NamedTuple):
    """A run to be looked after, and who drives it; `begun` is one that is new."""

    run_id: str
    owner: str | None
    begun: Run | None = None


def fire_due(rt: Runtime, now_us: int) -> list[Woken]:
    """Fire what is due, the oldest first; what can't be fired now, or not in this round, is left for the next one."""
    with rt.db.look() as hot:
        ids = schedules.due(hot, now_us)
    woken: list[Woken] = []
    took_s = 0.0
    for schedule_id in ids:
        begun_s = time.monotonic()
        try:
            for _ in range(AT_ONCE):
                fired = _fire(rt, schedule_id, now_us)
                if fired is None:
                    break
                woken += fired
        except runs.Taken:
            continue
        except OpenRoomsError as error:
            log.warning("schedule %s: %s", schedule_id, error)
        except Exception:
            log.exception("schedule %s", schedule_id)
        else:  # one that can't be fired costs the others nothing of their turn
            took_s += time.monotonic() - begun_s
            if took_s > ROUND_S:
                break
    if begun := [run.begun for run in woken if run.begun]:
        rt.feed.publish([notice(run) for run in begun])
    return woken


def _fire(rt: Runtime, schedule_id: str, now_us: int) -> list[Woken] | None:
    """One due time; None when there is none, or it is another's."""
    with rt.db.change() as hot:
        schedule = schedules.take_due(hot, schedule_id, now_us)
        if schedule is None:
            return None
        due_us = schedule.next_due_at or 0
        decision, firing = _decided(schedule, due_us, now_us)
        if not schedules.move_on(hot, schedule, decision.next_due_us):
            return None
        woken: list[Woken] = []
        if decision.does_fire:
            firing, woken = _begin(rt, hot, schedule, firing)
        schedules.note(hot, schedule.id, firing)
        reach(Point.IN_FIRE_SCHEDULE)
    reach(Point.AFTER_FIRE_SCHEDULE)
    return woken


def _decided(schedule: Schedule, due_us: int, now_us: int) -> tuple[Decision, Firing]:
    """What to do about the due time, and what is told of it if nothing is done."""
    skipped = Firing(due_at=due_us, fired_at=now_us, outcome="skipped")
    try:
        decision = decide(cron(schedule.cron, schedule.zone), schedule.catch_up, due_us, now_us)
    except InvalidInput as error:  # this machine does not know the zone any more
        return Decision(False, None), skipped.model_copy(update={"code": error.code, "message": str(error)})
    message = "It and what followed was missed while no worker was there."
    return decision, skipped.model_copy(update={"code": MISSED, "message": message})


def _begin(rt: Runtime, hot: Hot, schedule: Schedule, firing: Firing) -> tuple[Firing, list[Woken]]:
    """Begin the run of a due time, or say why not."""
    held = schedules.holder(hot, schedule.room_id) if schedule.overlap == "cancel_running" else None
    wanted = Wanted(
        by=schedule.id,
        input=schedule.input,
        request_id=f"schedule:{schedule.id}:{firing.due_at}",
        in_line=schedule.overlap != "skip",
        cause={"schedule": schedule.id},
    )
    try:
        if wanted.in_line and schedules.count_in_line(hot, schedule.room_id) >= MOST_IN_LINE:
            raise LineFull
        begun = begin(rt, hot, schedule.room_id, wanted)
    except RoomBusy as error:
        return firing.model_copy(update={"code": error.code, "message": BUSY}), []
    except (NoVersion, InvalidInput, NotFound, LineFull) as error:
        return firing.model_copy(update={"code": error.code, "message": str(error)}), []
    woken = [Woken(begun.id, None, begun) if isinstance(begun, Run) else Woken(begun, None)]
    if held is not None:
        inbox.put_many(hot, [(held.run_id, inbox.Wish("cancel", {"by": BY}, rt.now_us()))])
        woken.append(Woken(held.run_id, held.owner))
    run_id = woken[0].run_id
    is_queued = runs.is_in_line(hot, run_id)
    told = {"outcome": "queued" if is_queued else "started", "run_id": run_id, "code": None, "message": ""}
    return firing.model_copy(update=told), woken
