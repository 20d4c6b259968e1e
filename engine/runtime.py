"""The parts, put together once per process; time, ids and randomness come from here and nowhere else."""

from __future__ import annotations

import math
import secrets
import string
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit

import orjson
import uuid_utils
from pydantic import SecretStr

from engine import failpoints, keyfile
from engine.core.catalogue import Catalogue
from engine.core.discovery import discover
from engine.core.document import Document
from engine.core.errors import NotFound, OpenRoomsError
from engine.core.plan import Plan, compile_plan
from engine.core.rates import Rate
from engine.core.signal_links import Link, path_of
from engine.hiding import HIDDEN, hide_in_logs
from engine.live.address import embedded_url
from engine.live.bell import Bell
from engine.live.feed import Feed
from engine.live.rates import Rates
from engine.prices import prices
from engine.settings import Settings
from engine.store import clock, runs
from engine.store.database import Database, Hot, Session, SQLAlchemyError
from engine.supply import Sources, Supply
from engine.vault import Vault

PLANS_KEPT = 256
KEYS_KEPT_US = 5_000_000
"""After which a key that was changed among the secrets holds."""
_LETTERS = string.ascii_letters + string.digits


class Clock:
    """Time since boot, ahead by what the installation has agreed on; by the wall's clock until then."""

    def __init__(self) -> None:
        self._ahead_us = time.time_ns() // 1000 - clock.since_boot_us()

    def now_us(self) -> int:
        # Twice in every step: asked of the system without a call in between.
        return time.clock_gettime_ns(clock.SINCE_BOOT) // 1000 + self._ahead_us

    def agree(self, db: Database) -> None:
        """Take over the installation's time; without a database that is ready, ours stays."""
        boot = clock.boot_id()
        if boot is None:
            return
        with suppress(OpenRoomsError, SQLAlchemyError), db.hot() as hot:
            self._ahead_us = clock.agree(hot, boot)

    def put_forward(self, db: Database, by_us: int) -> None:
        """Others are so much ahead: this machine's clock stood still for a while, or theirs was set when they started."""
        self._ahead_us += by_us
        if (boot := clock.boot_id()) is not None:
            with db.hot() as hot:
                clock.put_forward(hot, boot, self._ahead_us)


