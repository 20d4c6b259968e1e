"""How pages call services, and how they tell the user what came of it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from reflex_base.event import EventSpec

from engine.core.errors import OpenRoomsError
from engine.runtime import Runtime, get_runtime
from openrooms_app.session import Kind, SessionState

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


THREADS = 40
"""As many as the API's own endpoints have."""


@asynccontextmanager
async def threads() -> AsyncIterator[None]:
    """Threads for what is asked, while the server is up: Python alone gives six on two cores, which a few slow ones would fill."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "ask"))
    yield


async def ask(service: Callable[Concatenate[Runtime, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a service in a thread; Reflex runs handlers on the event loop, and SQL would hold it."""
    return await asyncio.to_thread(service, get_runtime(), *args, **kwargs)


def notify(text: str, kind: Kind = "success") -> EventSpec:
    """A toast, as in `return notify("Published version 3.")`.

    Not `rx.toast`: sent from a handler it needs `eval` in the browser, which our CSP forbids.
    """
    return cast(Any, SessionState.tell)(text, kind)


def tell_user(exception: Exception) -> EventSpec:
    """What a page shows when its handler raised: the engine's own words, or an apology."""
    if isinstance(exception, OpenRoomsError):
        return notify(str(exception), "error")
    log.error("unexpected error in a page", exc_info=exception)
    return notify("Something went wrong on our side. It has been logged.", "error")


def log_breakage(exception: Exception) -> None:
    """Keep on record what broke in a browser. That it measured something a frame late, as while a width is dragged, is no fault."""
    if "ResizeObserver loop" not in str(exception):
        log.error("a page broke in a browser: %s", exception)
