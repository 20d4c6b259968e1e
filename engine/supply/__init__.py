"""Tools that come from outside of the package: a folder of the operator's files, and MCP servers he names."""

from engine.supply.sources import Sources
from engine.supply.supply import Supply

__all__ = ["Sources", "Supply"]
