"""The matrix of events: each handler of the app for nobody, viewer, editor and administrator; a new one needs a row."""

from typing import Any

import pytest
from reflex_base.registry import RegistrationContext
from websockets.exceptions import InvalidStatus

from engine.core.identity import Role, User
from openrooms_app.guard import FRAMEWORK, may_send
from openrooms_app.roles import needed_role
from tests.app import wire
from tests.app.conftest import AsUser

HANDLERS = {
    Role.VIEWER: """
        agent_page.choose_provider agent_page.close agent_page.load
        agents_page.close agents_page.load agents_page.refresh
        home_page.follow home_page.refresh
        rooms_page.arrive rooms_page.close rooms_page.follow rooms_page.refresh
        runs_page.close runs_page.follow runs_page.refresh
        audit_page.load audit_page.refresh
        health_page.follow health_page.refresh
        keys_page.begin_new keys_page.begin_revoke keys_page.close keys_page.load keys_page.refresh keys_page.revoke
        providers_page.load providers_page.refresh
        secrets_page.close secrets_page.load secrets_page.refresh
        users_page.close users_page.load users_page.refresh
        tools_page.close tools_page.load tools_page.refresh
        triggers_page.close triggers_page.follow triggers_page.refresh
        workflows_page.arrive workflows_page.close workflows_page.follow workflows_page.refresh
        workflows_page.show_templates
        session_state.tell
    """,
    Role.EDITOR: """
        agent_page.begin_delete agent_page.delete agent_page.submit agent_page.take_over
        agents_page.begin_delete agents_page.delete
        home_page.begin_with
        rooms_page.begin rooms_page.begin_new rooms_page.choose_workflow rooms_page.create rooms_page.delete
        rooms_page.edit rooms_page.run
        runs_page.begin_cancel runs_page.cancel
        schedule_form.begin schedule_form.change schedule_form.save
        tools_page.begin tools_page.try_out
        triggers_page.begin triggers_page.begin_new triggers_page.delete triggers_page.redeliver
        triggers_page.switch
        workflows_page.begin workflows_page.begin_new workflows_page.create workflows_page.delete
        workflows_page.duplicate workflows_page.imported workflows_page.refused workflows_page.rename
        workflows_page.unarchive workflows_page.use_template
    """,
    Role.ADMIN: """
        audit_page.verify
        secrets_page.begin secrets_page.delete secrets_page.rotate secrets_page.was_set
        users_page.add users_page.begin_add users_page.begin_password users_page.give_password
        users_page.set_active_of users_page.set_role_of
    """,
}
NEEDED = {name: role for role, names in HANDLERS.items() for name in names.split()}
AT_ONCE = 25
"""Events of a tab within a second that are not refused for their number."""


def _registered() -> dict[str, str]:
    """The full name of every event that a websocket could send, by its short one."""
    import openrooms_app.openrooms_app  # noqa: F401 - registers every page

    found = RegistrationContext.get().event_handlers
    return {name.split("____")[-1]: name for name in found}


def _ours() -> dict[str, str]:
    found = RegistrationContext.get().event_handlers
    return {
        short: name
        for short, name in _registered().items()
        if found[name].handler.fn.__module__.startswith("openrooms_app")
    }


def test_every_event_handler_has_its_row() -> None:
    found = RegistrationContext.get().event_handlers
    marked = {short: needed_role(found[name].handler.fn) for short, name in _ours().items()}

    assert marked == NEEDED


def test_who_may_send_what() -> None:
    for role in Role:
        user = User(id="u", name="U", role=role)
        allowed = {short for short, name in _ours().items() if may_send(user, name)}
        others = {name.rsplit(".", 1)[-1] for name in RegistrationContext.get().event_handlers
                  if name not in _ours().values() and may_send(user, name)}  # fmt: skip

        assert allowed == {short for short, needed in NEEDED.items() if role.allows(needed)}
        assert others <= FRAMEWORK
        assert not may_send(user, "reflex___state____state.nothing")


@pytest.mark.parametrize(("name", "role"), [("Vi", Role.VIEWER), ("Ed", Role.EDITOR)])
def test_what_is_above_ones_role_is_refused_on_the_wire_and_written_down(
    app_url: str, as_user: AsUser, name: str, role: Role
) -> None:
    me = as_user(name)
    above = [(full, {}) for short, full in _ours().items() if not role.allows(NEEDED[short])]
    refused: list[dict[str, Any]] = []
    for start in range(0, len(above), AT_ONCE):
        deltas = wire.flood(app_url, me.cookies["openrooms_session"], *above[start : start + AT_ONCE])
        assert all(delta.keys() == {wire.SESSION_STATE, wire.ANSWERS} for delta in deltas[1:])
        notices = [delta[wire.SESSION_STATE].get("notice_rx_state_") for delta in deltas]
        refused += [notice for notice in notices if notice]

    assert len(refused) == len(above) > 5
    assert {notice["text"] for notice in refused} == {f"Your role, {role}, does not allow this."}
    log = as_user("Ada").get(f"/api/audit?action=denied&limit={len(above)}").json()["items"]
    assert {entry["user_name"] for entry in log} == {name}
    assert {entry["target"].rsplit(".", 1)[-1] for entry in log} == {
        full.rsplit(".", 1)[-1] for full, _ in above
    }


@pytest.mark.parametrize("cookie", [None, "made-up"])
def test_nobody_sends_anything(app_url: str, cookie: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused, wire.connect(app_url, cookie, app_url):
        pass

    assert refused.value.response.status_code == 403


def test_a_key_opens_no_websocket(app_url: str, as_user: AsUser) -> None:
    import websockets.sync.client as websocket

    key = as_user("Ada").post("/api/keys", json={"name": "x", "scopes": ["admin"]}).json()["key"]
    address = app_url.replace("http", "ws", 1) + "/_event/?EIO=4&transport=websocket&token=t"
    with pytest.raises(InvalidStatus):
        websocket.connect(
            address, additional_headers={"Authorization": f"Bearer {key}"}, origin=app_url, proxy=None
        )  # type: ignore[arg-type]
