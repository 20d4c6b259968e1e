"""How often a run is committed: before anything becomes observable, or after every step for who wants it so."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.core.identity import User
from engine.core.run import RunStatus
from engine.runner.committer import Committer
from engine.runner.wanted import Fenced
from engine.services import history
from engine.store import claims, journal
from engine.store.claims import Claimed
from engine.store.database import Database
from engine.store.journal import Move, Row
from tests.core.drawing import line, tool
from tests.crash.proxy import ALONE, COMMIT, CuttingProxy
from tests.fixtures.databases import open_quick
from tests.fixtures.running import until
from tests.fixtures.runtimes import MovableRuntime
from tests.runner.conftest import Place, Rooms
from tests.runner.test_crashes import cut_all_connections

STEPS = 8


@pytest.fixture
def strict(rt: MovableRuntime, editor: User) -> Iterator[Place]:
    settings = rt.settings.model_copy(update={"commit": "every_step"})
    place = Place(replace(rt, settings=settings), editor)
    yield place
    place.runner.stop()


@pytest.fixture
def easy(sqlite_rt: MovableRuntime, editor: User) -> Iterator[Place]:
    place = Place(sqlite_rt, editor)
    yield place
    place.runner.stop()


def first_move(mine: Claimed) -> Move:
    row = Row(mine.seq + 1, 1, b"[]", "hash", 0)
    return Move(mine.run_id, mine.room_id, mine.fence, mine.seq, "me", [row], {"steps": 1}, 0)


def cut_who_waits(rooms: Rooms) -> object:
    with rooms.rt.db.look() as hot:
        return hot.one(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        )


HANGS_UP = "PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(1)"


@contextmanager
def failing(db: Database, *faults: str) -> Iterator[None]:
    """Each of the first tries to add to the log runs into one of the faults."""
    cases = " ".join(f"WHEN {number} THEN {fault};" for number, fault in enumerate(faults, 1))
    body = f"BEGIN CASE nextval('tries') {cases} ELSE NULL; END CASE; RETURN NEW; END"
    with db.change() as hot:
        hot.run("CREATE SEQUENCE tries")
        hot.run(f"CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        hot.run("CREATE TRIGGER fails BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION fails()")
    try:
        yield
    finally:
        with db.change() as hot:
            hot.run("DROP FUNCTION fails CASCADE")
            hot.run("DROP SEQUENCE tries")


def commits(place: Place, document: dict[str, Any]) -> int:
    """How many rows the log of a run of the document has: each commit writes one, if it is small."""
    run = place.over(place.start(place.room(document)).id)
    with place.rt.db.read() as session:
        rows = journal.rows_after(session, run.id, 0)
    assert rows[-1].seq == run.seq
    return len(rows)


def test_in_strict_mode_each_step_has_a_commit_of_its_own(strict: Place) -> None:
    steps = [tool(f"t{number}") for number in range(STEPS)]

    assert commits(strict, line(*steps)) == STEPS + 3  # queued, START, the steps, END


def test_otherwise_pure_steps_share_a_commit(easy: Place) -> None:
    steps = [tool(f"t{number}") for number in range(STEPS)]

    assert commits(easy, line(*steps)) < STEPS


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_strict_run_outlives_the_connections_it_is_committed_on(strict: Place, database_url: str) -> None:
    run = strict.start(strict.room(line(*(tool(f"t{number}") for number in range(600)))))
    for seq in (100, 1000, 2000):
        strict.until(run.id, lambda run, seq=seq: run.seq > seq)  # type: ignore[misc]
        cut_all_connections(database_url)

    assert strict.over(run.id).status is RunStatus.COMPLETED
    assert history.replay_run(strict.rt, strict.user, run.id)["identical"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_step_that_was_sent_is_shown_though_its_driver_computes_on(rooms: Rooms, database_url: str) -> None:
    rt = rooms.rt
    with closing(Committer(rt.db, rt.feed, rt.now_us)) as committer:
        ((mine, _),) = committer.claim([rooms.queue(rooms.room(line(tool("a"))))], "me")
        move = first_move(mine)

        for _ in range(2):  # the second one comes too late
            with rt.db.change() as hot:
                hot.run(
                    "UPDATE run SET steps = 7 WHERE id = ?", mine.run_id
                )  # it can't be done before this is
                sent = committer.commit_behind(move, None, is_alone=True)
                assert not sent.is_done
            until(lambda sent=sent: sent.is_done or None)  # type: ignore[misc]
        with pytest.raises(Fenced):
            sent.until_done()

    assert rooms.get(mine.run_id).seq == move.seq


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_moves_whose_connection_is_cut_before_their_answers_are_made_again(
    rooms: Rooms, database_url: str
) -> None:
    rt = rooms.rt
    with closing(Committer(rt.db, rt.feed, rt.now_us)) as committer:
        ((mine, _),) = committer.claim([rooms.queue(rooms.room(line(tool("a"))))], "me")
        with rt.db.change() as hot:
            hot.run("UPDATE run SET steps = 7 WHERE id = ?", mine.run_id)
            first, second = first_move(mine), first_move(replace(mine, seq=mine.seq + 1))
            sent = [committer.commit_behind(move, None, is_alone=True) for move in (first, second)]
            until(lambda: cut_who_waits(rooms))

        assert [each.until_done() for each in sent] == [0, 0]
        assert rooms.get(mine.run_id).seq == second.seq


@pytest.mark.parametrize("is_alone", [True, False])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_move_without_room_waits_also_for_a_server_that_its_full_disk_has_ended(
    rooms: Rooms, database_url: str, is_alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.runner.committer.FULL_S", 0.05)
    rt = rooms.rt
    with closing(Committer(rt.db, rt.feed, rt.now_us)) as committer:
        ((mine, _),) = committer.claim([rooms.queue(rooms.room(line(tool("a"))))], "me")
        move = first_move(mine)

        with failing(rt.db, "RAISE disk_full", HANGS_UP, HANGS_UP):
            if is_alone:
                assert committer.commit_behind(move, None, is_alone=True).until_done() == 0
            else:
                assert committer.commit(move, None) == 0

    assert rooms.get(mine.run_id).seq == move.seq


@pytest.mark.parametrize("commit", [ALONE, COMMIT], ids=["alone", "in_a_transaction"])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_move_that_was_made_though_its_answer_was_lost_is_told_as_made(
    rooms: Rooms, database_url: str, tmp_path: Path, commit: bytes
) -> None:
    rt, server = rooms.rt, Path(database_url.partition("host=")[2].partition("&")[0])
    run_id = rooms.queue(rooms.room(line(tool("a"))))
    with rt.db.change() as hot:
        mine = claims.claim(hot, run_id, "me", 0)
    assert mine is not None
    move = first_move(mine)
    move.remember = {} if commit == ALONE else {"is": "not plain"}
    proxy = CuttingProxy(server, tmp_path, every=1, forwards=True, at_most=1, commit=commit)
    proxy.start()
    with (
        closing(proxy),
        closing(open_quick(database_url.replace(str(server), str(tmp_path)))) as cut_once,
        closing(Committer(cut_once, rt.feed, rt.now_us)) as committer,
    ):
        assert committer.commit(move, None) == 0
        assert proxy.cuts == 1
        with pytest.raises(Fenced):
            committer.commit(move, None)
