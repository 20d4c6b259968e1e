"""Speaks to the event socket as an attacker would: any event, any arguments, any cookie, any origin.

Knows the wire format of Reflex 0.10.1 (socket.io over a websocket); nothing else in the tests does.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import websockets.sync.client as websocket

Event = tuple[str, dict[str, Any]]

QUIET_S = 1.0
PATIENCE_S = 20
"""How long a server that is busy may take to answer."""

SESSION_STATE = "reflex___state____state.openrooms_app___session____session_state"
ANSWERS = "reflex___state____state.openrooms_app___session____answers"


def connect(url: str, cookie: str | None, origin: str | None) -> websocket.ClientConnection:
    headers = {"Cookie": f"openrooms_session={cookie}"} if cookie else {}
    address = url.replace("http", "ws", 1) + "/_event/?EIO=4&transport=websocket&token=an-attackers-tab"
    return websocket.connect(address, additional_headers=headers, origin=origin, proxy=None)  # type: ignore[arg-type]


def send(url: str, cookie: str, *events: Event) -> list[dict[str, Any]]:
    """Send events one after the other; the deltas that came back."""
    with open_tab(url, cookie) as socket:
        return exchange(socket, *events)


def exchange(
    socket: websocket.ClientConnection, *events: Event, is_answered: bool = True
) -> list[dict[str, Any]]:
    """Send events on an open socket, each after the answers to the one before."""
    answers: list[dict[str, Any]] = []
    for event in events:
        _put(socket, event)
        answers += _deltas(socket, PATIENCE_S if is_answered else QUIET_S)
    return answers


def flood(url: str, cookie: str, *events: Event) -> list[dict[str, Any]]:
    """Send all events at once; the deltas that came back."""
    with open_tab(url, cookie) as socket:
        for event in events:
            _put(socket, event)
        return _deltas(socket, PATIENCE_S, pause_s=QUIET_S)


@contextmanager
def open_tab(url: str, cookie: str) -> Iterator[websocket.ClientConnection]:
    """A socket as a tab has it, through the greetings."""
    with connect(url, cookie, url) as socket:
        socket.recv()
        socket.send("40/_event,")
        socket.recv()
        yield socket


def _put(socket: websocket.ClientConnection, event: Event) -> None:
    name, payload = event
    body = {"name": name, "payload": payload, "router_data": {"pathname": "/", "asPath": "/"}}
    socket.send("42/_event," + json.dumps(["event", body]))


def _deltas(
    socket: websocket.ClientConnection, patience_s: float, *, pause_s: float = 0.3
) -> list[dict[str, Any]]:
    """What the server says until it has been quiet: for `patience_s` before its first word, for `pause_s` after others."""
    found: list[dict[str, Any]] = []
    while True:
        try:
            frame = socket.recv(timeout=pause_s if found else patience_s)
        except TimeoutError:
            return found
        if isinstance(frame, str) and frame.startswith("42/_event,"):
            _, update = json.loads(frame.removeprefix("42/_event,"))
            if isinstance(update, dict) and update.get("delta"):
                found.append(update["delta"])


def session_vars(deltas: list[dict[str, Any]]) -> dict[str, Any]:
    """The last value of each variable of the session's state."""
    values: dict[str, Any] = {}
    for delta in deltas:
        for name, value in delta.get(SESSION_STATE, {}).items():
            values[name.removesuffix("_rx_state_")] = value
    return values
