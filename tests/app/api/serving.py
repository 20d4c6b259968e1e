"""The API on a real socket with a worker beside it, in this process, and the administrator Ada."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import uvicorn

from engine.core.apikey import NewKey
from engine.core.identity import Scope, User
from engine.runner import Runner
from engine.runtime import Runtime, use_runtime
from engine.services import api_keys, identity
from openrooms_app.api import create_api
from openrooms_app.entrance import Entrance
from openrooms_app.gate import Gate
from tests.fixtures.runtimes import open_movable

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Server:
    url: str
    rt: Runtime
    ada: User
    runner: Runner

    def key(self, *scopes: Scope) -> str:
        new = NewKey(name="test", scopes=scopes or (Scope.ADMIN,))
        return api_keys.create(self.rt, self.ada, new).key


@contextmanager
def serving(sqlite_url: str, redis_url: str, folder: Path) -> Iterator[Server]:
    with closing(open_movable(sqlite_url, redis_url, folder)) as opened, socket.socket() as listener:
        rt = replace(opened, settings=opened.settings.model_copy(update={"http_allow": "127.0.0.1"}))
        use_runtime(rt)
        token = identity.create_first_admin(rt, identity.make_setup_token(rt), "Ada", PASSWORD)
        ada = identity.who(rt, token)
        assert ada is not None
        listener.bind(("127.0.0.1", 0))
        app = Gate(Entrance(create_api()))
        uvicorn_server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=uvicorn_server.run, args=([listener],))
        thread.start()
        runner = Runner(rt, threads=4)
        runner.start()
        rt.bell.on_ring(runner.activate)
        consumer = rt.bell.consumer(1)
        ringing = threading.Thread(target=consumer.run)
        ringing.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        _wait_until_it_answers(url)
        yield Server(url, rt, ada, runner)
        consumer.stop(graceful=True)
        ringing.join(10)
        runner.stop()
        uvicorn_server.should_exit = True
        thread.join(10)
        use_runtime(None)


def _wait_until_it_answers(url: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"{url}/api/health", trust_env=False)
            return
        except httpx.TransportError:
            assert time.monotonic() < end
            time.sleep(0.02)
