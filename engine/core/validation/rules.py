"""Rules about single nodes and transitions: their ends, their triggers, and the choice between ways out."""

from __future__ import annotations

from collections.abc import Iterator

from engine.core.catalogue import Behaviour
from engine.core.document import Node, On
from engine.core.problem import WARNING, Problem
from engine.core.structure import MAX_BRANCHES, join_rules
from engine.core.validation.reading import identity_problems
from engine.core.validation.view import View, listed


def identity(view: View) -> Iterator[Problem]:
    yield from identity_problems(view.document)


def known_node_types(view: View) -> Iterator[Problem]:
    known = ", ".join(view.catalogue.node_types.names())
    for node_id, kind in view.kinds.items():
        if kind is None:
            message = f"Node {node_id!r} has the unknown type {view.nodes[node_id].type!r}; known: {known}."
            yield view.at_node("bad_document", node_id, message, below="/type")


def known_ends(view: View) -> Iterator[Problem]:
    for transition in view.document.transitions:
        for end in ("source", "target"):
            node_id = getattr(transition, end)
            if node_id not in view.nodes:
                message = (
                    f"Transition {transition.id!r} has the {end} {node_id!r}, and there is no such node: "
                    "connect it to a node or remove it."
                )
                yield view.at_transition("unknown_node", transition, message, below=f"/{end}")


def one_start(view: View) -> Iterator[Problem]:
    if len(view.starts) == 1:
        return
    if not view.starts:
        message = "The workflow has no START, so that no run could begin: add one."
        yield Problem(code="start_count", severity="error", message=message, path="/nodes")
    for node_id in view.starts[1:]:
        message = f"There are {len(view.starts)} STARTs ({listed(view.starts)}): keep one of them."
        yield view.at_node("start_count", node_id, message)


def some_end(view: View) -> Iterator[Problem]:
    if not view.ends:
        message = "The workflow has no END, so that no run could be complete: add one."
        yield Problem(code="no_end", severity="error", message=message, path="/nodes")


def nothing_leads_into_start(view: View) -> Iterator[Problem]:
    for start in view.starts:
        for way in view.entering[start]:
            message = (
                f"Transition {way.id!r} leads into the START {start!r}: lead it to the node after it instead."
            )
            yield view.at_transition("start_has_incoming", way, message, below="/target")


def nothing_leaves_an_end(view: View) -> Iterator[Problem]:
    for end in view.ends:
        for way in view.leaving[end]:
            message = f"Transition {way.id!r} leaves the END {end!r}, where a run is over: remove it."
            yield view.at_transition("end_has_outgoing", way, message, below="/source")


def decisions_choose(view: View) -> Iterator[Problem]:
    for node_id in view.with_behaviour(Behaviour.DECISION):
        triggers = {way.on for way in view.leaving[node_id]}
        if not triggers or node_id in view.broken_from:
            continue
        if On.CONDITION_MET not in triggers:
            message = f"DECISION {node_id!r} has no CONDITION_MET way out, so it decides nothing: add one or remove it."
            yield view.at_node("decision_without_condition", node_id, message)
        if On.ALWAYS not in triggers:
            message = (
                f"DECISION {node_id!r} has no way out for when no condition is true: "
                "add an ALWAYS transition, its 'otherwise'."
            )
            yield view.at_node("decision_without_otherwise", node_id, message)


def ways_are_told_apart(view: View) -> Iterator[Problem]:
    for node_id, ways in view.leaving.items():
        if len(ways) < 2:
            continue
        is_fork = view.is_fork(node_id)
        first: dict[tuple[On, int], str] = {}
        for way in ways:
            if is_fork and way.on in (On.ALWAYS, On.SUCCESS):
                continue
            earlier = first.setdefault((way.on, way.priority), way.id)
            if earlier != way.id:
                message = (
                    f"Transitions {earlier!r} and {way.id!r} both leave {node_id!r} on {way.on} with priority "
                    f"{way.priority}: give them different priorities (lower is tried first), or remove one."
                )
                yield view.at_transition("ambiguous_transition", way, message, below="/priority")


