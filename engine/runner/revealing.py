"""Puts the values of secrets into a step's arguments at the very moment it is executed, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.catalogue import StepContext
from engine.core.plan import PlanNode
from engine.core.secret import SCOPE
from engine.runtime import Runtime

Params = Mapping[str, Any]


def revealer(
    rt: Runtime, node: PlanNode, run_secrets: frozenset[str], scope: Mapping[str, Any]
) -> Callable[[Params, StepContext], Params]:
    """Gives the step's parameters with the values of its secrets; `scope` is what they were rendered with.

    Only slots that the tool has marked get one. It also makes sure that whatever the run sent to the world
    before, perhaps from another worker, is masked here when it comes back.
    """

    def reveal(params: Params, ctx: StepContext) -> Params:
        rt.vault.find(run_secrets - node.secrets)
        if not node.secrets:
            return params
        values = rt.vault.reveal(node.secrets)
        ctx.hidden = tuple(values.values())
        filled: Any = node.templates["arguments"].render({**scope, SCOPE: dict(values)})
        slots = rt.catalogue.tools[params["tool"]].secret_slots
        shown = params["arguments"]
        return {**params, "arguments": {key: filled[key] if key in slots else shown[key] for key in shown}}

    return reveal
