"""Hooks: a delivery does what it is for once and for good, whoever sends it again, and strangers do nothing."""

import hashlib
import hmac
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import orjson
import pytest
from sqlalchemy import event

from engine.core import signing
from engine.core.errors import InvalidInput, NotFound, OpenRoomsError
from engine.core.expressions import BadExpression
from engine.core.hook import Call, HookPatch, NewHook
from engine.core.room import NewRoom
from engine.core.signal_links import BadLink
from engine.core.trial import Trial
from engine.runner import Runner, starting
from engine.services import auditing, calls, control, hooks, rooms, runs, versions, workflows
from engine.services.calls import CALLS, NotTaken, TooManyCalls
from engine.services.permission import Forbidden
from engine.store import hooks as stored_hooks
from tests.fixtures.drawings import drawing
from tests.fixtures.runtimes import SECOND


@pytest.fixture
def room_id(rt, editor):
    document = drawing("start > wait > end", wait={"config": {"signal": "go"}})
    document["input_schema"] = {"type": "object", "properties": {"n": {"type": "integer"}}}
    made = workflows.create(rt, editor, document)
    versions.publish(rt, editor, made.id)
    return rooms.create(rt, editor, NewRoom(name="Secret plans", workflow_id=made.id, queue_runs=True)).id


def opened(rt, user, room_id, **fields):
    return hooks.create(rt, user, room_id, NewHook(name="Hook", **fields))


def token_of(made):
    return made.url.rpartition("/")[2]


def a_call(value=None, *, raw=None, media_type="application/json", query=(), **headers):
    body = orjson.dumps(value) if raw is None else raw
    named = {name.replace("_", "-").lower(): text for name, text in headers.items()}
    return Call(media_type, named, list(query), body)


def of_room(rt, user, room_id):
    return runs.list_runs(rt, user, runs.Sought(room_id=room_id)).items


def refusal(rt, made, call):
    with pytest.raises(OpenRoomsError) as caught:
        calls.take(rt, token_of(made), call)
    return caught.value.code


def test_a_delivery_starts_one_run_for_good(rt, editor, room_id):
    made = opened(rt, editor, room_id, headers=("X-Shop",))
    call = a_call({"n": 1}, query=[("from", "shop")], x_openrooms_delivery="d-1", x_shop="7", cookie="secret")

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: calls.take(rt, token_of(made), call), range(8)))

    (run,) = of_room(rt, editor, room_id)
    assert {one.run_id for one in taken} == {run.id}
    assert sorted(one.is_repeated for one in taken) == [False] + [True] * 7
    assert run.input == {"body": {"n": 1}, "headers": {"x-shop": "7"}, "query": {"from": "shop"}}
    control.cancel(rt, editor, room_id)
    runner = Runner(rt, threads=1)
    runner.start()
    runner.activate(run.id)
    runner.stop()
    assert calls.take(rt, token_of(made), call).is_repeated
    assert not calls.take(rt, token_of(made), a_call({"n": 1}, idempotency_key="d-2")).is_repeated
    assert not calls.take(rt, token_of(made), a_call({"n": 1})).is_repeated
    assert len(of_room(rt, editor, room_id)) == 3
    assert [one.delivery_id for one in hooks.deliveries(rt, editor, made.hook.id).items][-2:] == [
        "d-2",
        "d-1",
    ]


def test_a_mapping_makes_the_input_and_bodies_may_be_forms_or_text(rt, editor, room_id):
    mapping = {"n": "{{ int(body.n) }}", "who": "{{ query.who }}", "text": "n is {{ body.n }}"}
    made = opened(rt, editor, room_id, mapping=mapping)
    form = a_call(raw=b"n=4&x=%C3%A9", media_type="application/x-www-form-urlencoded", query=[("who", "Zoe")])
    calls.take(rt, token_of(made), form)
    hooks.patch(rt, editor, made.hook.id, HookPatch(mapping={"said": "{{ body }}"}))
    calls.take(rt, token_of(made), a_call(raw="grüß".encode(), media_type="text/plain"))

    second, first = of_room(rt, editor, room_id)
    assert first.input == {"n": 4, "who": "Zoe", "text": "n is 4"}
    assert second.input == {"said": "grüß"}
    for mapping in ("{{ secrets.key }}", "{{ memory.x }}", "{{ body. }}"):
        with pytest.raises((InvalidInput, BadExpression)):
            opened(rt, editor, room_id, mapping=mapping)
    with pytest.raises(InvalidInput, match="secret"):
        opened(rt, editor, room_id, headers=("Authorization",))


