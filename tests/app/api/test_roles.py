"""Who may call what: every route for everybody, with a session and with a key; a new route needs a row here."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from starlette.testclient import TestClient

from engine.core.apikey import NewKey
from engine.core.identity import Role, Scope
from engine.core.rates import Rate
from engine.runtime import use_runtime
from engine.services import api_keys, users
from openrooms_app import program
from openrooms_app.api import METHODS, create_api
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.entrance import ROUTES, Entrance
from openrooms_app.gate import Gate
from openrooms_app.mcp.door import McpDoor
from openrooms_app.scopes import SCOPE_OF, NoScope, needed_scope
from openrooms_app.session import COOKIE
from tests.app.api.conftest import an_account
from tests.fixtures.runtimes import open_movable

PEOPLE = ("viewer", "editor", "admin")
STRANGERS = {"nobody": "not_logged_in", "bad key": "bad_key", "key of Off": "bad_key"}
KEYS = tuple(f"key:{scope}" for scope in Scope)
"""All of them the administrator's, so that nothing but the scope holds them back."""

NOTHING = ({*STRANGERS, *PEOPLE, *KEYS}, {})
ANYTHING = ({*PEOPLE, *KEYS}, {})
READ = ANYTHING
RUN = ({"editor", "admin", "key:run", "key:admin"}, {"viewer": "forbidden"})
EDIT = ({"editor", "admin", "key:edit", "key:admin"}, {"viewer": "forbidden"})
RULE = ({"admin", "key:admin"}, {"viewer": "forbidden", "editor": "forbidden"})
OWN_KEYS = ({*PEOPLE, "key:admin"}, {})
"""Who may, and what others are told; keys are told `scope_missing`, strangers that they are."""

