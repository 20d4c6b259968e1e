"""What a worker does about runs that it has lost, and what keeps it from losing them."""

import asyncio
import threading
from contextlib import closing, contextmanager
from functools import partial
from queue import SimpleQueue
from typing import Any

import pytest
from sqlalchemy import text

from engine.core.catalogue import Catalogue, Effect, NodeType, Runs, StepContext, node_type
from engine.core.catalogue import tool as enter_tool
from engine.core.document import Frozen
from engine.core.inputs import Execute, Result
from engine.core.run import RunStatus
from engine.runner import runner
from engine.runner.effects import Effects, Ended, Work
from engine.runner.lease import Lease
from engine.runtime import Clock
from engine.services import history
from engine.store import claims, journal, workers
from engine.store.journal import Move, Row
from engine.store.workers import Worker
from tests.core.drawing import forked, line, node, tool
from tests.fixtures.contexts import a_context
from tests.fixtures.runtimes import HOUR, MovableRuntime
from tests.runner.conftest import Gate, Place, Rooms
from tests.simulation.bites import no_fence_check


class Params(Frozen):
    pass


SLOW = node("slow", "AGENT_TASK", config={"provider": "scripted", "model": "slow:30", "prompt": "wait"})


def test_what_is_executed_for_a_run_that_another_has_taken_over_is_stopped(place: Place) -> None:
    run = place.start(place.room(line(SLOW)))
    place.until(run.id, lambda run: run.status is RunStatus.RUNNING and run.seq > 5)

    with place.rt.db.write() as session:
        workers.register(session, a_worker("another", place.rt.now_us() + 3_600_000_000))
        sql = "UPDATE run SET owner = 'another', fence = fence + 1 WHERE id = :id"
        session.execute(text(sql), {"id": run.id})

    place.until(run.id, lambda run: not place.runner.is_driving(run.id))
    assert place.get(run.id).status is RunStatus.RUNNING


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_to_come_after_a_step_is_not_begun_for_a_run_that_was_lost_meanwhile(place: Place) -> None:
    """Each of three branches has a step that its driver executes itself; in the first the run is lost."""
    called: list[str] = []
    lost = threading.Event()

    @enter_tool(Params, title="Touch", category="test", effect=Effect.EXTERNAL, runs=Runs.AT_ONCE)
    def touch(params: Params, ctx: StepContext) -> None:
        """Be the end of the run that this worker has, if it is to be lost."""
        called.append(ctx.node_id)
        if lost.is_set():
            lost.clear()
            place.runner.driven()[ctx.run_id].abandon()

    place.rt.catalogue.add(touch)
    a, b, c = (node(id_, "TOOL_EXECUTION", config={"tool": "touch"}) for id_ in "abc")
    lost.set()
    run = place.start(place.room(forked([a], [b], [c])))
    place.runner.activate(run.id)

    assert place.over(run.id).status is RunStatus.COMPLETED
    assert sorted(called) == ["a", "a", "b", "c"]


def test_a_result_that_was_in_when_its_branch_was_cancelled_is_told_and_paid_for(place: Place) -> None:
    first, second = ({**SLOW, "id": id_, "config": SLOW["config"] | {"model": "slow:0.01"}} for id_ in "ab")
    room = place.room(forked([first], [second], join={"wait_for": "any"}))
    may_begin, may_go_on, are_busy = threading.Event(), threading.Event(), threading.Barrier(5, timeout=30)
    place.runner.effects.ping(partial(wait_for, may_begin))
    run = place.start(room)
    drive = place.runner.driven()[run.id]
    for _ in range(4):  # all of the runner's threads are busy until both steps have ended
        place.runner.submit(lambda: (are_busy.wait(), wait_for(may_go_on)))
    are_busy.wait()
    may_begin.set()
    place.until(run.id, lambda _: sum(isinstance(given, Result) for given, _ in list(drive._results)) == 2)
    may_go_on.set()

    ended = place.over(run.id)

    events = history.events(place.rt, place.user, run.id)
    late = [event for event in events if "came late" in event["data"].get("reason", "")]
    assert len(late) == 1
    one = next(event["data"]["tokens"] for event in events if event["type"] == "AGENT_RESPONSE")
    assert ended.tokens == 2 * one


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_lease_is_renewed_while_a_group_waits_to_be_committed(rooms: Rooms) -> None:
    lease = Lease(rooms.rt, "me", 1)
    lease._register(1)
    renewing = threading.Thread(target=lease._renew)
    with rooms.rt.db.hot():
        renewing.start()
        renewing.join(10)
        assert not renewing.is_alive()
    assert lease.is_held


