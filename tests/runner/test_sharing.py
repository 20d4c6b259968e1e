"""Runs that share a worker: while one's move is on its way to the disk, its thread drives another."""

import threading
import time
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from functools import partial

import pytest

from engine.core.identity import User
from engine.core.run import RunStatus
from engine.live.bell import Bell
from engine.runner import runner as module
from engine.runner.lease import Lease
from engine.runner.runner import HOLD_BACK_S
from engine.runtime import Runtime
from engine.services import control, history
from engine.services.control import Signal
from engine.store import workers
from tests.core.drawing import drawn, line, node, tool, way
from tests.runner.conftest import Gate, Place
from tests.runner.test_losing import a_worker


def ask(place: Place, sql: str) -> int:
    with place.rt.db.look() as hot:
        return int(hot.one(sql)[0])


def nobody_commits(place: Place) -> AbstractContextManager[object]:
    turn: AbstractContextManager[object] = place.runner.committer._turn
    return turn


def under_way(place: Place, gate: Gate) -> str:
    """A run whose step waits at the gate."""
    run = place.start(place.room(line(gate.step())))
    place.until(run.id, lambda run: run.id in gate.begun)
    return run.id


def until_handed_over(place: Place, run_id: str, moves: int) -> None:
    """Wait until so many moves wait to be committed."""
    committer = place.runner.committer
    place.until(run_id, lambda _: len(committer._waiting) + committer._behind.qsize() == moves)


def test_a_run_that_is_lost_while_its_move_waits_changes_nothing_and_holds_up_no_other(
    place: Place, gate: Gate
) -> None:
    with place.rt.db.write() as session:
        workers.register(session, a_worker("another", place.rt.now_us() + 3_600_000_000))
    lost, kept = under_way(place, gate), under_way(place, gate)
    seq = place.get(lost).seq

    with nobody_commits(place):
        gate.is_open.set()
        until_handed_over(place, lost, 2)
        assert place.runner.is_driving(lost)
        assert place.runner.is_driving(kept)
        with place.rt.db.hot() as hot:
            hot.run("UPDATE run SET owner = 'another', fence = fence + 1 WHERE id = ?", lost)

    assert place.over(kept).status is RunStatus.COMPLETED
    place.until(lost, lambda _: not place.runner.is_driving(lost))
    assert (place.get(lost).status, place.get(lost).seq) == (RunStatus.RUNNING, seq)


def test_runs_whose_moves_wait_together_go_on_together(place: Place, gate: Gate) -> None:
    run_ids = [under_way(place, gate) for _ in range(3)]

    with nobody_commits(place):
        gate.is_open.set()
        until_handed_over(place, run_ids[0], 3)

    for run_id in run_ids:
        assert place.over(run_id).status is RunStatus.COMPLETED
        seqs = [event["seq"] for event in history.events(place.rt, place.user, run_id)]
        assert seqs == list(range(1, len(seqs) + 1))


def test_a_worker_with_enough_to_do_leaves_bells_to_others(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, may_go_on = place.runner, threading.Event()

    def wait() -> None:
        may_go_on.wait()

    assert runner.room() == 4  # it has four threads, and as many children
    try:
        for _ in range(7):
            runner.submit(wait)
        assert runner.room() == 1

        runner.submit(wait)
        began = time.monotonic()
        assert runner.room() == 0
        assert time.monotonic() - began >= HOLD_BACK_S
        monkeypatch.setattr(module, "HOLD_BACK_S", 60)  # who has a place free says so before that
        threading.Timer(HOLD_BACK_S, may_go_on.set).start()
        began = time.monotonic()
        assert runner.room() > 0
        assert time.monotonic() - began < 30
    finally:
        may_go_on.set()


def test_a_worker_without_a_lease_hears_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lease, "is_held", False)
    assert place.runner.room() == 0


def test_a_knock_at_a_drive_that_has_just_ended_reaches_the_next(place: Place, gate: Gate) -> None:
    waiting = node("wait", "WAIT", config={"signal": "go"})
    run = place.start(place.room(line(gate.step(), waiting)))
    ended = place.runner.driven()[run.id]
    gate.is_open.set()
    place.until(run.id, lambda run: not place.runner.is_driving(run.id))
    assert place.get(run.id).status is RunStatus.WAITING
    place.runner._drives[run.id] = ended  # as in the instant before it is taken off the list

    control.signal(place.rt, place.user, run.room_id, Signal(name="go"))
    place.runner.activate(run.id)

    assert place.over(run.id).status is RunStatus.COMPLETED


def test_a_long_run_gives_its_place_to_those_that_wait_and_goes_on_after_them(
    rt: Runtime, editor: User, redis_url: str
) -> None:
    with closing(Bell(redis_url, b"key")) as bell:
        place = Place(replace(rt, bell=bell), editor)
        count = tool("count", remember={"rounds": "has(memory.rounds) ? memory.rounds + 1 : 1"})
        nodes = [node("start", "START"), count, node("decide", "DECISION"), node("end", "END")]
        ways = [way("start", "count"), way("count", "decide"), way("decide", "end", priority=1)]
        ways.append(way("decide", "count", "CONDITION_MET", when="memory.rounds < 100000"))
        long = drawn(nodes, ways, limits={"max_steps": 1_000_000})
        try:
            started = [place.queue(place.room(long)) for _ in range(8)]  # it has four threads
            assert bell.queue_length() == 8
            for run_id in started:
                place.runner.submit(partial(place.runner.activate, run_id))
            given_back = "SELECT count(*) FROM run WHERE ready AND owner IS NULL AND seq > 100"
            until = time.monotonic() + 20
            while not ask(place, given_back):
                assert time.monotonic() < until, "all of them are held on to"
                time.sleep(0.02)
        finally:
            place.runner.stop()
