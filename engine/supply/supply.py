"""An installation's own tools, kept up to date in the catalogue while the process lives; none stops it from starting."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from engine.core.catalogue import Catalogue, StepContext
from engine.core.errors import OpenRoomsError
from engine.hiding import HIDDEN
from engine.supply.connection import Connection, Place, Reveal, Unavailable
from engine.supply.folder import ToolFolder
from engine.supply.offers import Kept, Told, tools_of
from engine.supply.servers import Server, read_servers
from engine.supply.sources import BadSource, Sources

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Between two looks at files."""
REFRESH_S = 300.0
"""How old a list of a server's tools may be. Whichever process asks first keeps it for all."""
TRY_AGAIN_S = 10.0
"""After a server was not there; twice as long after each failure more."""
SERVERS = "mcp servers"


class _Known:
    """A server, its tools in the catalogue, and when it is to be asked again; one that is new here is asked at once."""

    def __init__(self, server: Server, kept: Kept, *, is_new: bool) -> None:
        self.server, self.kept, self.is_new = server, kept, is_new
        self.mark = -1
        self.names: frozenset[str] = frozenset()
        self.failures = 0
        self.next_try = 0.0


class Supply:
    """Fills a catalogue from `sources`. `start` looks after it in the background; without it nothing changes later.

    `reveal` opens the secrets that headers name; without it a server whose headers name one is not available.
    """

    def __init__(self, sources: Sources, catalogue: Catalogue, reveal: Reveal | None = None) -> None:
        self.sources = sources
        self._catalogue = catalogue
        self._place = Place(sources.kept_in, sources.http_allow, reveal or _no_secrets)
        self._file_mark: tuple[int, ...] | None = None
        self._folder = ToolFolder(Path(sources.tools_dir), catalogue) if sources.tools_dir else None
        self._known: dict[str, _Known] = {}
        self._connections: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Connection]]
        self._connections = WeakKeyDictionary()
        self._faults: dict[str, str] = {}
        self._changed: Callable[[], None] = lambda: None
        self._looking = threading.Lock()
        self._connecting = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.look()

    @property
    def folder_faults(self) -> dict[str, str]:
        return dict(self._folder.faults) if self._folder else {}

    @property
    def faults(self) -> dict[str, str]:
        """What can't be used as it stands, by file or server, and why."""
        return {**self._faults, **self.folder_faults}

    @property
    def servers(self) -> list[str]:
        return sorted(self._known)

    def look(self) -> bool:
        """Take over what files say now: which servers there are, the tools folder, and lists that any process has fetched.

        True at a change.
        """
        with self._looking:
            changes = [self._read_servers()]
            changes += [self._folder.look()] if self._folder else []
            changes += [self._take(name, known) for name, known in self._known.items()]
        return any(changes)

    def start(self, changed: Callable[[], None]) -> None:
        """Look after it in a thread; `changed` is called there after each change."""
        self._changed = changed
        if self._thread is None and (self._folder or self.sources.mcp_servers):
            self._thread = threading.Thread(target=self._run, name="tools", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def survey(self) -> dict[str, str]:
        """Ask every server now; by name how many tools it has, or why it can't be asked."""
        return asyncio.run(self._survey())

    def reveal(self, names: Collection[str]) -> dict[str, str]:
        """Values of secrets for a child process: of those that headers of servers name, and of no others."""
        named = frozenset[str]().union(*(known.server.secrets for known in self._known.values()))
        return dict(self._place.reveal(sorted(named.intersection(names))))

    def _read_servers(self) -> bool:
        """Take over what the file says if it was changed; one that can't be used changes nothing. True at a change."""
        if not self.sources.mcp_servers:
            return False
        file = Path(self.sources.mcp_servers)
        mark = _mark(file)
        if mark == self._file_mark:
            return False
        is_first, self._file_mark = self._file_mark is None, mark
        try:
            wanted = read_servers(file)
        except (OpenRoomsError, OSError) as error:
            self._faults[SERVERS] = str(error)
            log.error("%s is not used: %s", file.name, error)
            return False
        self._faults.pop(SERVERS, None)
        gone = [name for name, known in self._known.items() if wanted.get(name) != known.server]
        for name in gone:
            self._forget(name)
        fresh = wanted.keys() - self._known.keys()
        for name in sorted(fresh):
            kept = Kept(self._place.folder, name)
            self._known = {**self._known, name: _Known(wanted[name], kept, is_new=not is_first)}
        return bool(gone or fresh)

    def _forget(self, name: str) -> None:
        """The server is not there any more, or another one now."""
        self._catalogue.tools.exchange(self._known[name].names, [])
        self._known = {other: known for other, known in self._known.items() if other != name}
        self._faults.pop(f"mcp {name}", None)
        with self._connecting:
            dropped = [(loop, mine.pop(name)) for loop, mine in self._connections.items() if name in mine]
        for loop, connection in dropped:
            with suppress(RuntimeError):  # the loop is closed, and what it held with it
                loop.call_soon_threadsafe(connection.drop)

    def _take(self, name: str, known: _Known) -> bool:
        """Put the kept list into the catalogue if it is newer than what is there."""
        mark = known.kept.mark()
        if mark == known.mark:
            return False
        known.mark = mark

        async def call(tool: str, arguments: dict[str, Any], ctx: StepContext) -> Any:
            return await self._connection(name, known).call(tool, arguments, ctx)

        try:
            tools = tools_of(name, known.server, known.kept.read(), call)
            self._catalogue.tools.exchange(known.names, tools)
        except (ValueError, KeyError, TypeError) as error:
            self._faults[f"mcp {name}"] = f"its list of tools can't be used: {error}"
            return False
        known.names = frozenset(tool.name for tool in tools)
        return True

    def _connection(self, name: str, known: _Known) -> Connection:
        """That of the loop which asks."""
        with self._connecting:
            mine = self._connections.setdefault(asyncio.get_running_loop(), {})
        if name not in mine:
            mine[name] = Connection(
                name, known.server, self._place, lambda told: self._learn(name, known, told)
            )
        return mine[name]

    def _learn(self, name: str, known: _Known, told: list[Told]) -> None:
        """A server has said what it offers: kept for all processes."""
        known.failures, known.next_try, known.is_new = 0, 0.0, False
        self._faults.pop(f"mcp {name}", None)
        known.kept.write(HIDDEN.plain(told))

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if due := [name for name, known in self._known.items() if self._is_due(known)]:
                    asyncio.run(self._refresh(due))
                if self.look():
                    self._changed()
            except Exception:
                log.exception("looking after the tools failed; again in a moment")
            self._stop.wait(LOOK_S)

    def _is_due(self, known: _Known) -> bool:
        is_old = known.is_new or known.kept.age_s(time.time()) > REFRESH_S
        return is_old and time.monotonic() >= known.next_try

    async def _refresh(self, names: list[str]) -> None:
        await asyncio.gather(*(self._ask(name) for name in names))

    async def _survey(self) -> dict[str, str]:
        await self._refresh(self.servers)
        self.look()
        return {
            name: self._faults.get(f"mcp {name}", f"{len(known.names)} tools")
            for name, known in self._known.items()
        }

    async def _ask(self, name: str) -> None:
        """Connect once for the list; whoever calls a tool has a connection of its own."""
        known = self._known.get(name)
        if known is None:  # taken out of the file this very moment
            return
        once = Connection(name, known.server, self._place, lambda told: self._learn(name, known, told))
        try:
            await once.list_tools()
        except Unavailable as error:
            known.failures += 1
            known.next_try = time.monotonic() + min(REFRESH_S, TRY_AGAIN_S * 2 ** (known.failures - 1))
            if self._faults.get(f"mcp {name}") != str(error):
                log.warning("%s", error)
            self._faults[f"mcp {name}"] = str(error)
        finally:
            await once.close()


def _mark(file: Path) -> tuple[int, ...]:
    """Changes when the file does; empty where there is none."""
    try:
        status = file.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode


def _no_secrets(names: Collection[str]) -> Mapping[str, str]:
    raise BadSource(f"The headers name secrets ({', '.join(sorted(names))}), which can't be opened here.")
