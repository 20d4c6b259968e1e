"""A version made ready to run: its graph with every expression compiled and every fork matched to its join."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

from engine.core.catalogue import Behaviour, Catalogue, Effect, NodeType, Runs
from engine.core.document import Document, Node, NodeTypeName, On, Retry, Transition
from engine.core.expressions import (
    Expression,
    Template,
    compile_expression,
    compile_template,
    compile_with_urls,
    gives_host,
)
from engine.core.secret import secret_names
from engine.core.structure import Structure, analyse

WHOLE = frozenset({"vars*", "memory*"})
"""Among a node's names: it reads not a key of these but all of them."""

OVERRIDABLE = frozenset({"temperature"})
"""Fields of a step's config that a room may set for all its runs."""


@dataclass(frozen=True, slots=True)
class Way:
    """A transition, ready to be tried."""

    id: str
    target: str
    on: On
    when: Expression | None
    told: dict[str, Any]
    """What its TRANSITION says."""


@dataclass(frozen=True, slots=True)
class JoinPolicy:
    """What a fork's join waits for (branches; None is all), and what it does with failures and shared names."""

    wait_for: int | None
    fail_fast: bool
    merge: str | None
    shared_vars: frozenset[str]
    shared_memory: frozenset[str]


@dataclass(frozen=True, slots=True)
class PlanNode:
    """A node, ready to be entered. `ways` holds its ways out by trigger, in the order they are tried."""

    id: str
    type: str
    title: str
    behaviour: Behaviour
    disabled: bool
    variable: str
    retry: Retry
    timeout_s: float | None
    effect: Effect
    runs: Runs
    config: Mapping[str, Any]
    templates: Mapping[str, Template]
    until: Expression | None
    remember: tuple[tuple[str, Expression], ...]
    overridable: frozenset[str]
    ways: Mapping[On, tuple[Way, ...]]
    on_condition: tuple[Way, ...] = ()
    on_success: Way | None = None
    """Where it goes when no condition is met."""
    names: frozenset[str] = frozenset()
    """The names in scope that its templates, what it remembers and its conditions read; see WHOLE."""
    secrets: frozenset[str] = frozenset()
    """The secrets that its templates refer to."""
    open_urls: tuple[str, ...] = ()
    """The URLs among its tool's arguments whose hosts slots give."""
    subject: dict[str, Any] = field(default_factory=dict)
    """What its events say of it: tool, provider, model."""
    sets: dict[str, Any] = field(default_factory=dict)
    """What STATE_UPDATED says of its output."""
    branches: tuple[Way, ...] = ()
    join: str | None = None
    policy: JoinPolicy | None = None

    def ways_on(self, *triggers: On) -> list[Way]:
        return [way for trigger in triggers for way in self.ways.get(trigger, ())]


@dataclass(frozen=True, slots=True)
class Plan:
    start: str
    nodes: Mapping[str, PlanNode]
    limits: Mapping[str, Any]
    memory_keys: frozenset[str] | None
    """The memory keys its expressions read; None when they read the whole of it."""
    document: Document = field(repr=False)
    secrets: frozenset[str] = frozenset()
    """All that its nodes refer to."""


NO_PLAN = Plan("", {}, {}, frozenset(), Document(format="openrooms/workflow@1", name="none"))
"""For ending a run whose version can't be planned here."""


def compile_plan(document: Document, catalogue: Catalogue) -> Plan:
    """The plan of a sound document.

    Raises:
        BadExpression: an expression does not parse; validation makes this impossible for a version.
        UnknownName: a node type is not installed here.
    """
    structure = analyse(document)
    leaving: dict[str, list[Transition]] = {node.id: [] for node in document.nodes}
    for transition in document.transitions:
        leaving[transition.source].append(transition)
    by_id = {node.id: node for node in document.nodes}
    nodes = {
        node.id: _node(node, leaving[node.id], catalogue, (document, structure, by_id))
        for node in document.nodes
    }
    return Plan(
        start=next(node.id for node in document.nodes if node.type == NodeTypeName.START),
        nodes=nodes,
        limits=document.limits.plain(),
        memory_keys=_memory_keys(nodes.values()),
        document=document,
        secrets=frozenset[str]().union(*(node.secrets for node in nodes.values())),
    )


def _node(
    node: Node,
    leaving: list[Transition],
    catalogue: Catalogue,
    around: tuple[Document, Structure, Mapping[str, Node]],
) -> PlanNode:
    kind = catalogue.node_types[node.type]
    flags = _flags(kind.params)
    document, structure, by_id = around
    join = structure.join_of.get(node.id)
    ways = _ways(leaving)
    config = {name: value for name, value in node.config.items() if name not in flags}
    made = PlanNode(
        id=node.id,
        type=node.type,
        title=node.title,
        behaviour=kind.behaviour,
        disabled=node.disabled,
        variable=node.variable,
        retry=node.retry or Retry(),
        timeout_s=node.timeout_s,
        effect=kind.effect(node.config, catalogue),
        runs=kind.runs(node.config, catalogue),
        config=config,
        templates=_templates(node, flags, catalogue),
        open_urls=tuple(name for name, text in _urls(node, catalogue).items() if gives_host(text)),
        until=_until(node, kind),
        remember=tuple((key, compile_expression(text)) for key, text in (node.remember or {}).items()),
        overridable=OVERRIDABLE & kind.params.model_fields.keys(),
        ways=ways,
        on_condition=ways.get(On.CONDITION_MET, ()),
        on_success=next(iter((*ways.get(On.SUCCESS, ()), *ways.get(On.ALWAYS, ()))), None),
        subject={name: config[name] for name in ("tool", "provider", "model") if name in config},
        sets={"name": node.variable},
        branches=_branches(leaving) if join else (),
        join=join,
        policy=_policy(document, structure, by_id, node.id, join) if join else None,
    )
    return replace(made, names=_names(reads := _reads(made)), secrets=secret_names(reads))


