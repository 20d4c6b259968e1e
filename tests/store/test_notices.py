"""Notices are claimed in the order of their runs, fairly, and at a cost that does not grow with what is waiting."""

import pytest

from engine.core.subscription import Subscription
from engine.store import notices, subscriptions
from engine.store.notices import ASIDE_US, EACH, Claimed, NewNotice, Result
from engine.store.workers import Worker, register

ME = "worker"


@pytest.fixture
def db(database):
    with database.write() as session:
        register(session, Worker(id=ME, host="", pid=1, threads=1, started_us=0, expires_us=10**15))
        for name in "ab":
            made = Subscription(
                name=name,
                url="http://x",
                events=["ROOM_STARTED"],
                id=name,
                created_at=1,
                updated_at=1,
            )
            subscriptions.add(session, made, "me")
    return database


def put(db, subscription, runs, each, at_us=1):
    found = [
        NewNotice(subscription, f"run {run}", seq, "NODE_EXITED")
        for run in runs
        for seq in range(1, each + 1)
    ]
    with db.change() as hot:
        notices.put(hot, found, at_us)


def claim(db, now_us=2, limit=32, **busy):
    with db.change() as hot:
        return notices.claim(hot, ME, now_us, limit, busy)


def end(db, sent: Claimed, result=None, now_us=2):
    with db.change() as hot:
        subscriptions.hold(hot, sent.subscription_id)
        assert notices.record(hot, sent, ME, result or Result("DELIVERED", 200, None), now_us)


def turn(db, enabled):
    with db.write() as session:
        before = subscriptions.get(session, "a", lock=True)
        subscriptions.save(session, before.model_copy(update={"enabled": enabled}))


def told(db):
    """What is sent until nothing is left: each of a run after the one before."""
    last, rounds = {}, 0
    while sent := claim(db):
        rounds += 1
        for one in sent:
            place = (one.subscription_id, one.run_id)
            assert one.seq == last.get(place, 0) + 1
            last[place] = one.seq
            end(db, one)
    return last


def test_each_run_is_told_in_its_order_and_nothing_is_left(db):
    put(db, "a", range(9), 3)
    put(db, "b", range(2), 3)
    (first, *_) = claim(db, limit=1)
    assert [
        one.run_id for one in claim(db) if one.run_id == first.run_id and one.subscription_id == "a"
    ] == []
    with db.change() as hot:  # as if its worker had died
        hot.run("UPDATE notice SET owner = 'dead' WHERE owner IS NOT NULL")

    last = told(db)

    assert last == {("a", f"run {run}"): 3 for run in range(9)} | {("b", f"run {run}"): 3 for run in range(2)}


def test_who_fails_holds_up_neither_its_other_runs_nor_who_does_not(db):
    put(db, "a", range(3), 2)
    put(db, "b", range(1), 2)
    for one in claim(db, a=EACH):
        assert one.subscription_id == "b"
        end(db, one)
    (one,) = claim(db, limit=1, a=EACH - 1)
    assert one.subscription_id == "b"
    failed = claim(db)[0]
    end(db, failed, Result("PENDING", 500, "no", 9))
    assert {one.run_id for one in claim(db)}.isdisjoint({failed.run_id})
    assert [one.attempts for one in claim(db, now_us=9) if one.run_id == failed.run_id] == [2]


def test_a_run_with_much_to_tell_holds_up_no_other(db):
    put(db, "a", [9], 300)
    put(db, "a", range(3), 1, at_us=2)

    assert sorted(one.run_id for one in claim(db, b=EACH)) == ["run 0", "run 1", "run 2", "run 9"]


def test_what_was_put_aside_goes_on_though_it_was_held_when_the_one_before_was_told(db):
    put(db, "a", [1], 2)
    (sent,) = claim(db)
    assert claim(db) == []
    turn(db, False)
    end(db, sent)
    turn(db, True)

    (sent,) = claim(db)

    assert sent.seq == 2
    with db.read() as session:
        assert all(one.next_at < ASIDE_US for one in notices.list_after(session, "a", None, 9))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_claim_costs_the_same_however_much_is_waiting(db):
    """On SQLite, which counts its steps."""

    def cost():
        steps = [0]
        with db.change() as hot:
            raw = hot._raw
            raw.set_progress_handler(lambda: steps.__setitem__(0, steps[0] + 1), 100)
            taken = notices.claim(hot, ME, 2, 1, {"a": EACH})
            raw.set_progress_handler(None, 0)
        assert [one.subscription_id for one in taken] == ["b"]
        return steps[0]

    put(db, "b", range(9), 1)
    put(db, "a", range(10), 4)
    claim(db, b=EACH)
    few = cost()
    put(db, "a", range(10, 500), 4)

    assert cost() < 2 * few + 20
