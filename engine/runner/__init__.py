"""The step loop: the only place where a run moves."""

from engine.runner.runner import Runner

__all__ = ["Runner"]