NEEDED = {
    "GET /api/health": NOTHING,
    "GET /metrics": READ,
    "GET /api/docs": ANYTHING,
    "GET /api/openapi.json": ANYTHING,
    "GET /api/workflows": READ,
    "POST /api/workflows": EDIT,
    "POST /api/workflows/validate": READ,
    "POST /api/workflows/import": EDIT,
    "GET /api/workflows/{workflow_id}": READ,
    "PUT /api/workflows/{workflow_id}": EDIT,
    "PATCH /api/workflows/{workflow_id}": EDIT,
    "DELETE /api/workflows/{workflow_id}": EDIT,
    "POST /api/workflows/{workflow_id}/unarchive": EDIT,
    "POST /api/workflows/{workflow_id}/validate": READ,
    "GET /api/workflows/{workflow_id}/nodes": READ,
    "GET /api/workflows/{workflow_id}/export": READ,
    "POST /api/workflows/{workflow_id}/versions": EDIT,
    "GET /api/workflows/{workflow_id}/versions": READ,
    "GET /api/workflows/{workflow_id}/versions/{number}": READ,
    "POST /api/workflows/{workflow_id}/versions/{number}/restore": EDIT,
    "POST /api/rooms": EDIT,
    "GET /api/rooms": READ,
    "GET /api/rooms/{room_id}": READ,
    "PATCH /api/rooms/{room_id}": EDIT,
    "DELETE /api/rooms/{room_id}": EDIT,
    "GET /api/rooms/{room_id}/status": READ,
    "GET /api/rooms/{room_id}/logs": READ,
    "GET /api/rooms/{room_id}/stream": READ,
    "POST /api/rooms/{room_id}/run": RUN,
    "POST /api/rooms/{room_id}/pause": RUN,
    "POST /api/rooms/{room_id}/resume": RUN,
    "POST /api/rooms/{room_id}/cancel": RUN,
    "POST /api/rooms/{room_id}/signals/{name}": RUN,
    "GET /api/rooms/{room_id}/memory": READ,
    "GET /api/rooms/{room_id}/memory/{key}": READ,
    "PUT /api/rooms/{room_id}/memory/{key}": EDIT,
    "DELETE /api/rooms/{room_id}/memory/{key}": EDIT,
    "GET /api/rooms/{room_id}/runs": READ,
    "GET /api/runs": READ,
    "GET /api/runs/{run_id}": READ,
    "GET /api/runs/{run_id}/events": READ,
    "GET /api/runs/{run_id}/events/seqs": READ,
    "GET /api/runs/{run_id}/events/export": READ,
    "GET /api/runs/{run_id}/steps": READ,
    "GET /api/runs/{run_id}/state": READ,
    "GET /api/runs/{run_id}/stream": READ,
    "POST /api/runs/{run_id}/retry": RUN,
    "POST /api/runs/{run_id}/cancel": RUN,
    "POST /api/runs/{run_id}/replay": READ,
    "GET /api/tools": READ,
    "GET /api/tools/{name}": READ,
    "POST /api/tools/{name}/invoke": RUN,
    "GET /api/catalogue": READ,
    "GET /api/providers": READ,
    "GET /api/schemas/workflow": READ,
    "GET /api/templates": READ,
    "POST /api/templates/{template_id}/workflows": EDIT,
    "POST /api/expressions/evaluate": READ,
    "POST /api/rooms/{room_id}/schedules": EDIT,
    "GET /api/rooms/{room_id}/schedules": READ,
    "GET /api/schedules": READ,
    "GET /api/schedules/preview": READ,
    "GET /api/schedules/{schedule_id}": READ,
    "PATCH /api/schedules/{schedule_id}": EDIT,
    "DELETE /api/schedules/{schedule_id}": EDIT,
    "GET /api/schedules/{schedule_id}/firings": READ,
    "GET /api/schedules/{schedule_id}/times": READ,
    "POST /api/rooms/{room_id}/hooks": EDIT,
    "GET /api/rooms/{room_id}/hooks": READ,
    "GET /api/webhooks/{hook_id}": READ,
    "PATCH /api/webhooks/{hook_id}": EDIT,
    "DELETE /api/webhooks/{hook_id}": EDIT,
    "POST /api/webhooks/{hook_id}/rotate": EDIT,
    "GET /api/webhooks/{hook_id}/deliveries": READ,
    "POST /api/subscriptions": EDIT,
    "GET /api/subscriptions": READ,
    "GET /api/subscriptions/{subscription_id}": READ,
    "PATCH /api/subscriptions/{subscription_id}": EDIT,
    "DELETE /api/subscriptions/{subscription_id}": EDIT,
    "POST /api/subscriptions/{subscription_id}/rotate": EDIT,
    "GET /api/subscriptions/{subscription_id}/deliveries": READ,
    "POST /api/subscriptions/{subscription_id}/deliveries/{notice_id}/redeliver": EDIT,
    "POST /api/hooks/{token}": NOTHING,
    "POST /api/hooks/signal/{token}": NOTHING,
    "GET /api/rooms/{room_id}/conversation": READ,
    "DELETE /api/rooms/{room_id}/conversation": EDIT,
    "GET /api/users": RULE,
    "POST /api/users": RULE,
    "PATCH /api/users/{user_id}": RULE,
    "GET /api/secrets": RULE,
    "PUT /api/secrets/{name}": RULE,
    "DELETE /api/secrets/{name}": RULE,
    "POST /api/secrets/rotate": RULE,
    "GET /api/audit": RULE,
    "GET /api/audit/export": RULE,
    "POST /api/audit/verify": RULE,
    "GET /api/keys": OWN_KEYS,
    "POST /api/keys": OWN_KEYS,
    "DELETE /api/keys/{key_id}": OWN_KEYS,
    "GET /api/agents": READ,
    "POST /api/agents": EDIT,
    "GET /api/agents/{agent_id}": READ,
    "PUT /api/agents/{agent_id}": EDIT,
    "DELETE /api/agents/{agent_id}": EDIT,
    "GET /api/agents/{agent_id}/versions": READ,
    "GET /api/agents/{agent_id}/versions/{version}": READ,
    "POST /api/agents/{agent_id}/try": EDIT,
}
BODIES = {
    "POST /api/subscriptions": {"name": "x", "url": "https://example.com", "events": ["ROOM_FAILED"]},
    "POST /api/rooms/{room_id}/hooks": {"name": "x"},
    "POST /api/rooms/{room_id}/schedules": {"name": "x", "cron": "0 9 * * *"},
    "POST /api/agents": {"name": "x", "spec": {"provider": "scripted"}},
    "PUT /api/agents/{agent_id}": {"spec": {"provider": "scripted"}},
    "POST /api/agents/{agent_id}/try": {"prompt": "x"},
    "POST /api/rooms": {"name": "x", "workflow_id": "ghost"},
    "POST /api/users": {"name": "x", "password": "y", "role": "admin"},
    "PATCH /api/users/{user_id}": {"role": "admin"},
    "PUT /api/rooms/{room_id}/memory/{key}": {"value": 1},
    "PUT /api/secrets/{name}": {"value": "long enough"},
    "POST /api/expressions/evaluate": {"source": "1"},
    "POST /api/workflows": {"name": "x"},
    "POST /api/keys": {"name": "x"},
}


