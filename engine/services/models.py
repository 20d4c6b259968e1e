"""The providers with the models that their servers offer now: a server is asked once a minute, for two seconds at most."""

from __future__ import annotations

import asyncio
import time

from engine.core.catalogue import Provider
from engine.core.errors import OpenRoomsError
from engine.core.identity import User
from engine.runtime import Runtime
from engine.services import catalogue
from engine.services.catalogue import ProviderView

KEPT_S = 60.0

_Asked = tuple[str, tuple[tuple[str, str], ...]]
_kept: dict[_Asked, tuple[float, tuple[str, ...] | str]] = {}
"""What each server has answered and when: its models, or why there are none. Not in SQL: it is not ours."""


def list_providers(rt: Runtime, user: User) -> tuple[ProviderView, ...]:
    """As the catalogue has them; those whose server can be asked with what it offers."""
    views = catalogue.list_providers(rt, user)
    _ask_all(rt, [provider for provider in rt.catalogue.providers if _is_due(rt, provider)])
    return tuple(_with_models(rt, view) for view in views)


def _is_due(rt: Runtime, provider: Provider) -> bool:
    if provider.list_models is None or not provider.is_configured(rt.provider_settings):
        return False
    at, _ = _kept.get(_key(rt, provider.name), (-KEPT_S, ""))
    return time.monotonic() - at >= KEPT_S


def _key(rt: Runtime, name: str) -> _Asked:
    return name, tuple(sorted(rt.provider_settings.items()))


def _ask_all(rt: Runtime, providers: list[Provider]) -> None:
    async def ask(provider: Provider) -> None:
        assert provider.list_models is not None  # noqa: S101 - `_is_due` has looked
        try:
            found: tuple[str, ...] | str = await provider.list_models(rt.provider_settings)
        except OpenRoomsError as error:
            found = str(error)
        _kept[_key(rt, provider.name)] = (time.monotonic(), found)

    async def ask_together() -> None:
        await asyncio.gather(*(ask(provider) for provider in providers))

    if providers:
        asyncio.run(ask_together())


def _with_models(rt: Runtime, view: ProviderView) -> ProviderView:
    _, found = _kept.get(_key(rt, view.name), (0, ""))
    if isinstance(found, str):
        return view.model_copy(update={"note": f"{view.note} {found}"}) if found else view
    return view.model_copy(
        update={"models": found, "models_from": "list" if found == view.models else "server"}
    )