def test_a_signal_reaches_the_wait_once_though_another_run_waits_by_then(rt, editor, room_id):
    made = opened(rt, editor, room_id, signal="go", mapping={"ok": "{{ body.ok }}"})
    call = a_call({"ok": True}, webhook_id="s-1")
    assert refusal(rt, made, call) == "illegal_transition"
    first, second = (runs.start(rt, editor, room_id) for _ in range(2))

    assert calls.take(rt, token_of(made), call).run_id == first.id
    runner = Runner(rt, threads=2)
    runner.start()
    try:
        end = time.monotonic() + 20
        while runs.get(rt, editor, second.id).status != "WAITING":
            assert time.monotonic() < end
            time.sleep(0.01)
        again = calls.take(rt, token_of(made), call)
    finally:
        runner.stop()
    assert (again.run_id, again.is_repeated) == (first.id, True)
    assert runs.get(rt, editor, second.id).status == "WAITING"


def test_signed_calls_are_taken_once_and_not_from_strangers_or_late(rt, editor, room_id):
    made = opened(rt, editor, room_id, signing="openrooms")
    now_s, body = rt.now_us() // SECOND, b'{"n":1}'

    def signed(at_s=now_s, key=made.secret, delivery="d-1", said=body, sent=body):
        signature = signing.sign(key, at_s, delivery, said)
        return a_call(raw=sent, x_openrooms_signature=signature, x_openrooms_delivery=delivery)

    assert not calls.take(rt, token_of(made), signed()).is_repeated
    assert calls.take(rt, token_of(made), signed()).is_repeated
    forged = signed()
    forged.headers["x-openrooms-delivery"] = "d-2"
    wrong = [
        forged,
        signed(now_s - 301),
        signed(now_s + 330),
        signed(key="x"),
        signed(sent=b'{"n":2}'),
        a_call(),
    ]
    assert {refusal(rt, made, call) for call in wrong} == {"bad_signature"}
    replayed = signed(delivery="")
    assert not calls.take(rt, token_of(made), replayed).is_repeated
    replayed.headers["idempotency-key"] = "as if it were new"
    assert calls.take(rt, token_of(made), replayed).is_repeated
    assert len(of_room(rt, editor, room_id)) == 2

    rotated = hooks.rotate(rt, editor, made.hook.id)
    with pytest.raises(BadLink):
        calls.take(rt, token_of(made), signed())
    assert rotated.secret != made.secret
    assert refusal(rt, rotated, signed(delivery="d-3")) == "bad_signature"
    assert not calls.take(rt, token_of(rotated), signed(key=rotated.secret, delivery="d-4")).is_repeated


def test_calls_signed_as_github_does(rt, editor, room_id):
    made = opened(rt, editor, room_id, signing="github")
    body = b'{"n":1}'
    mac = hmac.new(made.secret.encode(), body, hashlib.sha256).hexdigest()
    call = a_call(
        raw=body, x_hub_signature_256=f"sha256={mac}", x_github_delivery="72d3162e", x_github_event="push"
    )

    assert calls.take(rt, token_of(made), call).delivery_id == "72d3162e"
    assert calls.take(rt, token_of(made), call).is_repeated
    assert of_room(rt, editor, room_id)[0].input["headers"] == {"x-github-event": "push"}
    assert refusal(rt, made, a_call(raw=body, x_hub_signature_256="sha256=00")) == "bad_signature"
    del call.headers["x-github-delivery"]
    assert not calls.take(rt, token_of(made), call).is_repeated
    assert calls.take(rt, token_of(made), call).is_repeated