@pytest.fixture(scope="module")
def callers(sqlite_template, tmp_path_factory) -> Iterator[dict[str, TestClient]]:
    """One installation, and a client for each kind of caller."""
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "openrooms.db").write_bytes(sqlite_template.read_bytes())
    with closing(
        open_movable(f"sqlite:///{folder / 'openrooms.db'}", f"unix://{folder}/nobody", folder)
    ) as rt:
        use_runtime(rt)
        app = Gate(McpDoor(Entrance(create_api())))
        people = {role.value: an_account(rt, role) for role in Role}
        off = an_account(rt, Role.ADMIN, "Off")
        keys = {f"key:{scope}": _key(rt, people["admin"][0], scope) for scope in Scope}
        keys |= {"bad key": "or_12345678_" + "x" * 32, "key of Off": _key(rt, off[0], Scope.ADMIN)}
        users.set_active(rt, people["admin"][0], off[0].id, False)
        clients = {"nobody": TestClient(app)}
        clients |= {name: TestClient(app, cookies={COOKIE: token}) for name, (_, token) in people.items()}
        clients |= {
            name: TestClient(app, headers={"Authorization": f"Bearer {key}"}) for name, key in keys.items()
        }
        yield clients
        use_runtime(None)


def _key(rt, owner, scope):
    return api_keys.create(rt, owner, NewKey(name="k", scopes=(scope,))).key


def _ask(client, route):
    method, path = route.split()
    for name in ("workflow_id", "room_id", "run_id", "user_id", "template_id", "agent_id", "key_id", "key", "name", "token",
        "schedule_id", "hook_id", "subscription_id", "notice_id"):  # fmt: skip
        path = path.replace(f"{{{name}}}", "ghost")
    path = path.replace("{number}", "1").replace("{version}", "1")
    body = {"json": BODIES.get(route, {})} if method in ("POST", "PUT", "PATCH") else {}
    return client.request(method, path, **body)


@pytest.mark.parametrize("route", NEEDED)
def test_a_route_lets_in_whoever_may_and_nobody_else(callers, route):
    welcome, refused = NEEDED[route]
    told = {name: _ask(client, route) for name, client in callers.items()}

    for name, answer in told.items():
        if name in welcome:
            assert answer.status_code not in (401, 403), (name, answer.text)
            continue
        code = STRANGERS.get(name) or refused.get(name, "scope_missing")
        assert answer.json()["code"] == code, (name, answer.text)
        assert answer.status_code == (401 if name in STRANGERS else 403)
        assert ("www-authenticate" in answer.headers) is (name in STRANGERS)


def _flat(routes):
    for route in routes:
        router = getattr(route, "original_router", None)
        yield from [route] if router is None else _flat(router.routes)


def test_every_route_has_its_row_and_its_scope():
    api = create_api()
    described = {
        f"{method.upper()} {path}"
        for path, item in api.openapi()["paths"].items()
        for method in item
        if method.upper() in METHODS
    }
    served = {
        f"{method} {route.path}": route
        for route in _flat(api.routes)
        for method in route.methods - {"HEAD"}
        if route.path not in ("/api", "/api/{rest:path}")
    }

    assert sorted(served.keys() ^ NEEDED.keys()) == []
    assert sorted(served.keys() - described) == ["GET /api/docs", "GET /api/openapi.json"]
    for name, route in served.items():
        assert isinstance(route, StrictRoute) or name not in described, f"{name} checks no scope"
    assert SCOPE_OF.keys() == {route.name for name, route in served.items() if name in described}


def test_an_operation_without_a_scope_can_not_be_built():
    with pytest.raises(NoScope, match=r"openrooms_app/scopes\.py"):
        StrictRoute("/api/new", lambda: None, name="something_new")
    assert needed_scope("start_run") is Scope.RUN


def test_the_entrance_is_for_people_alone(callers):
    assert {(route.path, *sorted(route.methods - {"HEAD"})) for route in ROUTES} == {
        ("/login", "GET"), ("/login", "POST"), ("/logout", "POST"), ("/setup", "GET"), ("/setup", "POST"),
        ("/api/auth/login", "POST"), ("/api/auth/logout", "POST"), ("/api/auth/session", "GET"),
        ("/api/auth/password", "POST"),
    }  # fmt: skip
    for name in KEYS:
        assert callers[name].get("/api/auth/session").status_code == 401
        assert callers[name].post("/api/auth/password", data={"old": "x", "new": "y"}).status_code == 401
        asked = callers[name].get("/", follow_redirects=False)
        assert (asked.status_code, asked.headers["location"]) == (303, "/login")  # pages take no key
    for name in PEOPLE:
        assert callers[name].get("/api/auth/session").json()["role"] == name


