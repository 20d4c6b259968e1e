"""Health: each part says for itself whether it is up, and what to do when it is not."""

import re
from contextlib import closing

import pytest
from sqlalchemy import text

from engine.services import doctor, health
from engine.settings import Settings
from engine.store import workers
from tests.fixtures.runtimes import open_movable


def enter_worker(rt):
    with rt.db.write() as session:
        now_us = rt.now_us()
        worker = workers.Worker("w1", "host", 1, 4, started_us=now_us, expires_us=now_us + workers.LEASE_US)
        workers.register(session, worker)


def test_all_parts_up_is_healthy(database_url, redis_url, tmp_path):
    with closing(open_movable(database_url, redis_url, tmp_path)) as rt:
        enter_worker(rt)
        told = health.check(rt)

        assert told.status == "healthy"
        assert {name: check.status for name, check in told.checks.items()} == {
            "database": "up", "redis": "up", "workers": "up", "subscriptions": "up",
        }  # fmt: skip
        assert told.checks["workers"].count == 1
        assert told.checks["redis"].latency_ms > 0


def test_a_dead_redis_and_no_worker_is_degraded_and_says_what_to_do(rt):
    told = health.check(rt)

    assert told.status == "degraded"
    assert told.checks["database"].status == "up"
    assert (told.checks["redis"].status, told.checks["workers"].status) == ("down", "down")
    assert "openrooms worker" in told.checks["workers"].detail


def test_a_worker_that_fell_silent_does_not_count(rt):
    enter_worker(rt)
    assert health.check(rt).checks["workers"].count == 1
    rt.move_clock(workers.LEASE_US)

    assert health.check(rt).checks["workers"].count == 0


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://nobody:secret@127.0.0.1:1/x", "sqlite:////nowhere/x.db"]
)
def test_a_database_out_of_reach_is_down_and_no_secret_is_told(url, tmp_path):
    with closing(open_movable(url, f"unix://{tmp_path}/no.sock", tmp_path)) as rt:
        told = health.check(rt)

    assert told.checks["database"].status == told.checks["workers"].status == "down"
    assert "secret" not in told.model_dump_json()
    assert "127.0.0.1" not in told.model_dump_json()


def test_a_database_of_another_version_is_down(rt):
    with rt.db.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))

    assert "newer version" in health.check(rt).checks["database"].detail


def test_the_load_counts_runs_and_workers(rt):
    enter_worker(rt)

    assert health.load(rt).model_dump() == {
        "runs": {}, "workers": 1, "worker_threads": 4, "queue_length": None, "redis_failures": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("embedding", "is_fine", "found"),
    [
        ("", True, "by their words"),
        ("openai:small", False, "'openai' is not set up"),
        ("scripted:x", False, "no embedding models"),
        ("nobody:x", False, "no provider 'nobody'"),
    ],
)
def test_the_doctor_says_how_texts_are_found(tmp_path, embedding, is_fine, found):
    settings = Settings(
        _env_file=None, data_dir=tmp_path, embedding=embedding, openai_api_key="", openai_base_url=""
    )
    findings = {finding.name: finding for finding in doctor.examine(settings)}

    assert findings["embedding"].is_fine is is_fine
    assert found in findings["embedding"].found
    assert re.match("sqlite-vec v|computed in Python", findings["vectors"].found)