def test_what_is_refused_is_told_to_editors_and_names_no_room_to_callers(rt, editor, room_id):
    made = opened(rt, editor, room_id, mapping={"n": "{{ body.n }}"})

    for value, code in (({"n": "x"}, "invalid_input"), ({}, "not_ready")):
        with pytest.raises(NotTaken) as told:
            calls.take(rt, token_of(made), a_call(value, idempotency_key="same"))
        assert told.value.code == code
        assert "Secret" not in str(told.value)
        assert "n:" not in str(told.value)
    reasons = [one.message for one in hooks.deliveries(rt, editor, made.hook.id).items]
    assert any('n: "x" is not of type "integer"' in reason for reason in reasons)
    assert not calls.take(rt, token_of(made), a_call({"n": 3}, idempotency_key="same")).is_repeated
    hooks.patch(rt, editor, made.hook.id, HookPatch(enabled=False))
    assert refusal(rt, made, a_call({"n": 3})) == "not_found"


def test_nobody_floods_a_hook(rt, editor, room_id):
    made = opened(rt, editor, room_id, signing="openrooms")
    codes = {refusal(rt, made, a_call()) for _ in range(CALLS.times)}
    with pytest.raises(TooManyCalls) as told:
        calls.take(rt, token_of(made), a_call())

    assert codes == {"bad_signature"}
    assert 0 < told.value.extra["retry_after_s"] <= 60
    assert len(hooks.deliveries(rt, editor, made.hook.id).items) == 100


def test_hooks_are_the_editors_and_neither_address_nor_key_is_kept(rt, viewer, editor, admin, room_id):
    with pytest.raises(Forbidden):
        opened(rt, viewer, room_id)
    made = opened(rt, editor, room_id, signing="openrooms")
    assert hooks.list_hooks(rt, viewer, room_id).items == (made.hook,)
    with rt.db.look() as hot:
        kept = str(hot.all("SELECT * FROM hook"))
    assert token_of(made) not in kept
    assert made.secret not in kept
    hooks.delete(rt, editor, made.hook.id)
    with pytest.raises(NotFound):
        hooks.get(rt, viewer, made.hook.id)
    actions = [entry.action for entry in auditing.list_entries(rt, admin).items]
    assert actions[:2] == ["hook_deleted", "hook_created"]


@pytest.mark.parametrize("is_good", [True, False])
def test_a_call_that_meets_the_deletion_of_its_hook_finds_none(rt, editor, room_id, is_good, monkeypatch):
    find, is_found = stored_hooks.by_token, Event()

    def found(*given):
        hook = find(*given)
        is_found.set()
        return hook

    monkeypatch.setattr(stored_hooks, "by_token", found)
    made = opened(rt, editor, room_id, signing="none" if is_good else "openrooms")
    with ThreadPoolExecutor(1) as pool:
        with rt.db.write() as session:
            stored_hooks.remove(session, made.hook.id)
            late = pool.submit(calls.take, rt, token_of(made), a_call({"n": 1}))
            assert is_found.wait(20)  # it still finds the hook
            time.sleep(0.05)
        with pytest.raises(OpenRoomsError) as caught:
            late.result(10)

    assert caught.value.code == ("not_found" if is_good else "bad_signature")
    assert not of_room(rt, editor, room_id)


@contextmanager
def counting(db):
    """How many connections were taken at once."""
    now, most = [], [0]

    def take(*told):
        now.append(told)
        most[0] = max(most[0], len(now))

    def give(*_):
        now.pop()

    event.listen(db.engine, "checkout", take)
    event.listen(db.engine, "checkin", give)
    yield most
    event.remove(db.engine, "checkout", take)
    event.remove(db.engine, "checkin", give)


def test_who_holds_a_room_waits_for_no_other_connection_for_forty_who_wait_for_the_room_have_them_all(
    rt, editor, room_id
):
    starts, signals = opened(rt, editor, room_id), opened(rt, editor, room_id, signal="go")
    for act in (
        lambda: calls.take(rt, token_of(starts), a_call({})),
        lambda: calls.take(rt, token_of(signals), a_call({"n": 1})),
        lambda: control.signal(rt, editor, room_id, control.Signal(name="go")),
        lambda: runs.try_out(rt, editor, room_id, Trial(until="wait")),
        lambda: control.cancel(rt, editor, room_id),
    ):
        rt.plans.clear()
        starting._schemas.clear()
        with counting(rt.db) as most:
            act()
        assert most == [1]
