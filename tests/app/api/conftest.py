"""The API behind its gate, in this process: a real database, real sessions, a real runner."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from engine.core.identity import Role, User
from engine.runner import Runner
from engine.runtime import Runtime, use_runtime
from engine.services.sessions import open_session
from engine.store import users
from openrooms_app.api import create_api
from openrooms_app.gate import Gate
from openrooms_app.session import COOKIE
from tests.fixtures.drawings import drawing

SOUND = drawing("start > wait > end")
As = Callable[[str], TestClient]


@pytest.fixture
def rt(sqlite_rt: Runtime) -> Iterator[Runtime]:
    use_runtime(sqlite_rt)
    yield sqlite_rt
    use_runtime(None)


@pytest.fixture(scope="session")
def app() -> Gate:
    """Holds nothing of the runtime, which it looks up for each request."""
    return Gate(create_api())


@pytest.fixture
def as_(rt: Runtime, app: Gate) -> As:
    """A client for each of viewer, editor, admin, and nobody."""
    tokens = {role.value: an_account(rt, role)[1] for role in Role}

    def client(who: str) -> TestClient:
        cookies = {COOKIE: tokens[who]} if who in tokens else {}
        return TestClient(app, cookies=cookies, follow_redirects=False)

    return client


@pytest.fixture
def api(as_: As) -> TestClient:
    return as_("editor")


@pytest.fixture
def runner(rt: Runtime) -> Iterator[Runner]:
    running = Runner(rt, threads=2)
    running.start()
    yield running
    running.stop()


def an_account(rt: Runtime, role: Role, name: str = "") -> tuple[User, str]:
    """A new user with this role, and the token of a session."""
    user = User(id=rt.new_id(), name=name or role.value.title(), role=role, created_at=rt.now_us())
    with rt.db.write() as session:
        users.add(session, user, "no password fits this")
        return user, open_session(rt, session, user.id)


def a_workflow(api: TestClient, document: dict[str, Any] = SOUND) -> str:
    """A published workflow's id."""
    workflow_id = api.post("/api/workflows", json=document).json()["id"]
    assert api.post(f"/api/workflows/{workflow_id}/versions").status_code == 201
    return str(workflow_id)


def a_room(api: TestClient, document: dict[str, Any] = SOUND, **fields: Any) -> str:
    body = {"name": "Desk", "workflow_id": a_workflow(api, document), **fields}
    made = api.post("/api/rooms", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])
