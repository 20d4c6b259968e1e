"""Pages hide what a role may not do; the events behind it are refused to that role as well."""

from typing import Any

import pytest

from tests.app import wire
from tests.app.conftest import AsUser

PAGES = "reflex___state____state.openrooms_app___pages___"
WORKFLOWS = f"{PAGES}workflows___state____workflows_page"
ROOMS = f"{PAGES}rooms___state____rooms_page"
TOOLS = f"{PAGES}tools___state____tools_page"
SETTINGS = f"{PAGES}settings___state____settings_page"

WRITING: list[tuple[str, dict[str, Any]]] = [
    (f"{WORKFLOWS}.create", {"form": {"name": "Not mine to make"}}),
    (f"{WORKFLOWS}.duplicate", {"workflow_id": "x"}),
    (f"{WORKFLOWS}.delete", {}),
    (f"{ROOMS}.create", {"form": {"name": "x", "workflow_id": "y"}}),
    (f"{ROOMS}.run", {"room_id": "x"}),
    (f"{TOOLS}.try_out", {"form": {}}),
    (f"{SETTINGS}.add", {"form": {"name": "Eve", "password": "eve has a long one", "role": "admin"}}),
]


@pytest.mark.parametrize(("event", "payload"), WRITING)
def test_a_viewer_is_refused_every_event_that_writes(
    app_url: str, as_user: AsUser, event: str, payload: dict[str, Any]
) -> None:
    cookie = as_user("Vi").cookies["openrooms_session"]

    shown = wire.session_vars(wire.send(app_url, cookie, (event, payload)))

    assert "viewer, does not allow this" in shown["notice"]["text"]


@pytest.mark.parametrize("event", ["add", "set_role_of", "set_active_of", "give_password", "begin_add"])
def test_an_editor_does_not_rule_over_users(app_url: str, as_user: AsUser, event: str) -> None:
    cookie = as_user("Ed").cookies["openrooms_session"]
    payload = {"form": {}, "user_id": "x", "role": "admin", "active": True}

    shown = wire.session_vars(wire.send(app_url, cookie, (f"{SETTINGS}.{event}", payload)))

    assert "editor, does not allow this" in shown["notice"]["text"]


@pytest.mark.parametrize("workflow_id", [None, {"a": 1}, "", "x" * 100])
def test_an_argument_of_the_wrong_kind_gets_a_sentence_back(
    app_url: str, as_user: AsUser, workflow_id: Any
) -> None:
    cookie = as_user("Ed").cookies["openrooms_session"]

    deltas = wire.send(app_url, cookie, (f"{WORKFLOWS}.duplicate", {"workflow_id": workflow_id}))

    assert "not the id of anything here" in wire.session_vars(deltas)["notice"]["text"]