def _templates(node: Node, flags: Mapping[str, str], catalogue: Catalogue) -> dict[str, Template]:
    wanted = [name for name, flag in flags.items() if flag == "template"]
    return {name: _template(node, name, catalogue) for name in wanted if node.config.get(name) is not None}


def _template(node: Node, name: str, catalogue: Catalogue) -> Template:
    value = node.config[name]
    urls = _urls(node, catalogue) if name == "arguments" else None
    return compile_with_urls(value, urls) if urls else compile_template(value)


def _urls(node: Node, catalogue: Catalogue) -> dict[str, str]:
    """The URLs among the arguments of the node's tool."""
    tool, given = catalogue.tools.get(str(node.config.get("tool"))), node.config.get("arguments")
    if tool is None or not isinstance(given, dict):
        return {}
    return {name: text for name, text in given.items() if name in tool.url_slots and isinstance(text, str)}


def _names(reads: set[str]) -> frozenset[str]:
    whole = {f"{path}*" for path in reads} & WHOLE
    return frozenset(path.partition(".")[0] for path in reads) | whole


def _flags(params: type[BaseModel]) -> dict[str, str]:
    """The fields that are rendered per step: {name: "template" | "expression"}."""
    flags = {}
    for name, info in params.model_fields.items():
        extra = info.json_schema_extra
        for flag in ("template", "expression"):
            if isinstance(extra, dict) and extra.get(flag):
                flags[name] = flag
    return flags


def _until(node: Node, kind: NodeType) -> Expression | None:
    text = node.config.get("until") if kind.behaviour is Behaviour.WAIT else None
    return compile_expression(text) if text else None


def _ways(leaving: list[Transition]) -> dict[On, tuple[Way, ...]]:
    ways: dict[On, list[Way]] = {}
    for transition in sorted(leaving, key=lambda item: item.priority):
        ways.setdefault(transition.on, []).append(_way(transition))
    return {trigger: tuple(items) for trigger, items in ways.items()}


def _way(transition: Transition) -> Way:
    when = compile_expression(transition.when) if transition.when is not None else None
    told = {"transition": transition.id, "target": transition.target, "on": transition.on.value}
    return Way(transition.id, transition.target, transition.on, when, told)


def _branches(leaving: list[Transition]) -> tuple[Way, ...]:
    """A fork's branches in document order, whatever their priority."""
    return tuple(_way(item) for item in leaving if item.on in (On.ALWAYS, On.SUCCESS))


def _policy(
    document: Document, structure: Structure, by_id: Mapping[str, Node], fork: str, join: str
) -> JoinPolicy:
    """The rules of a fork and its join, either of which may state them.

    How many to wait for is the join's to say, then the fork's; what failures do and how names merge is the
    fork's, then the join's. A node that joins one fork and opens another speaks for itself only.
    """
    at_fork, at_join = by_id[fork].config, by_id[join].config
    fork_joins = fork in structure.join_of.values()
    join_forks = join in structure.join_of
    wait = at_join.get("wait_for") or (None if fork_joins else at_fork.get("wait_for")) or "all"
    on_failure = at_fork.get("on_branch_failure") or (
        None if join_forks else at_join.get("on_branch_failure")
    )
    merge = at_fork.get("merge") or (None if join_forks else at_join.get("merge"))
    shared = structure.shared_writes(fork)
    return JoinPolicy(
        wait_for=None if wait == "all" else 1 if wait == "any" else int(wait),
        fail_fast=(on_failure or "fail") == "fail",
        merge=merge,
        shared_vars=frozenset(name for where, name in shared if where == "vars"),
        shared_memory=frozenset(name for where, name in shared if where == "memory"),
    )


def _reads(node: PlanNode) -> set[str]:
    """The dotted paths that a node's expressions read."""
    reads: set[str] = set()
    for template in node.templates.values():
        reads |= template.reads
    for _, expression in node.remember:
        reads |= expression.reads
    if node.until:
        reads |= node.until.reads
    for ways in node.ways.values():
        for way in ways:
            reads |= way.when.reads if way.when else frozenset()
    return reads


def _memory_keys(nodes: Iterable[PlanNode]) -> frozenset[str] | None:
    paths = [path.split(".") for node in nodes if "memory" in node.names for path in _reads(node)]
    read = [path for path in paths if path[0] == "memory"]
    if any(len(path) == 1 for path in read):
        return None
    return frozenset(path[1] for path in read)