@dataclass(frozen=True, slots=True)
class Runtime:
    """What services, the runner and workers work with."""

    settings: Settings
    db: Database
    feed: Feed
    """Hot state and live events in Redis: a cache that may vanish."""
    bell: Bell
    """Rings workers through the queue: may be lost or doubled."""
    catalogue: Catalogue
    secret_key: bytes
    bell_url: str = ""
    rates: Rates | None = None
    """Keeps the rates of tools and callers; None: nothing is counted."""
    supply: Supply | None = None
    """Brings the operator's own tools into the catalogue."""
    clock: Clock = field(default_factory=Clock)
    plans: dict[tuple[str, int], Plan] = field(default_factory=dict)
    keys: dict[str, tuple[str, int]] = field(default_factory=dict, repr=False)
    """What `provider_settings` found among the secrets, and until when that is good."""

    def now_us(self) -> int:
        """The installation's time; it never jumps while the machine is up, whatever is done to the clock."""
        return self.clock.now_us()

    @property
    def provider_settings(self) -> dict[str, str]:
        """What providers and tools may know of the settings, in plain text: never logged, never stored.

        The one place where keys come from, whoever keeps them.
        """
        settings = self.settings
        return {
            "openai_api_key": settings.openai_api_key.get_secret_value() or self._kept("openai_api_key"),
            "openai_base_url": settings.openai_base_url,
            "anthropic_api_key": settings.anthropic_api_key.get_secret_value()
            or self._kept("anthropic_api_key"),
            "anthropic_base_url": settings.anthropic_base_url,
            "http_allow": settings.http_allow,
            "prices_file": settings.prices_file,
            "embedding": settings.embedding,
        }

    def key_from(self, provider: str) -> Literal["environment", "secret", "nowhere"]:
        """Where `provider_settings` has the provider's key from."""
        name = f"{provider}_api_key"
        if not self.provider_settings.get(name):
            return "nowhere"
        return "environment" if getattr(self.settings, name).get_secret_value() else "secret"

    @property
    def vault(self) -> Vault:
        return Vault(self.db, self.settings)

    def _kept(self, name: str) -> str:
        """The secret of this name, "" if there is none; looked up again after a while, kept while that fails."""
        value, until_us = self.keys.get(name, ("", 0))
        if self.now_us() < until_us or self.db.is_missing:
            return value
        with suppress(OpenRoomsError, SQLAlchemyError):
            value = self.vault.find([name]).get(name, "")
        self.keys[name] = value, self.now_us() + KEYS_KEPT_US
        return value

    def plan(self, workflow_id: str, version: int, within: Session | Hot | None = None) -> Plan:
        """A version made ready to run; the last ones are kept. Whoever is `within` a transaction reads in that.

        Raises:
            NotFound: there is no such version.
            UnknownName: one of its node types is not installed here.
        """
        key = (workflow_id, version)
        plan = self.plans.get(key)
        if plan is None:
            with self.db.read() if within is None else nullcontext(within) as session:
                document = runs.version_document(session, workflow_id, version)
            if document is None:
                raise NotFound("version", f"{workflow_id}/{version}")
            plan = compile_plan(Document.of(orjson.loads(document)), self.catalogue)
            while len(self.plans) >= PLANS_KEPT:
                self.plans.pop(next(iter(self.plans)), None)
            self.plans[key] = plan
        return plan

    def signal_url(self, run_id: str, number: str, signal: str, expires_us: int) -> str:
        """An address that sends the signal to the run, once for each `number`; see engine/core/signal_links.py."""
        path = path_of(self.secret_key, Link(run_id, signal, expires_us, number))
        return self.settings.public_url.rstrip("/") + path

    @property
    def sources(self) -> Sources:
        """Where the operator's own tools come from, for child processes."""
        return Sources() if self.supply is None else self.supply.sources

    def too_soon_s(self, rate: Rate, what: str) -> int:
        """Whole seconds until the next free place of a rate that all processes share; 0 when one was free, taken now."""
        return 0 if self.rates is None else math.ceil(self.rates.take_now(rate, what))

    def reveal_to_tools(self, names: Collection[str]) -> Mapping[str, str]:
        """Values of secrets that an operator's own servers are told in headers, for child processes."""
        return {} if self.supply is None else self.supply.reveal(names)

    def look_after_tools(self) -> None:
        """From now on tools that change outside change here; for processes that live long."""
        if self.supply is not None:
            self.supply.start(self.plans.clear)  # plans know what effect a tool has

    def new_id(self) -> str:
        """A UUIDv7: sorts by time."""
        return str(uuid_utils.uuid7())

    def new_token(self) -> str:
        """256 random bits for whoever must not guess."""
        return secrets.token_urlsafe(32)

    def new_letters(self, count: int) -> str:
        """That many random letters and digits: 5.9 bits each, easy to copy."""
        return "".join(secrets.choice(_LETTERS) for _ in range(count))

    def close(self) -> None:
        if self.supply is not None:
            self.supply.stop()
        self.feed.close()
        self.bell.close()
        if self.rates is not None:
            self.rates.close()
        self.db.close()


def open_runtime(settings: Settings | None = None) -> Runtime:
    """Connect the parts; nothing is contacted before it is used.

    Raises:
        BadPrices: the operator's price list is none; better now than in the middle of a run.
    """
    settings = settings or Settings()
    prices(settings.prices_file)
    failpoints.arm(settings.crash_at)
    HIDDEN.add(_keys_in(settings))
    hide_in_logs()
    key = _secret_key(settings)
    url = settings.redis_url or embedded_url(settings.data_dir)
    catalogue = discover({"http_allow": settings.http_allow})
    db = Database(settings.effective_database_url)
    return Runtime(
        settings=settings,
        db=db,
        feed=Feed(url),
        bell=Bell(url, key),
        catalogue=catalogue,
        secret_key=key,
        bell_url=url,
        rates=Rates(url),
        supply=Supply(Sources.of(settings), catalogue, Vault(db, settings).reveal),
    )


def _keys_in(settings: Settings) -> Iterator[str]:
    """All that is secret in the settings, master keys one by one."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            yield from (part.strip() for part in value.get_secret_value().split(","))
    for url in (settings.database_url, settings.redis_url):
        yield unquote(urlsplit(url).password or "")


def _secret_key(settings: Settings) -> bytes:
    if given := settings.secret_key.get_secret_value():
        return given.encode()
    return keyfile.kept(settings.data_dir / "secret.key")[0].encode()


_lock = threading.Lock()
_runtime: Runtime | None = None


def get_runtime() -> Runtime:
    """This process's runtime, made at the first call."""
    global _runtime  # noqa: PLW0603 - one per process is the point
    with _lock:
        if _runtime is None:
            _runtime = open_runtime()
            if not _runtime.db.is_missing:
                _runtime.clock.agree(_runtime.db)
        return _runtime


def use_runtime(rt: Runtime | None) -> None:
    """Make `rt` this process's runtime; tests and the command line open their own."""
    global _runtime  # noqa: PLW0603
    with _lock:
        _runtime = rt
