"""Subscribers are told of each event once it is committed, in order, signed, until they have it."""

import time
from collections import Counter
from dataclasses import replace

import pytest

from engine.core.errors import InvalidInput, NotFound
from engine.core.events import EventType
from engine.core.subscription import (
    MOST_ATTEMPTS,
    OFF_AFTER_US,
    NewSubscription,
    SubscriptionPatch,
    pause_us,
)
from engine.runner import Runner
from engine.services import auditing, control, health, history, rooms, runs, subscriptions
from engine.services.permission import Forbidden
from tests.fixtures.drawings import drawing
from tests.fixtures.receiver import receiving
from tests.fixtures.runtimes import SECOND
from tests.runner.conftest import Place

ENDS = ("ROOM_STARTED", "ROOM_COMPLETED")
STEPS = drawing("start > a > b > end")


@pytest.fixture
def place(rt, editor):
    opened = replace(rt, settings=rt.settings.model_copy(update={"http_allow": "127.0.0.1"}))
    made = Place(opened, editor)
    yield made
    made.runner.stop()


def subscribed(place, receiver, *events, **fields):
    new = NewSubscription(
        name="Ear", url=receiver.url, events=[EventType(type_) for type_ in events], **fields
    )
    made = subscriptions.create(place.rt, place.user, new)
    receiver.key = made.secret
    heard_by(place.runner)
    return made.subscription.id


def heard_by(*runners):
    for runner in runners:
        until(lambda runner=runner: runner.committer.outbox.is_wanted)


def until(look, within_s=20):
    end = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def deliveries(place, subscription_id):
    return list(reversed(subscriptions.deliveries(place.rt, place.user, subscription_id).items))


def test_each_event_is_told_once_in_order_and_again_until_it_was_taken(place):
    def answer(number, _told):
        return 503 if number == 1 else 302 if number == 3 else 200

    with receiving(answer) as receiver:
        mine = place.room(STEPS)
        id_ = subscribed(place, receiver, "ROOM_STARTED", "NODE_EXECUTED", "ROOM_COMPLETED", room_id=mine)
        other = place.over(place.start(place.room(STEPS)).id)
        run = place.over(place.start(mine).id)
        types = {"ROOM_STARTED", "NODE_EXECUTED", "ROOM_COMPLETED"}
        events = [one for one in history.events(place.rt, place.user, run.id) if one["type"] in types]
        told = receiver.until(len(events))
        sent = until(lambda: all(one.done_at for one in deliveries(place, id_)) and deliveries(place, id_))

    assert [one["event"] for one in told] == events
    assert {one["run_id"] for one in told} == {run.id} != {other.id}
    assert [one["type"] for one in told] == [one["type"] for one in events]
    assert [one.attempts for one in sent] == [1, 2, 2] + [1] * (len(events) - 3)
    assert {one.response_status for one in sent} == {200}
    assert [one["id"] for one in told] == [one.id for one in sent]
    headers = receiver.calls[0][0]
    assert (headers["content-type"], headers["x-openrooms-event"]) == ("application/json", "ROOM_STARTED")
    assert subscriptions.get(place.rt, place.user, id_).failing_since is None


def test_two_workers_send_nothing_twice_and_take_over_from_the_dead(place):
    second = Runner(place.rt, threads=2)
    second.start()
    try:
        with receiving(lambda _number, _told: time.sleep(0.02) or 200) as receiver:
            subscribed(place, receiver, *ENDS)
            heard_by(second)
            third = Runner(place.rt, threads=1)
            third.start()
            knew = third.committer.outbox.is_wanted
            third.stop()
            begun = [place.start(place.room(STEPS)) for _ in range(12)]
            told = receiver.until(24)
            time.sleep(0.1)
    finally:
        second.stop()

    assert knew, "who starts tells of its first commit too"
    assert len(receiver.calls) == 24
    assert Counter(one["run_id"] for one in told) == {run.id: 2 for run in begun}