def conditions_stand_where_they_belong(view: View) -> Iterator[Problem]:
    for way in view.document.transitions:
        if way.on is On.CONDITION_MET and not (way.when or "").strip():
            message = f"Transition {way.id!r} is CONDITION_MET but has no condition: write one in 'when'."
            yield view.at_transition("condition_met_without_when", way, message, below="/when")
        elif way.on is not On.CONDITION_MET and way.when is not None:
            message = (
                f"Transition {way.id!r} has a condition but answers to {way.on}, so that it would never be asked: "
                "make it CONDITION_MET or remove 'when'."
            )
            yield view.at_transition("when_without_condition_met", way, message, below="/when")


def timeouts_can_happen(view: View) -> Iterator[Problem]:
    for way in view.document.transitions:
        if way.on is not On.TIMEOUT or way.source not in view.nodes or view.kinds[way.source] is None:
            continue
        if not view.can_time_out(way.source):
            node = view.nodes[way.source]
            message = (
                f"Transition {way.id!r} waits for a timeout of {node.id!r}, {_why_no_timeout(view, node)}."
            )
            yield view.at_transition("timeout_transition_without_timeout", way, message, below="/on")


def _why_no_timeout(view: View, node: Node) -> str:
    if not view.behaves(node.id, Behaviour.STEP, Behaviour.WAIT):
        return f"and a {node.type} takes no time: remove it"
    if view.behaves(node.id, Behaviour.WAIT) and node.config.get("signal") is None:
        return "which ends by itself: only a WAIT for a signal can time out"
    return "which has no time limit: set its timeout_s"


def failures_are_taken_up(view: View) -> Iterator[Problem]:
    sheltered = _sheltered_from_failure(view) | view.broken_from
    for node_id, node in view.nodes.items():
        triggers = {way.on for way in view.leaving[node_id]}
        if node.disabled or triggers & {On.FAILURE, On.ALWAYS} or not triggers or node_id in sheltered:
            continue
        if view.behaves(node_id, Behaviour.STEP):
            what = "fails"
        elif (
            view.behaves(node_id, Behaviour.WAIT)
            and view.can_time_out(node_id)
            and On.TIMEOUT not in triggers
        ):
            what = "times out"
        else:
            continue
        message = f"When {node_id!r} {what}, the whole run fails: add a FAILURE way out if it should go on."
        yield view.at_node("failure_unhandled", node_id, message, severity=WARNING)


def _sheltered_from_failure(view: View) -> set[str]:
    """Nodes in a branch whose failure its fork lives with, or its join has a way out for."""
    sheltered: set[str] = set()
    for fork, join in view.structure.join_of.items():
        rules = join_rules(view.nodes, view.structure, fork)
        has_way = any(way.on is On.FAILURE for way in view.leaving[join])
        if rules.on_branch_failure == "continue" or has_way:
            sheltered |= frozenset().union(*view.structure.branches[fork])
    return sheltered


def forks_nest(view: View) -> Iterator[Problem]:
    yield from view.structure.problems


def branches_keep_to_their_names(view: View) -> Iterator[Problem]:
    writes = view.structure.writes
    for fork in view.in_order(view.structure.join_of):
        if join_rules(view.nodes, view.structure, fork).merge is not None:
            continue
        inside = frozenset().union(*view.structure.branches[fork])
        for where, name in sorted(view.structure.shared_writes(fork)):
            writers = view.in_order(node_id for node_id in inside if (where, name) in writes[node_id])
            message = (
                f"Branches of {fork!r} both write {where}.{name} ({listed(writers)}): give them different names, "
                f"or say on {fork!r} what wins: merge 'last' or 'list'."
            )
            yield view.at_node("branch_write_conflict", fork, message)


def joins_wait_for_branches_that_exist(view: View) -> Iterator[Problem]:
    for fork, join in view.structure.join_of.items():
        wanted = join_rules(view.nodes, view.structure, fork).wait_for
        width = len(view.structure.branches[fork])
        if isinstance(wanted, int) and width < wanted <= MAX_BRANCHES:
            says = join if "wait_for" in view.nodes[join].config else fork
            message = f"{says!r} waits for {wanted} branches and the fork {fork!r} has {width}: wait for fewer, or all."
            yield view.at_node("bad_config", says, message, below="/config/wait_for")
