"""The Python client against a real server: every operation of the OpenAPI document has a method that works."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from engine.core.identity import Scope
from openrooms import administration, rooms, runs, triggers, values, workflows
from openrooms.client import ApiError, Client, TimedOut, Unreachable
from openrooms.events import heard
from tests.app.api.conftest import SOUND
from tests.app.api.serving import Server, serving
from tests.app.api.test_rooms import ASKS, QUICK
from tests.fixtures.receiver import receiving
from tests.fixtures.running import until

LEFT_OUT = {"take_call", "take_signal"}
"""Operations without a method of the client: the address of a hook is all that its user needs."""
ASKED = {
    "list_workflows": workflows.WorkflowsAsked, "export_workflow": workflows.Exported,
    "list_rooms": rooms.RoomsAsked, "list_logs": rooms.LogsAsked, "list_events": rooms.EventsAsked,
    "find_events": rooms.EventsAsked, "export_events": rooms.EventsAsked,
    "list_runs": runs.RunsAsked, "list_runs_of_room": runs.RunsOfRoomAsked,
    "list_subscriptions": triggers.SubscriptionsAsked,
    "list_keys": administration.KeysAsked, "list_audit_entries": administration.AuditAsked,
    "export_audit_log": administration.AuditSought,
}  # fmt: skip


@pytest.fixture(scope="module")
def server(sqlite_template, redis_server, tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("client")
    (folder / "openrooms.db").write_bytes(sqlite_template.read_bytes())
    with serving(f"sqlite:///{folder / 'openrooms.db'}", redis_server.url, folder) as running:
        yield running


@pytest.fixture
def client(server) -> Iterator[Client]:
    with Client(server.url, server.key()) as opened:
        yield opened


@pytest.fixture
def document(client) -> dict[str, Any]:
    return client.request("GET", "/api/openapi.json").json()


def _operations(document):
    return {
        operation["operationId"]: (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def _drawn(client: Client) -> str:
    """Every call about workflows; the id of one that is published."""
    made = client.create_workflow(SOUND)
    assert isinstance(made.created_at, datetime)
    assert client.get_workflow(made.id) == made
    saved = client.save_draft(made.id, {**SOUND, "name": "Two"}, made.revision)
    with pytest.raises(ApiError) as stale:
        client.patch_draft(made.id, {"name": "Lost"}, made.revision)
    assert (stale.value.code, stale.value.status, stale.value.extra["revision"]) == (
        "stale_draft",
        409,
        saved.revision,
    )
    assert client.patch_draft(made.id, {"name": "Quick"}, saved.revision).name == "Quick"
    assert client.validate_draft(made.id).valid
    assert not client.validate_document({}).valid
    assert client.publish(made.id, "first").version == 1
    (version,) = client.list_versions(made.id)
    me = client.get_workflow(made.id)
    assert (version.note, version.created_by_name) == ("first", me.published_by_name)
    assert me.published_at == version.created_at
    assert client.get_version(made.id, 1).document["name"] == "Quick"
    assert client.restore_version(made.id, 1).draft["name"] == "Quick"
    assert [node["id"] for node in client.list_nodes(made.id)] == ["start", "wait", "end"]
    copy = client.import_workflow(client.export_workflow(made.id, format="yaml"), "yaml")
    assert client.delete_workflow(copy.id) is None
    template = client.create_from_template(client.list_templates().items[0].id)
    client.create_room("Held", template.id)
    archived = client.delete_workflow(template.id, force=True)
    assert archived is not None
    assert client.unarchive_workflow(template.id).status != archived.status == "ARCHIVED"
    assert {item.id for item in client.each(client.list_workflows, limit=1)} == {made.id, template.id}
    return made.id


def _ran(client: Client, workflow_id: str) -> None:
    """Every call about rooms and runs."""
    client.save_draft(workflow_id, QUICK)
    client.publish(workflow_id)
    room = client.create_room("Desk", workflow_id, metadata={"a": 1}, idempotency_key="desk")
    assert client.create_room("Desk", workflow_id, idempotency_key="desk") == room
    assert client.patch_room(room.id, queue_runs=True).queue_runs
    assert client.get_room(room.id).metadata == {"a": 1}
    assert [item.id for item in client.list_rooms(q="desk")] == [room.id]
    started = client.start_run(room.id, {"x": 1}, idempotency_key="once")
    assert client.start_run(room.id, {"x": 1}, idempotency_key="once").run_id == started.run_id
    run = client.wait(started.run_id, 30)
    assert (run.status, run.input) == ("COMPLETED", {"x": 1})
    events = client.list_events(run.id, limit=1000).items
    assert list(client.stream_run(run.id)) == events
    assert list(client.stream_run(run.id, after=f"{run.id}:{events[3]['seq']}")) == events[4:]
    assert client.find_events(run.id, level="INFO", text="started")["seqs"] == [3]
    assert [json.loads(line) for line in client.export_events(run.id, after_seq=3).splitlines()] == events[3:]
    live = client.stream_room(room.id, run_id=run.id)
    assert [next(live) for _ in events] == events
    live.close()
    assert client.list_logs(room.id, limit=1).items == events[-1:]
    assert [step["node_id"] for step in client.each(client.list_steps, run.id, limit=2)] == [
        "start",
        "a",
        "b",
        "end",
    ]
    assert client.get_state(run.id, 1)["run"]["id"] == run.id
    assert client.get_state(run.id, at_step=3)["vars"].keys() == {"a"}
    assert client.replay_run(run.id)["fingerprint"] == run.fingerprint
    again = client.retry_run(run.id, from_step=2)
    assert client.wait(again.run_id, 30).retry_of == run.id
    tried = client.start_run(room.id, until="b", pins={"a": 1})
    assert client.wait(tried.run_id, 30).trial == {"pins": ["a"], "until": "b"}
    assert [item.number for item in client.list_runs(room_id=room.id)] == [3, 2, 1]
    began = run.created_at.isoformat()
    assert [item.number for item in client.each(client.list_runs, since=began, q="desk", limit=2)] == [
        3,
        2,
        1,
    ]
    assert client.list_runs(until=began, q="#1").items == []
    assert [item.number for item in client.list_runs_of_room(room.id, status="COMPLETED")] == [3, 2, 1]
    assert client.put_entry(room.id, "customer", "Zoë").revision == 1
    assert client.get_entry(room.id, "customer").value == "Zoë"
    assert [entry.key for entry in client.list_entries(room.id)] == ["customer"]
    assert client.search_memory(room.id, "zoë").items[0]["score"] > 0
    client.delete_entry(room.id, "customer")
    said = client.put_entry(room.id, "said", "Hello.", kind="SEMANTIC", ttl_s=60, metadata={"by": "Zoë"})
    assert list(client.list_entries(room.id, kind="SEMANTIC")) == [said]
    assert client.list_turns(room.id).items == []
    client.forget_conversation(room.id)
    client.delete_room(room.id)


def _steered(client: Client, workflow_id: str) -> None:
    client.save_draft(workflow_id, ASKS)
    client.publish(workflow_id)
    room = client.create_room("Asks", workflow_id)
    run_id = client.start_run(room.id).run_id
    with pytest.raises(TimedOut):
        client.wait(run_id, 0.2)
    assert client.pause_run(room.id).run_id == run_id
    client.resume_run(room.id)
    assert client.get_status(room.id)["run"]["id"] == run_id
    client.send_signal(room.id, "go", {"x": 1}, idempotency_key="answer")
    assert client.wait(run_id, 30).status == "COMPLETED"
    run_id = client.start_run(room.id).run_id
    client.cancel_run(room.id)
    assert client.wait(run_id, 30).status == "CANCELLED"
    run_id = client.start_run(room.id).run_id
    client.cancel_one_run(run_id)
    assert client.wait(run_id, 30).status == "CANCELLED"


def _triggered(client: Client, workflow_id: str) -> None:
    """Every call about schedules, webhooks and subscriptions."""
    room = client.create_room("Alone", workflow_id)
    assert len(client.preview_times("0 9 * * MON-FRI", "Europe/Berlin").items) == 5
    nightly = client.create_schedule(room.id, "Nightly", "0 3 * * *", zone="Europe/Berlin", input={"x": 1})
    assert list(client.list_times(nightly.id, 1)) == [nightly.next_due_at]
    assert client.patch_schedule(nightly.id, enabled=False, overlap="queue").next_due_at is None
    off = client.get_schedule(nightly.id)
    assert [*client.list_schedules(), *client.list_schedules_of_room(room.id)] == [off, off]
    assert client.list_firings(nightly.id).items == []
    client.delete_schedule(nightly.id)

    opened = client.create_hook(room.id, "Shop", signing="openrooms", mapping={"x": "{{ body.x }}"})
    assert client.patch_hook(opened.hook.id, signal="go").signal == "go"
    assert list(client.list_hooks(room.id)) == [client.get_hook(opened.hook.id)]
    rotated = client.rotate_hook(opened.hook.id)
    assert rotated.url != opened.url
    assert rotated.secret != opened.secret
    refused = httpx.post(client.server + urlsplit(rotated.url).path, json={}, trust_env=False)
    assert [item.code for item in client.list_deliveries(opened.hook.id)] == [refused.json()["code"]]
    client.delete_hook(opened.hook.id)


def _told(client: Client, server: Server, workflow_id: str) -> None:
    room = client.create_room("Loud", workflow_id)
    with receiving() as ear:
        made = client.create_subscription("Ear", ear.url, ["ROOM_CANCELLED"], room_id=room.id)
        ear.key = client.rotate_subscription(made.subscription.id).secret
        assert ear.key != made.secret
        until(lambda: server.runner.committer.outbox.is_wanted or None)
        client.start_run(room.id)
        client.cancel_run(room.id)
        ear.until(1)
        until(lambda: client.list_notices(made.subscription.id).items[0].status == "DELIVERED" or None)
        notice = client.list_notices(made.subscription.id).items[0]
        assert client.redeliver_notice(made.subscription.id, notice.id).id == notice.id
        ear.until(2)
    changed = client.patch_subscription(made.subscription.id, name="Ears", enabled=False)
    assert list(client.list_subscriptions(room_id=room.id)) == [changed]
    assert client.get_subscription(changed.id) == changed
    client.delete_subscription(changed.id)


def _preset(client: Client) -> None:
    """Every call about agents."""
    spec = {"goal": "Greet.", "provider": "scripted"}
    made = client.create_agent("Greeter", spec)
    changed = client.put_agent(made.id, {**spec, "goal": "Say goodbye."}, "kinder", version=1)
    assert (changed.version, changed.note) == (2, "kinder")
    assert client.get_agent(made.id) == changed
    assert [each.name for each in client.list_agents()] == ["Greeter"]
    assert [each.version for each in client.list_agent_versions(made.id)] == [2, 1]
    assert client.get_agent_version(made.id, 1).version == 1
    assert client.try_agent(made.id, "Hello").reply
    client.delete_agent(made.id)


def _ruled(client: Client) -> None:
    """Every call about the installation."""
    assert client.get_health().checks["database"]["status"] == "up"
    assert "openrooms_runs" in client.get_metrics()
    assert client.get_document_schema()["type"] == "object"
    assert client.get_catalogue().keys() >= {"tools", "limits"}
    assert "scripted" in {provider.name for provider in client.list_providers()}
    assert "calculator" in {tool.name for tool in client.list_tools()}
    assert client.get_tool("calculator").parameters["type"] == "object"
    assert client.invoke_tool("calculator", {"expression": "6*7"}).result["number"] == 42
    assert client.evaluate_expression("a + 1", {"a": 2})["value"] == 3
    eve = client.create_user("Eve", "a long password", "viewer")
    assert client.patch_user(eve.id, role="editor").role == "editor"
    assert {user.name for user in client.list_users()} == {"Ada", "Eve"}
    made = client.create_key("mine", ["run"], None)
    assert made.expires_at is None
    client.revoke_key(made.id)
    assert next(key for key in client.list_keys(of_all=True) if key.id == made.id).revoked_at is not None
    assert client.put_secret("token", "long enough").name == "token"
    assert client.rotate_master_key().secrets == 1
    assert [secret.name for secret in client.list_secrets()] == ["token"]
    client.delete_secret("token")
    now = datetime.now(UTC).isoformat()
    actions = [
        entry.action for entry in client.list_audit_entries(target=made.id, since="2020-01-01T00:00:00Z")
    ]
    assert actions == ["key_revoked", "key_created"]
    assert client.list_audit_entries(until="2020-01-01T00:00:00Z", since=now).items == []
    assert client.export_audit_log(target=made.id).count(b'"key_') == 2
    assert client.verify_audit_log().is_intact


def test_every_operation_has_a_method_that_works(client, server, document):
    asked: list[httpx.Request] = []
    client._http.event_hooks["request"].append(asked.append)
    workflow_id = _drawn(client)
    _ran(client, workflow_id)
    _steered(client, workflow_id)
    _triggered(client, workflow_id)
    _told(client, server, workflow_id)
    _preset(client)
    _ruled(client)

    found = _operations(document)
    called = {
        name for name, (method, path, _) in found.items()
        if any(request.method == method and path.fullmatch(request.url.path) for request in asked)
    }  # fmt: skip
    assert sorted(found.keys() - called - LEFT_OUT) == []
    assert [name for name in sorted(found) if not callable(getattr(Client, name, None))] == sorted(LEFT_OUT)


def test_the_clients_filters_are_those_of_the_document(document):
    for name, (_, _, operation) in _operations(document).items():
        query = {item["name"] for item in operation.get("parameters", ()) if item["in"] == "query"}
        if name in ASKED:
            assert ASKED[name].__annotations__.keys() == query, name


def test_the_clients_values_are_those_of_the_document(document):
    schemas = document["components"]["schemas"]
    same = {"Tool": "ToolView", "Provider": "ProviderView", "Value": ""}
    for name, kind in vars(values).items():
        schema = schemas.get(same.get(name, name))
        if isinstance(kind, type) and issubclass(kind, values.Value) and schema and "properties" in schema:
            assert kind.model_fields.keys() == schema["properties"].keys(), name


def test_refusals_and_an_absent_server_have_codes(server):
    with Client(server.url, server.key(Scope.READ)) as reader, pytest.raises(ApiError) as refused:
        reader.create_workflow({"name": "x"})
    assert (refused.value.code, refused.value.status) == ("scope_missing", 403)
    with Client(server.url, "or_nothing") as nobody, pytest.raises(ApiError) as unknown:
        list(nobody.stream_run("ghost"))
    assert unknown.value.code == "bad_key"
    with Client("http://127.0.0.1:1", "x") as nowhere:
        for call in (nowhere.list_rooms, lambda: list(nowhere.stream_run("ghost"))):
            with pytest.raises(Unreachable, match="openrooms up"):
                call()


def test_an_event_that_did_not_come_whole_is_not_told():
    lines = [
        "retry: 1000",
        "",
        "id: r:1",
        "event: event",
        'data: {"seq": 1}',
        "",
        "id: r:2",
        "event: event",
        "data: {",
    ]

    assert [(event.kind, event.id, event.data) for event in heard(lines)] == [("event", "r:1", {"seq": 1})]


def test_a_revoked_key_ends_an_open_stream(server, monkeypatch):
    monkeypatch.setattr("openrooms_app.api.resources.stream.SESSION_S", 0.1)
    monkeypatch.setattr("engine.services.known.FRESH_US", 0)
    with Client(server.url, server.key()) as admin, Client(server.url, server.key(Scope.READ)) as reader:
        workflow = admin.create_workflow(ASKS)
        admin.publish(workflow.id)
        room = admin.create_room("Long", workflow.id)
        admin.start_run(room.id)
        live = reader.stream_room(room.id)
        assert next(live)["type"] == "ROOM_CREATED"
        admin.revoke_key(
            next(key.id for key in admin.list_keys() if key.scopes == ["read"] and not key.revoked_at)
        )
        with pytest.raises(ApiError) as ended:
            list(live)
    assert ended.value.code == "bad_key"
