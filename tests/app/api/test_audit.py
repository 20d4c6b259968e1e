"""The audit log over HTTP: every act that is to be written down is, once, with who did it; and the chain holds."""

import json
import re

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from engine.core.errors import InvalidInput
from engine.core.identity import Role
from engine.runtime import use_runtime
from engine.services import identity, users
from openrooms_app.api import create_api
from openrooms_app.api.bodies import file_of
from openrooms_app.entrance import Entrance
from openrooms_app.gate import Gate
from tests.app.api.conftest import SOUND, a_room

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(sqlite_rt):
    """The administrator's client, logged in over HTTP."""
    use_runtime(sqlite_rt)
    token = identity.create_first_admin(sqlite_rt, identity.make_setup_token(sqlite_rt), "Ada", PASSWORD)
    users.create(sqlite_rt, identity.who(sqlite_rt, token), "Vi", PASSWORD, Role.VIEWER)
    client = TestClient(Gate(Entrance(create_api())))
    assert _log_in(client, "Ada").status_code == 200
    yield client
    use_runtime(None)


def _log_in(client, name, password=PASSWORD):
    return client.post("/api/auth/login", json={"name": name, "password": password})


def test_a_file_that_can_t_be_read_is_refused_before_it_begins():
    def lines(fails_after):
        yield from ["a"] * fails_after
        raise InvalidInput("no")

    with pytest.raises(InvalidInput):
        file_of(lines(0), "x")
    assert file_of(lines(1), "x").headers["content-disposition"] == 'attachment; filename="x"'


def test_each_act_is_written_down_with_who_and_what(ada, sqlite_rt):
    vi = TestClient(ada.app)
    _log_in(vi, "Vi", "wrong")
    _log_in(vi, "nobody", "wrong")
    _log_in(vi, "Vi")
    vi.post("/api/workflows", json={"name": "x"})
    vi.post("/api/auth/logout")
    room = a_room(ada)
    workflow = ada.get(f"/api/rooms/{room}").json()["workflow_id"]
    run = ada.post(f"/api/rooms/{room}/run").json()["run_id"]
    imported = ada.post("/api/workflows/import", json=SOUND).json()["id"]
    ada.get(f"/api/workflows/{imported}/export")
    key = ada.post("/api/keys", json={"name": "k", "scopes": ["run"]}).json()["id"]
    ada.delete(f"/api/keys/{key}")
    user = next(item["id"] for item in ada.get("/api/users").json()["items"] if item["name"] == "Vi")
    ada.patch(f"/api/users/{user}", json={"role": "editor"})
    ada.patch(f"/api/users/{user}", json={"password": "another long one"})

    def found(**sought):
        entries = ada.get("/api/audit", params=sought).json()["items"]
        return [(entry["user_name"], entry["target"]) for entry in entries]

    assert found(action="setup") == [("Ada", "Ada")]
    assert found(action="login") == [("Vi", "Vi"), ("Ada", "Ada")]
    assert found(action="login_failed") == [(None, "nobody"), ("Vi", "Vi")]
    assert found(action="logout") == [("Vi", "")]
    assert found(action="denied") == [("Vi", "create a workflow")]
    assert found(action="publish") == [("Ada", workflow)]
    assert found(action="run") == [("Ada", run)]
    assert found(action="import") == found(action="export") == [("Ada", imported)]
    assert found(target=key) == [("Ada", key)] * 2
    assert found(action="user_changed") == found(action="password_reset") == [("Ada", user)]
    changed = ada.get("/api/audit", params={"action": "user_changed"}).json()["items"][0]
    assert changed["detail"] == {"name": "Vi", "role": "editor"}
    ada.delete(f"/api/rooms/{room}?force=true")
    agent = ada.post(
        "/api/agents", json={"name": "Scout", "spec": {"provider": "scripted", "model": "echo"}}
    ).json()
    ada.put(f"/api/agents/{agent['id']}", json={"spec": {"provider": "scripted", "model": "other"}})
    ada.delete(f"/api/agents/{agent['id']}")
    entries = ada.get("/api/audit").json()["items"]
    named = {(entry["action"], entry["target_name"]) for entry in entries}
    name = ada.get(f"/api/workflows/{workflow}").json()["name"]
    called = {
        ("publish", name), ("run", "Desk #1"), ("export", f"{name} (2)"), ("key_revoked", "k"), ("user_changed", "Vi"),
        ("password_reset", "Vi"), ("agent_changed", "Scout"), ("agent_deleted", "Scout"),
    }  # fmt: skip
    assert called <= named
    is_id = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7")
    assert [
        entry["action"] for entry in entries if is_id.match(entry["target"]) and not entry["target_name"]
    ] == []
    assert found(user_id=user, action="login") == [("Vi", "Vi")]
    assert PASSWORD not in ada.get("/api/audit").text


def test_the_log_comes_in_pages_and_shows_tampering(ada, sqlite_rt):
    for _ in range(4):
        _log_in(TestClient(ada.app), "Ada")
    everything = ada.get("/api/audit").json()["items"]
    seen, cursor = [], None
    while True:
        page = ada.get("/api/audit", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    middle = everything[3]

    assert seen == everything
    assert ada.get("/api/audit", params={"since": middle["at"]}).json()["items"] == everything[:4]
    assert ada.get("/api/audit", params={"until": middle["at"]}).json()["items"] == everything[4:]
    assert ada.get("/api/audit", params={"since": "yesterday"}).status_code == 422
    file = ada.get("/api/audit/export", params={"action": "login"})
    assert file.headers["content-disposition"] == 'attachment; filename="audit.jsonl"'
    logins = [entry for entry in everything if entry["action"] == "login"]
    assert [json.loads(line) for line in file.text.splitlines()] == logins
    assert ada.post("/api/audit/verify").json()["is_intact"]
    with sqlite_rt.db.write() as session:
        session.execute(text("UPDATE audit SET target = 'me' WHERE id = :id"), {"id": middle["id"]})
    assert ada.post("/api/audit/verify").json() == {"is_intact": False, "broken_at": middle["id"]}
