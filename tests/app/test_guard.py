"""Events from the wire: only of somebody who is there, only what the role allows, only what is marked."""

from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from openrooms_app.guard import FRAMEWORK
from tests.app import wire
from tests.app.conftest import AsUser

HYDRATE = "reflex___state____state.hydrate_and_load"


def cookie_of(client: httpx.Client) -> str:
    return client.cookies["openrooms_session"]


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null", None])
def test_a_websocket_of_another_sites_page_is_refused_with_a_session_too(
    app_url: str, as_user: AsUser, origin: str | None
) -> None:
    cookie = cookie_of(as_user("Ada"))

    with pytest.raises(InvalidStatus) as refused, wire.connect(app_url, cookie, origin):
        pass

    assert refused.value.response.status_code == 403


def test_the_other_transport_of_the_event_socket_is_guarded_as_well(app_url: str, as_user: AsUser) -> None:
    polling = f"{app_url}/_event/?EIO=4&transport=polling&token=t"
    cookie = {"cookie": f"openrooms_session={cookie_of(as_user('Ada'))}"}

    assert httpx.get(polling).status_code == 401
    assert httpx.get(polling, headers={**cookie, "origin": "http://evil.example"}).status_code == 403
    assert httpx.get(polling, headers={**cookie, "origin": app_url}).status_code == 400  # websocket alone


def test_the_session_of_one_tab_is_no_way_into_another(app_url: str, as_user: AsUser) -> None:
    """The attacker knows the tab's token and joins it: it becomes the attacker's, emptied."""
    told = (f"{wire.SESSION_STATE}.tell", {"text": "for Ada alone", "kind": "info"})
    wire.send(app_url, cookie_of(as_user("Ada")), (HYDRATE, {}), told)

    seen = wire.session_vars(wire.send(app_url, cookie_of(as_user("Vi")), (HYDRATE, {})))

    assert (seen["user_name"], seen["role"]) == ("Vi", "viewer")
    assert "for Ada alone" not in str(seen)


def test_a_tab_learns_who_it_belongs_to(app_url: str, as_user: AsUser) -> None:
    shown = wire.session_vars(wire.send(app_url, cookie_of(as_user("Vi")), (HYDRATE, {})))

    assert (shown["user_name"], shown["role"], shown["ended"]) == ("Vi", "viewer", False)
    assert not [name for name in shown if name.startswith("_")]


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        (f"{wire.SESSION_STATE}.setvar", {"var_name": "role", "value": "admin"}),
        ("reflex___state____state.setvar", {"var_name": "is_hydrated", "value": True}),
        (
            "reflex___state____state.reflex___state____update_vars_internal_state.update_vars_internal",
            {"vars": {f"{wire.SESSION_STATE}.role": "admin"}},
        ),
    ],
)
def test_an_event_without_a_required_role_is_refused_to_administrators_too(
    app_url: str, as_user: AsUser, event: str, payload: dict[str, object]
) -> None:
    deltas = wire.send(app_url, cookie_of(as_user("Ada")), (HYDRATE, {}), (event, payload))

    notice = wire.session_vars(deltas)["notice"]
    assert notice["kind"] == "error"
    assert "does not allow" in notice["text"]


@pytest.mark.parametrize("event", ["reset", "get_state", "_owner", "__init__", "nothing"])
def test_a_method_that_is_no_event_cannot_be_called(app_url: str, as_user: AsUser, event: str) -> None:
    name = f"{wire.SESSION_STATE}.{event}"

    with wire.open_tab(app_url, cookie_of(as_user("Ada"))) as socket:
        assert wire.exchange(socket, (HYDRATE, {}))
        assert not wire.exchange(socket, (name, {}), is_answered=False)


def test_an_event_after_the_logout_is_refused_on_the_open_websocket(app_url: str, as_user: AsUser) -> None:
    me = as_user("Ed")
    told = (f"{wire.SESSION_STATE}.tell", {"text": "still here", "kind": "info"})

    with wire.open_tab(app_url, cookie_of(me)) as socket:
        before = wire.session_vars(wire.exchange(socket, (HYDRATE, {}), told))
        me.post("/logout")
        after = wire.session_vars(wire.exchange(socket, (HYDRATE, {}), told))

    assert before["notice"]["text"] == "still here"
    assert after == {"ended": True}


def test_a_tab_that_sends_too_much_at_once_is_refused_the_rest(app_url: str, as_user: AsUser) -> None:
    events = [(f"{wire.SESSION_STATE}.tell", {"text": f"number {i}", "kind": "info"}) for i in range(60)]

    deltas = wire.flood(app_url, cookie_of(as_user("Vi")), (HYDRATE, {}), *events)

    told = [delta[wire.SESSION_STATE]["notice_rx_state_"]["text"] for delta in deltas if _has_notice(delta)]
    assert 20 <= len([text for text in told if text.startswith("number")]) <= 30
    assert told[-1].startswith("Too much at once")


def _has_notice(delta: dict[str, Any]) -> bool:
    return bool(delta.get(wire.SESSION_STATE, {}).get("notice_rx_state_"))


def test_no_way_to_set_variables_is_among_the_frameworks_events() -> None:
    assert not [name for name in FRAMEWORK if "var" in name]
