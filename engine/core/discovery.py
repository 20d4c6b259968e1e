"""Finds node types, tools and providers: every module of our folders, then entry points, through one door."""

import importlib
import pkgutil
from collections.abc import Mapping
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from engine.core.catalogue import Catalogue, NodeType, Provider, Tool

PACKAGES = ("engine.nodes", "engine.tools", "engine.providers")
ENTRY_POINTS = ("openrooms.nodes", "openrooms.tools", "openrooms.providers")


def discover(settings: Mapping[str, Any] | None = None) -> Catalogue:
    """The catalogue of this installation; `settings` is what validation may know of it.

    Raises:
        ValueError: two things of one kind have the same name.
    """
    catalogue = Catalogue(settings=dict(settings or {}))
    for module in _modules():
        for item in vars(module).values():
            if isinstance(item, NodeType | Tool | Provider):
                catalogue.add(item)
    return catalogue


def _modules() -> list[ModuleType]:
    found = []
    for package_name in PACKAGES:
        package = importlib.import_module(package_name)
        names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
        found += [importlib.import_module(f"{package_name}.{name}") for name in names]
    plugged_in = entry_points()  # once for all groups: it reads about every package that is installed
    found += [entry.load() for group in ENTRY_POINTS for entry in plugged_in.select(group=group)]
    return found
