"""What callers may do so often, they may do so often of all web processes together: behind a balancer no limit is doubled."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing

import pytest
from starlette.testclient import TestClient

from engine.core.apikey import NewKey, Scope
from engine.core.hook import NewHook
from engine.core.identity import Role
from engine.core.rates import Rate
from engine.runtime import get_runtime, use_runtime
from engine.services import api_keys, calls, hooks, identity
from openrooms_app import program
from openrooms_app.api import create_api
from openrooms_app.ask import THREADS, threads
from openrooms_app.gate import Gate
from openrooms_app.session import COOKIE
from tests.app.api.conftest import a_room, an_account
from tests.fixtures.runtimes import open_movable

THREE = Rate(3, 60)


def statuses(processes, ask: Callable[[], int]) -> list[int]:
    """What is answered when the two are asked by turns."""
    given = []
    for number in range(5):
        use_runtime(processes[number % 2])
        given.append(ask())
    return given


def test_two_web_processes_count_as_one(sqlite_url, redis_url, tmp_path, monkeypatch):
    monkeypatch.setattr(program, "REQUESTS", THREE)
    monkeypatch.setattr(calls, "CALLS", THREE)
    monkeypatch.setattr(identity, "ATTEMPTS", THREE)
    with ExitStack() as stack:
        stack.callback(use_runtime, None)
        one, other = (
            stack.enter_context(closing(open_movable(sqlite_url, redis_url, tmp_path))) for _ in "12"
        )
        use_runtime(one)
        user, session = an_account(one, Role.ADMIN)
        key = api_keys.create(one, user, NewKey(name="Mine", scopes=(Scope.READ,))).key
        api = TestClient(Gate(create_api()), cookies={COOKIE: session})
        url = hooks.create(one, user, a_room(api), NewHook(name="In", signing="github")).url
        program_ = TestClient(Gate(create_api()), headers={"Authorization": f"Bearer {key}"})

        asked = statuses([one, other], lambda: program_.get("/api/rooms").status_code)
        called = statuses([one, other], lambda: TestClient(Gate(create_api())).post(url).status_code)

        def log_in() -> int:
            with pytest.raises((identity.BadCredentials, identity.TooManyAttempts)) as refused:
                identity.log_in(get_runtime(), user.name, "a guess")
            return 429 if isinstance(refused.value, identity.TooManyAttempts) else 401

        tried = statuses([one, other], log_in)

    assert asked == [200, 200, 200, 429, 429]
    assert called == [401, 401, 401, 429, 429]
    assert tried == [401, 401, 401, 429, 429]


def test_forty_may_ask_at_once_whatever_the_machine() -> None:
    async def ask_all() -> None:
        async with threads():
            together = threading.Barrier(THREADS)
            await asyncio.gather(*(asyncio.to_thread(together.wait, 10) for _ in range(THREADS)))

    asyncio.run(ask_all())