def test_who_could_not_renew_gives_others_time_to_come_back_before_it_takes_their_runs(place: Place) -> None:
    lease = place.runner._lease
    lease._until_us = 0  # as after an hour without a database, or asleep
    lease._renew()
    assert lease.is_held
    run = place.get(place.queue(place.room(line(tool("a")))))
    with place.rt.db.write() as session:
        workers.register(session, a_worker("another", place.rt.now_us() - 1))
        session.execute(
            text("UPDATE run SET owner = 'another', ready = FALSE WHERE id = :id"), {"id": run.id}
        )

    place.runner.activate(run.id)
    assert place.get(run.id).status is RunStatus.QUEUED

    lease._others_us = place.rt.now_us()
    assert place.over(run.id).status is RunStatus.COMPLETED


@pytest.mark.parametrize("is_alive", [True, False])
def test_a_lease_that_ends_later_than_any_can_is_followed_if_it_is_renewed_and_else_ended(
    rt: MovableRuntime, is_alive: bool
) -> None:
    """As that of a worker that went on while this machine stood still, and that of one dead since before the clock was set."""
    mine, now_us = Lease(rt, "mine", 1), rt.now_us()
    rt.clock.agree(rt.db)
    mine._register(now_us + workers.LEASE_US)
    with rt.db.write() as session:
        workers.register(session, a_worker("other", now_us + HOUR))
    mine._follow()
    mine._follow()
    assert rt.now_us() - now_us < HOUR / 2
    rt.move_clock(workers.LEASE_US)
    with rt.db.write() as session:
        workers.renew(session, "other", now_us + HOUR + is_alive)
    mine._follow()

    started = Clock()
    started.agree(rt.db)
    with rt.db.read() as session:
        alive = {worker.id for worker in workers.alive(session, rt.now_us())}
    assert alive == ({"mine", "other"} if is_alive else set())
    assert (started.now_us() - now_us > HOUR / 2) is (rt.now_us() - now_us > HOUR / 2) is is_alive


@pytest.mark.parametrize("is_taken", [False, True])
def test_an_intent_that_is_on_disk_before_the_lease_is_back_waits_for_it(
    place: Place, gate: Gate, monkeypatch: pytest.MonkeyPatch, is_taken: bool
) -> None:
    monkeypatch.setattr(runner, "LEASE_BACK_S", 30)
    lease, second = place.runner._lease, Gate(place.rt.catalogue)
    second.is_open.set()
    run = place.start(place.room(line(gate.step("one"), second.step("two"))))
    lease._stopping.set()  # from now on it is renewed when we say so
    lease._thread.join()
    lease._until_us = 0  # as while a disk was full, until now
    gate.is_open.set()
    place.until(run.id, lambda run: run.steps == 3)
    if is_taken:
        with place.rt.db.write() as session:
            workers.register(session, a_worker("another", place.rt.now_us() + 3_600_000_000))
            sql = "UPDATE run SET owner = 'another', fence = fence + 1 WHERE id = :id"
            session.execute(text(sql), {"id": run.id})
    assert not place.runner.may_start_effects()
    assert not second.begun
    lease._renew()
    if is_taken:
        place.until(run.id, lambda run: not place.runner.is_driving(run.id))
    else:
        assert place.over(run.id).status is RunStatus.COMPLETED

    assert second.begun == [run.id] * (not is_taken)
    assert "WORKER_LOST" not in [event["type"] for event in history.events(place.rt, place.user, run.id)]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_dead_worker_s_connections_are_not_those_of_its_heir_with_the_same_name(rooms: Rooms) -> None:
    db = rooms.rt.db
    with db.write() as session:
        workers.register(session, a_worker("dead", 100))
    with db.look() as hot:
        assert len(workers.connections_of_dead(hot, 200)) == 1

    with db.write() as session:
        workers.register(session, a_worker("heir", 300))

    with db.look() as hot:
        assert workers.connections_of_dead(hot, 200) == []


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_a_worker_s_runs_are_a_crowd_while_more_than_sixteen_are_its_own(rooms: Rooms) -> None:
    mine = [rooms.queue(rooms.room(line(tool("a")))) for _ in range(claims.CROWD + 2)]
    with rooms.rt.db.hot() as hot:
        for run_id in mine:
            claims.claim(hot, run_id, "dead", 0)
        taken = claims.claim(hot, mine[0], "another", 0)
        assert taken is not None
        assert taken.last_owner == "dead"
        assert claims.is_crowd(hot, "dead")
        claims.claim(hot, mine[1], "another", 0)
        assert not claims.is_crowd(hot, "dead")
        assert not claims.is_crowd(hot, "another")


