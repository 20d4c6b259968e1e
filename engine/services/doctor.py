"""Examines an installation: what is configured, reachable, missing, each with its remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from engine.core.document import Frozen
from engine.core.embedding import configured
from engine.core.errors import OpenRoomsError
from engine.core.identity import Role, User
from engine.prices import prices
from engine.runtime import Runtime, open_runtime
from engine.services.permission import require
from engine.settings import Settings, chosen
from engine.store import recall, workers
from engine.store.migrations import is_current

LOW_DISK_BYTES = 1_000_000_000


class Finding(Frozen):
    name: str
    is_fine: bool
    found: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """What the operator has set, then one finding for each thing an installation stands on; secrets are masked."""
    rt = open_runtime(settings)
    try:
        told = [
            Finding(name=one.name, is_fine=True, found=f"{one.shown} ({one.origin})")
            for one in chosen(settings)
        ]
        return [*told, *(_safe(rt, name, look) for name, look in _LOOKS.items())]
    finally:
        rt.close()


def conditions(rt: Runtime, user: User) -> list[Finding]:
    """Those of a living installation that a health check does not tell; no server is asked."""
    require(rt, user, Role.ADMIN, "see what the installation stands on")
    return [_safe(rt, name, _LOOKS[name]) for name in _QUIET]


def _safe(rt: Runtime, name: str, look: Callable[[Runtime], tuple[bool, str, str]]) -> Finding:
    try:
        is_fine, found, remedy = look(rt)
    except (OpenRoomsError, OSError) as error:
        is_fine, found, remedy = False, str(error), "see the message"
    return Finding(name=name, is_fine=is_fine, found=found, remedy="" if is_fine else remedy)


def _data_dir(rt: Runtime) -> tuple[bool, str, str]:
    folder = rt.settings.data_dir.resolve()
    if not folder.exists():
        return True, f"{folder} (will be made at the first start)", ""
    free = shutil.disk_usage(folder).free
    told = f"{folder} ({free / 1e9:.1f} GB free)"
    return free > LOW_DISK_BYTES, told, "make room on this disk, or choose another data dir"


def _database(rt: Runtime) -> tuple[bool, str, str]:
    rt.db.ping()
    shown = rt.db.url.render_as_string(hide_password=True)
    return is_current(rt.db), shown, "its tables are of another version: run `openrooms migrate`"


def _redis(rt: Runtime) -> tuple[bool, str, str]:
    kind = "configured" if rt.settings.redis_url else "embedded"
    took_ms = rt.feed.ping()
    if took_ms is None:
        return False, f"{kind}, does not answer", "start `openrooms up`, or check OPENROOMS_REDIS_URL"
    return True, f"{kind}, answers in {took_ms:.1f} ms", ""


def _workers(rt: Runtime) -> tuple[bool, str, str]:
    with rt.db.read() as session:
        alive = workers.alive(session, rt.now_us())
    told = f"{len(alive)} alive, {sum(worker.threads for worker in alive)} threads"
    return bool(alive), told, "start `openrooms up` or `openrooms worker`"


def _provider(name: str) -> Callable[[Runtime], tuple[bool, str, str]]:
    def look(rt: Runtime) -> tuple[bool, str, str]:
        key = rt.provider_settings.get(f"{name}_api_key", "")
        base = rt.provider_settings.get(f"{name}_base_url", "")
        where = f" at {base}" if base else ""
        return True, (f"key is set{where}" if key else f"no key set{where}; agents can't use it"), ""

    return look


def _prices(rt: Runtime) -> tuple[bool, str, str]:
    path = rt.settings.prices_file
    found = prices(path)
    models = sum(len(known) for known in found.servers.values())
    return True, f"{path or 'our own list'} of {found.version}, {models} models", ""


def _embedding(rt: Runtime) -> tuple[bool, str, str]:
    if not rt.settings.embedding:
        return True, "none is set: texts in a memory are found by their words", ""
    configured(rt.catalogue, rt.provider_settings)
    return True, rt.settings.embedding, ""


def _vectors(rt: Runtime) -> tuple[bool, str, str]:
    with rt.db.look() as hot:
        return True, recall.engine_of(hot), ""


def _catalogue(rt: Runtime) -> tuple[bool, str, str]:
    found = rt.catalogue
    told = (
        f"{len(found.node_types.names())} node types, {len(found.tools.names())} tools, "
        f"{len(found.providers.names())} providers"
    )
    return bool(found.node_types.names()), told, "install openrooms again"


def _tools_folder(rt: Runtime) -> tuple[bool, str, str]:
    folder = rt.sources.tools_dir
    if not folder:
        return True, "none; set OPENROOMS_TOOLS_DIR to have one", ""
    faults = rt.supply.folder_faults if rt.supply else {}
    told = "; ".join(f"{name}: {why}" for name, why in faults.items()) or "all files can be used"
    return not faults, f"{folder}: {told}", "mend the files; running processes notice by themselves"


def _mcp_servers(rt: Runtime) -> tuple[bool, str, str]:
    if rt.supply is None or not (rt.supply.servers or rt.supply.faults):
        return True, f"none in {rt.sources.mcp_servers}", ""
    told = rt.supply.survey()
    faults = {name: why for name, why in rt.supply.faults.items() if name not in rt.supply.folder_faults}
    shown = told or faults
    return not faults, "; ".join(f"{name}: {what}" for name, what in shown.items()), "see the message"


_QUIET = ("data dir", "prices", "embedding", "vectors", "catalogue", "tools folder")
_LOOKS: dict[str, Callable[[Runtime], tuple[bool, str, str]]] = {
    "data dir": _data_dir,
    "database": _database,
    "redis": _redis,
    "workers": _workers,
    "provider openai": _provider("openai"),
    "provider anthropic": _provider("anthropic"),
    "prices": _prices,
    "embedding": _embedding,
    "vectors": _vectors,
    "catalogue": _catalogue,
    "tools folder": _tools_folder,
    "mcp servers": _mcp_servers,
}