def test_workflows_are_tools_only_for_keys_that_may_run(callers):
    told = {name: client.post("/mcp", json={}).json()["code"] for name, client in callers.items()}

    assert told == {
        **STRANGERS,
        **dict.fromkeys(
            [*PEOPLE, "key:run", "key:admin"], "not_ready"
        ),  # nobody has started its sessions here
        **dict.fromkeys(["key:read", "key:edit"], "scope_missing"),
    }


def test_a_key_is_nobody_elses_to_see_or_revoke(callers):
    made = callers["editor"].post("/api/keys", json={"name": "mine", "scopes": ["run"]}).json()
    address = f"/api/keys/{made['id']}"

    assert callers["viewer"].delete(address).json()["code"] == "not_found"
    assert made["id"] not in callers["viewer"].get("/api/keys").text
    assert callers["viewer"].get("/api/keys?of_all=true").json()["code"] == "forbidden"
    everybodys = callers["key:admin"].get("/api/keys?of_all=true")
    assert made["id"] in everybodys.text
    assert made["key"] not in everybodys.text
    assert callers["viewer"].post("/api/keys", json={"name": "x", "scopes": ["run"]}).status_code == 422
    assert callers["editor"].delete(address).status_code == 204
    assert callers["editor"].delete(address).status_code == 404


def test_a_bad_key_is_refused_beside_a_good_session_and_a_denial_is_written_down(callers):
    mixed = callers["admin"].get("/api/rooms", headers={"Authorization": "Bearer or_no"})
    other_scheme = callers["admin"].get("/api/rooms", headers={"Authorization": "Basic YTpi"})
    callers["key:read"].post("/api/workflows", json={"name": "x"})
    denied = callers["admin"].get("/api/audit?action=denied&limit=1").json()["items"][0]

    assert (mixed.status_code, other_scheme.status_code) == (401, 200)
    assert denied["target"] == "use a key without the scope edit"
    assert denied["user_name"] == "Admin"
    assert len(denied["detail"]["key"]) == 8


def test_a_key_may_ask_600_times_a_minute_and_others_are_not_held_up(callers, monkeypatch):
    assert Rate(600, 60) == program.REQUESTS
    monkeypatch.setattr(program, "REQUESTS", Rate(20, 60))
    client = callers["key:read"]
    answers = [client.get("/api/schemas/nothing") for _ in range(21)]
    answer = answers[-1]

    assert {each.status_code for each in answers[:-1]} == {404}

    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert callers["key:run"].get("/api/rooms").status_code == 200
    assert callers["admin"].get("/api/rooms").status_code == 200


def test_an_administrator_rules_over_users(as_):
    admin = as_("admin")
    made = admin.post("/api/users", json={"name": "Zoë", "password": "a long password", "role": "viewer"})
    assert made.status_code == 201
    user = made.json()
    assert "password" not in made.text

    assert admin.patch(f"/api/users/{user['id']}", json={"role": "editor"}).json()["role"] == "editor"
    assert admin.patch(f"/api/users/{user['id']}", json={"active": False}).json()["active"] is False
    assert (
        admin.patch(f"/api/users/{user['id']}", json={"password": "short"}).json()["code"] == "weak_password"
    )
    assert admin.patch(f"/api/users/{user['id']}", json={"role": "editor", "active": True}).status_code == 422
    assert (
        admin.post("/api/users", json={"name": "ZOË", "password": "a long password"}).json()["code"]
        == "name_taken"
    )
    me = next(item for item in admin.get("/api/users").json()["items"] if item["name"] == "Admin")
    assert admin.patch(f"/api/users/{me['id']}", json={"role": "viewer"}).json()["code"] == "last_admin"
    actions = [entry["action"] for entry in admin.get("/api/audit").json()["items"]]
    assert actions == ["user_changed", "user_changed", "user_created"]
    assert admin.post("/api/audit/verify").json() == {"is_intact": True, "broken_at": None}


def test_a_change_from_another_site_is_refused(as_):
    answer = as_("editor").post(
        "/api/workflows", json={"name": "x"}, headers={"Origin": "https://evil.example"}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