@node_type(Params, name="GIVING_UP", title="Giving up", icon="x", effect=Effect.EXTERNAL)
async def giving_up(params: Params, ctx: StepContext) -> Any:
    """Cancel its own task."""
    raise asyncio.CancelledError


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@node_type(Params, name="MUTE", title="Mute", icon="x", effect=Effect.EXTERNAL)
async def mute(params: Params, ctx: StepContext) -> Any:
    """Fail without words."""
    raise Mute


class Panic(BaseException):
    """As of a library that is written in Rust."""


@node_type(Params, name="PANIC", title="Panic", icon="x", effect=Effect.EXTERNAL)
async def panic(params: Params, ctx: StepContext) -> Any:
    """Fail with what hardly anybody catches."""
    raise Panic("all is lost")


FAILING = [(giving_up, ""), (mute, "Mute: it does not say"), (panic, "Panic: all is lost")]


@pytest.mark.parametrize(("kind", "said"), FAILING)
def test_a_step_that_cancels_itself_or_can_t_say_what_is_wrong_has_failed(kind: NodeType, said: str) -> None:
    ended: SimpleQueue[Ended] = SimpleQueue()
    with closing(Effects(Catalogue())) as effects:
        effects.begin(Work(Execute("1", "a", 1, {}, None), kind, a_context()), ended.put)
        result = ended.get(timeout=10)

    assert isinstance(result, Result)
    assert result.error is not None
    assert result.error["code"] == "step_crashed"
    assert result.error["message"].startswith(said)


def a_worker(id_: str, expires_us: int) -> Worker:
    return Worker(id=id_, host="there", pid=7, threads=1, started_us=0, expires_us=expires_us)


def wait_for(event: threading.Event) -> None:
    event.wait(10)


def outcome_of_a_late_commit(rooms: Rooms) -> int | None:
    """What a driver hears that commits after another worker has taken its run over and has not yet moved it."""
    run_id = rooms.queue(rooms.room(line(tool("a"))))
    with rooms.rt.db.hot() as hot:
        mine = claims.claim(hot, run_id, "me, whose lease has run out", 0)
        theirs = claims.claim(hot, run_id, "they", 0)
    assert mine is not None
    assert theirs is not None
    late = Move(run_id, mine.room_id, mine.fence, mine.seq, "me", rows=[], columns={}, inbox_done=0)
    with rooms.rt.db.hot() as hot:
        (heard,) = journal.commit(hot, [late], 0)
    return heard


def test_who_has_lost_a_run_can_commit_nothing_though_nobody_has_moved_it_since(rooms: Rooms) -> None:
    assert outcome_of_a_late_commit(rooms) is None


@pytest.mark.parametrize("is_single", [True, False])
@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_a_late_row_of_the_log_leaves_no_trace_and_those_beside_it_are_kept(
    rooms: Rooms, is_single: bool
) -> None:
    moves = []
    for is_late in [True] if is_single else [False, True, False]:
        run_id = rooms.queue(rooms.room(line(tool("a"))))
        with rooms.rt.db.hot() as hot:
            mine = claims.claim(hot, run_id, "me", 0)
            if is_late:
                claims.claim(hot, run_id, "they", 0)
        assert mine is not None
        rows = [Row(mine.seq + 1, 1, b"[]", "hash", 0)]
        moves.append(Move(run_id, mine.room_id, mine.fence, mine.seq, "me", rows, {"steps": 1}, 0))
    assert all(move.is_plain for move in moves)

    if is_single and (lane := rooms.rt.db.lane()) is not None:
        heard = [journal.heard(lane.take(lane.send(*journal.at_once(moves[0]))))]
        lane.close()
    else:
        with rooms.rt.db.hot() as hot:
            heard = journal.commit(hot, moves, 0)

    with rooms.rt.db.look() as hot:
        kept = [
            bool(hot.one("SELECT 1 FROM event WHERE run_id = ? AND hash = 'hash'", m.run_id)) for m in moves
        ]
    assert kept == [high is not None for high in heard] == ([False] if is_single else [True, False, True])


def test_but_for_the_fence_it_could(rooms: Rooms) -> None:
    with contextmanager(no_fence_check)():
        assert outcome_of_a_late_commit(rooms) is not None