def test_what_is_gone_switches_off_and_what_was_held_is_told_when_it_is_back(place, admin):
    with receiving(lambda number, _told: 410 if number == 0 else 200) as receiver:
        id_ = subscribed(place, receiver, *ENDS)
        place.over(place.start(place.room(STEPS)).id)
        off = until(lambda: (one := subscriptions.get(place.rt, place.user, id_)).off_reason and one)
        assert (off.enabled, off.off_reason) == (False, "The address answered 410.")
        assert [one.status for one in deliveries(place, id_)] == ["DEAD", "HELD"]
        assert "1 can't be told" in health.check(place.rt).checks["subscriptions"].detail
        place.over(place.start(place.room(STEPS)).id)

        on = subscriptions.patch(place.rt, place.user, id_, SubscriptionPatch(enabled=True))
        assert on.off_reason is None
        assert [one["type"] for one in receiver.until(1)] == ["ROOM_COMPLETED"]
        dead = deliveries(place, id_)[0]
        subscriptions.redeliver(place.rt, place.user, id_, dead.id)
        assert [one["id"] for one in receiver.until(2)][1] == dead.id
    actions = [entry.action for entry in auditing.list_entries(place.rt, admin).items]
    assert {"subscription_off", "redelivered", "subscription_created"} <= set(actions)


def test_a_run_that_is_cancelled_in_line_is_told_of_too(place):
    with receiving() as receiver:
        room_id = place.room(
            drawing("start > wait > end", wait={"config": {"signal": "go"}}), queue_runs=True
        )
        subscribed(place, receiver, "ROOM_CANCELLED")
        place.start(room_id)
        waiting = runs.start(place.rt, place.user, room_id)
        control.cancel_run(place.rt, place.user, waiting.id)

        assert [one["run_id"] for one in receiver.until(1)] == [waiting.id]


def test_what_fails_for_a_day_is_given_up_and_switched_off(place):
    id_ = None
    with receiving(lambda _number, _told: 500) as receiver:
        id_ = subscribed(place, receiver, "ROOM_COMPLETED")
        place.over(place.start(place.room(STEPS)).id)
        until(lambda: deliveries(place, id_)[0].error)
        place.rt.move_clock(OFF_AFTER_US + 2 * SECOND)
        off = until(lambda: (one := subscriptions.get(place.rt, place.user, id_)).off_reason and one)

    assert (off.enabled, off.off_reason) == (False, "The address answered 500.")
    total_us = sum(pause_us(attempts, 0.5) for attempts in range(1, MOST_ATTEMPTS))
    assert 0.9 < total_us / OFF_AFTER_US < 1.1


def test_a_room_that_is_deleted_leaves_nothing_to_tell(place):
    with receiving(lambda _number, _told: 500) as receiver:
        id_ = subscribed(place, receiver, "ROOM_COMPLETED")
        room_id = place.room(STEPS)
        place.over(place.start(room_id).id)
        until(lambda: receiver.calls)
        rooms.delete(place.rt, place.user, room_id)
        (dead,) = until(lambda: [one for one in deliveries(place, id_) if one.status == "DEAD"])

    assert dead.error == "The run is gone."


def test_subscriptions_are_the_editors_and_lead_where_the_guard_allows(place, viewer):
    rt, user = place.rt, place.user
    with receiving() as receiver:
        id_ = subscribed(place, receiver, *ENDS)
    for fields in (
        {"url": "http://10.0.0.1/"},
        {"url": "file:///etc/passwd"},
        {"events": [EventType.RUN_QUEUED]},
    ):
        given = {"name": "x", "url": "https://example.com/", "events": [EventType.ROOM_FAILED], **fields}
        with pytest.raises(InvalidInput):
            subscriptions.create(rt, user, NewSubscription(**given))
    with pytest.raises(InvalidInput, match="called"):
        subscriptions.patch(rt, user, id_, SubscriptionPatch(url="http://localhost/"))
    with pytest.raises(Forbidden):
        subscriptions.delete(rt, viewer, id_)
    before = subscriptions.rotate(rt, user, id_).secret
    assert subscriptions.rotate(rt, user, id_).secret != before
    with rt.db.look() as hot:
        assert before not in str(hot.all("SELECT * FROM subscription"))
    subscriptions.delete(rt, user, id_)
    with pytest.raises(NotFound):
        subscriptions.get(rt, user, id_)
    assert runs.list_runs(rt, viewer).items == ()
