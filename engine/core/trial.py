"""Runs for trying out: outputs given beforehand, an early end, or one node alone. Recorded like all that decides a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field, JsonValue

from engine.core.catalogue import Behaviour
from engine.core.document import Frozen
from engine.core.errors import OpenRoomsError
from engine.core.plan import Plan, PlanNode
from engine.core.shapes import Described, faults_in

PINNABLE = frozenset({Behaviour.STEP, Behaviour.WAIT})
ALONE = PINNABLE | {Behaviour.DECISION}
LAST = ALONE | {Behaviour.PARALLEL}
SCHEMAS = ("output_schema", "form_schema")
"""What in a node's config says how its output looks."""


class UnknownNode(OpenRoomsError):
    code = "unknown_node"

    def __init__(self, id_: str, known: Iterable[str]) -> None:
        choices = ", ".join(sorted(known)[:20])
        super().__init__(f"The version that would run has no node {id_[:80]!r}. It has: {choices}.")


class BadTrial(OpenRoomsError):
    """What is asked for can't be tried out so."""

    code = "bad_trial"


class Trial(Frozen):
    """What is asked of a run; without any of the last four it is an ordinary one.

    `pins` holds outputs by node: its step is not executed and gives that. The run ends after `until`'s step. `only`
    runs one node once, with `vars`.
    """

    input: JsonValue = None
    pins: dict[str, JsonValue] = Field({})
    until: str | None = None
    only: str | None = None
    vars: dict[str, JsonValue] = Field({})

    @property
    def is_ordinary(self) -> bool:
        return not (self.pins or self.until or self.only or self.vars)

    @property
    def options(self) -> dict[str, Any]:
        """What the run's row keeps of it."""
        told = {"pins": self.pins, "until": self.until, "only": self.only}
        return {name: value for name, value in told.items() if value}

    @property
    def at_step(self) -> dict[str, Any] | None:
        """Where the run begins if not at START."""
        return {"node": self.only, "vars": self.vars} if self.only else None


def check(plan: Plan, trial: Trial) -> None:
    """Whether these nodes can be tried out so.

    Raises:
        UnknownNode, BadTrial
    """
    if trial.only and (trial.until or trial.pins):
        raise BadTrial("A node that runs alone has no others: leave out `until` and `pins`.")
    if trial.vars and not trial.only:
        raise BadTrial("`vars` are for a node that runs alone: name it in `only`.")
    for id_, output in trial.pins.items():
        _check_node(plan, id_, PINNABLE, "has no output that could be pinned: pin a step or a WAIT")
        _check_output(plan.nodes[id_], output)
    if trial.until:
        _check_node(plan, trial.until, LAST, "is no node to end after: choose a node between START and END")
    if trial.only:
        _check_node(plan, trial.only, ALONE, "can't run alone: choose a step, a WAIT or a DECISION")


def _check_node(plan: Plan, id_: str, allowed: frozenset[Behaviour], why_not: str) -> None:
    node = plan.nodes.get(id_)
    if node is None:
        raise UnknownNode(id_, plan.nodes)
    if node.behaviour not in allowed:
        raise BadTrial(f"The {node.type} {id_!r} {why_not}.")


def _check_output(node: PlanNode, output: JsonValue) -> None:
    """A step whose output does not fit fails, so no run goes on with one that could not have come about."""
    for name in SCHEMAS:
        schema = node.config.get(name)
        if schema is not None and (faults := faults_in(Described(schema), output)):
            told = "; ".join(str(fault) for fault in faults[:3])
            raise BadTrial(
                f"The output pinned for the {node.type} {node.id!r} does not fit its {name}: {told}. Change the pin."
            )


def seen_of(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """What outsiders see of the options kept: the nodes, without the outputs given for them."""
    if not options:
        return None
    return {**options, "pins": sorted(options["pins"])} if "pins" in options else dict(options)
