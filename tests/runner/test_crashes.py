"""What goes wrong inside the engine has an end, and an end for whom it concerns alone."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from engine.core.catalogue import Catalogue
from engine.core.identity import User
from engine.core.run import RunStatus
from engine.core.runview import Run
from engine.runner import Runner
from engine.runner.committer import Committer
from engine.runner.wanted import CommitFailed
from engine.services import history
from engine.store import claims
from engine.store.journal import Move
from tests.core.drawing import line, node, tool
from tests.fixtures.databases import OURS, open_quick
from tests.fixtures.runtimes import open_movable
from tests.runner.conftest import Gate, Place, Rooms


def resting(place: Place, document: dict[str, Any]) -> Run:
    """A run that waits and has no driver any more."""
    run = place.start(place.room(document))
    place.until(run.id, lambda run: run.status is RunStatus.WAITING and not place.runner.is_driving(run.id))
    return run


def test_a_run_that_crashes_the_engine_each_time_fails_in_the_end(place: Place) -> None:
    room = place.room(line(tool("a"), tool("b")))
    run_id = Rooms.queue(place, room)
    run = place.get(run_id)
    plan = place.rt.plan(run.workflow_id, run.version)
    lacking = {name: item for name, item in plan.nodes.items() if name != "b"}
    place.rt.plans[(run.workflow_id, run.version)] = replace(plan, nodes=lacking)

    failed = place.over(run_id)

    assert failed.status is RunStatus.FAILED
    assert failed.error is not None
    assert failed.error["code"] == "engine_crashed"
    assert "KeyError: 'b'" in failed.error["message"]
    place.rt.plans.clear()
    assert history.replay_run(place.rt, place.user, run_id)["identical"]
    assert place.over(place.start(room).id).status is RunStatus.COMPLETED


def test_a_run_whose_state_can_not_be_read_fails_in_the_end(place: Place) -> None:
    run = resting(place, line(node("ask", "WAIT", config={"signal": "go"})))
    with place.rt.db.write() as session:
        session.execute(
            text("UPDATE run SET state = '{', state_seq = 1, ready = TRUE WHERE id = :id"), {"id": run.id}
        )

    place.runner.activate(run.id)

    failed = place.over(run.id)

    assert failed.error is not None
    assert failed.error["code"] == "engine_crashed"


def test_a_run_that_has_begun_waits_for_a_worker_that_knows_its_steps(place: Place) -> None:
    run = resting(place, line(node("ask", "WAIT", config={"signal": "go"})))
    with place.rt.db.write() as session:  # begun long ago, and no bell rings for the other worker
        sql = "UPDATE run SET created_us = 1, ready = TRUE, kick_us = 9000000000000000 WHERE id = :id"
        session.execute(text(sql), {"id": run.id})
    ignorant = Runner(replace(place.rt, catalogue=Catalogue(), plans={}), threads=1)
    ignorant.start()

    ignorant.activate(run.id)
    ignorant.stop()

    assert place.get(run.id).status is RunStatus.WAITING
    with place.rt.db.look() as hot:
        assert hot.one("SELECT fence, ready FROM run WHERE id = ?", run.id) == (2, True)


def test_one_bad_move_does_not_fail_those_committed_with_it(rooms: Rooms) -> None:
    db, room = rooms.rt.db, line(tool("a"))
    committer = Committer(db, rooms.rt.feed, rooms.rt.now_us)
    taken = committer.claim([rooms.queue(rooms.room(room)) for _ in range(3)], "me")
    moves = [
        Move(item.run_id, item.room_id, item.fence, item.seq, "me", [], {"steps": steps}, 0)
        for (item, _), steps in zip(taken, (1, 2**70, 3), strict=True)
    ]
    answers = []
    with (
        ThreadPoolExecutor() as pool,
        db.hot(),
    ):  # the first waits for its turn, the others behind it for theirs
        for move in moves:
            answers.append(pool.submit(committer.commit, move, None))
            time.sleep(0.05)

    assert answers[0].result() == answers[2].result() == 0
    with pytest.raises(CommitFailed):
        answers[1].result()
    committer.close()


def test_a_result_outlives_the_connection_it_is_to_be_committed_on(
    postgres_url: str, tmp_path: Path, editor: User
) -> None:
    with ExitStack() as stack:
        rt = stack.enter_context(
            closing(open_movable(postgres_url, f"unix://{tmp_path / 'nobody'}", tmp_path))
        )
        place = Place(rt, editor)
        stack.callback(place.runner.stop)
        gate = Gate(rt.catalogue)
        run = place.start(place.room(line(gate.step())))
        place.until(run.id, lambda _: gate.begun)

        cut_all_connections(postgres_url)
        gate.is_open.set()

        assert place.over(run.id).status is RunStatus.COMPLETED
        types = [event["type"] for event in history.events(rt, editor, run.id)]
        assert "WORKER_LOST" not in types


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_workers_claim_in_any_order_without_waiting_for_each_other(
    rooms: Rooms, database_url: str
) -> None:
    first, second = (rooms.queue(rooms.room(line(tool("a")))) for _ in range(2))
    with closing(open_quick(database_url)) as other, rooms.rt.db.hot() as mine, other.hot() as theirs:
        assert claims.claim(mine, first, "me", 0)
        assert claims.claim(theirs, second, "they", 0)
        assert claims.claim(mine, second, "me", 0) is None
        assert claims.claim(theirs, first, "they", 0) is None


def cut_all_connections(url: str) -> None:
    folder = url.partition("host=")[2].partition("&")[0]
    with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE starts_with(application_name, %s)",
            [OURS],
        )
