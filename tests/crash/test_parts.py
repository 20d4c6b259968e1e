"""Redis, PostgreSQL and all workers at once die under running runs; what was accepted ends, once."""

import random
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from engine.core.run import RunStatus
from openrooms_app.ending import ANYWAY_S
from tests.core.drawing import line, node, tool
from tests.crash.checker import check
from tests.crash.installation import Installation, all_over, until
from tests.crash.ledger import read
from tests.crash.postgres import Postgres
from tests.crash.proxy import ALONE, CuttingProxy
from tests.crash.test_failpoints import ended
from tests.crash.workflows import effect, one_effect, with_fork, with_loop, with_signal, with_waits

pytestmark = pytest.mark.crash

LEASE_S = 6
DOCUMENTS = (with_waits(), with_fork(), with_loop())


@pytest.fixture
def proxy_folder(folder: Path) -> Path:
    path = folder / "proxy"
    path.mkdir()
    return path


def all_end_well(place: Installation, run_ids: list[str], within_s: float = 30) -> None:
    left = all_over(place, run_ids, within_s)
    assert left == [], place.stuck(left[0])
    found = check(place.rt, run_ids, read(place.ledger))
    assert not found.violations, str(found)


@pytest.mark.parametrize("wipe", [False, True])
def test_runs_go_on_while_redis_is_dead_and_after_it_is_back(place: Installation, wipe: bool) -> None:
    place.worker()
    before = [place.begin(document).id for document in DOCUMENTS]
    place.kill_redis(wipe=wipe)
    during = [place.begin(document).id for document in DOCUMENTS]
    assert all_over(place, during, 10) == []

    place.redis.revive()
    after = [place.begin(document).id for document in DOCUMENTS]

    all_end_well(place, before + during + after)


def test_a_queue_that_was_flushed_is_rung_again(place: Installation) -> None:
    run_ids = [place.begin(document).id for document in DOCUMENTS]
    place.flush_redis()

    place.worker()

    all_end_well(place, run_ids)


def test_all_workers_die_and_others_take_over_when_their_lease_is_over(on_sqlite: Installation) -> None:
    """Nobody tells the new ones who died."""
    place = on_sqlite
    rest = node("rest", "WAIT", config={"duration_s": 0.5})
    document = line(effect("one"), rest, effect("two", before_ms=300))
    workers = [place.worker(), place.worker()]
    run_ids = [place.begin(document).id for _ in range(6)]
    time.sleep(0.4)
    for worker in workers:
        worker.kill()
    killed = time.monotonic()
    place.worker()

    assert all_over(place, run_ids, 20) == []
    assert time.monotonic() - killed < 2 * LEASE_S  # one lease, and what was left to do
    all_end_well(place, run_ids)


@pytest.mark.parametrize("how", ["terminate", "backend", "postmaster"])
def test_runs_go_on_when_postgresql_is_back(on_postgres: Installation, postgres: Postgres, how: str) -> None:
    place, dice = on_postgres, random.Random(1)
    place.worker()
    run_ids = [place.begin(document).id for document in DOCUMENTS for _ in range(3)]
    place.until_event(run_ids[0], "NODE_ENTERED")  # a worker that finds no database at its start gives up
    if how == "terminate":
        assert postgres.terminate_backends(dice, share=1)
    elif how == "backend":
        assert postgres.kill_backend(dice)
    else:
        postgres.kill_server()
    postgres.start()

    all_end_well(place, run_ids)


def test_what_was_decided_while_postgresql_was_away_is_kept_and_no_effect_repeated(
    on_postgres: Installation, postgres: Postgres
) -> None:
    place = on_postgres
    worker = place.worker()
    run_ids = [place.begin(line(effect("one", after_ms=500), effect("two"))).id for _ in range(5)]
    place.until_event(run_ids[-1], "TOOL_INVOKED")
    postgres.kill_server()
    time.sleep(1.5)  # the effects are over meanwhile, and it has been tried
    postgres.start()

    all_end_well(place, run_ids)
    found = check(place.rt, run_ids, read(place.ledger))
    assert found.counts["repeated_effects"] == 0, worker.told()


@pytest.mark.parametrize("forwards", [True, False])
def test_a_commit_that_nobody_knows_the_end_of_is_neither_lost_nor_doubled(
    on_postgres: Installation, postgres: Postgres, proxy_folder: Path, forwards: bool
) -> None:
    place = on_postgres
    proxy = CuttingProxy(postgres.folder, proxy_folder, every=4, forwards=forwards, at_most=5)
    proxy.start()
    with closing(proxy):
        worker = place.worker(database_url=postgres.url(place.rt.db.url.database or "", proxy_folder))
        run_ids = [place.begin(document).id for document in DOCUMENTS for _ in range(2)]
        all_end_well(place, run_ids)
        until(
            lambda: proxy.cuts == 5
        )  # how many moves share a commit is nobody's promise; a lease is renewed for ever
        worker.kill()


def test_nor_is_a_strict_step_that_commits_itself(
    on_postgres: Installation, postgres: Postgres, proxy_folder: Path
) -> None:
    place = on_postgres
    place.extra["OPENROOMS_COMMIT"] = "every_step"
    proxy = CuttingProxy(postgres.folder, proxy_folder, every=4, forwards=True, at_most=3, commit=ALONE)
    proxy.start()
    with closing(proxy):
        worker = place.worker(database_url=postgres.url(place.rt.db.url.database or "", proxy_folder))
        all_end_well(place, [place.begin(line(*(tool(f"step{number}") for number in range(20)))).id])
        assert proxy.cuts == 3
        worker.kill()


def test_a_signal_sent_twice_around_a_death_arrives_once(place: Installation) -> None:
    worker = place.worker("after_commit:3")
    run = place.begin(with_signal())
    place.signal(run.room_id, "go", "once")
    place.dies(worker)
    place.signal(run.room_id, "go", "once")
    place.worker(replaces=worker)

    told = ended(place, run.id)
    assert (told.status, told.types.count("SIGNAL_RECEIVED")) == (RunStatus.COMPLETED, 1)


def test_a_worker_that_was_told_to_stop_leaves_its_runs_to_others(place: Installation) -> None:
    worker = place.worker()
    run = place.begin(one_effect(before_ms=1_500))
    place.until_event(run.id, "TOOL_INVOKED")
    worker.send(signal.SIGTERM)
    worker.wait()
    place.worker()

    assert ended(place, run.id).status is RunStatus.COMPLETED


def test_told_to_stop_it_ends_though_its_database_does_not_answer(
    on_postgres: Installation, postgres: Postgres
) -> None:
    place = on_postgres
    place.extra["OPENROOMS_WORKER_GRACE_S"] = "0"
    worker = place.worker()
    run_ids = [place.begin(document).id for document in (one_effect(before_ms=1_000), *DOCUMENTS)]
    place.until_event(run_ids[0], "TOOL_INVOKED")
    with postgres.stopped():
        time.sleep(0.5)  # all that it does waits for an answer
        worker.send(signal.SIGTERM)
        assert worker.wait(ANYWAY_S + 2) == 1
    place.worker(replaces=worker)

    all_end_well(place, run_ids)
