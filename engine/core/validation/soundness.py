"""Soundness in the sense of workflow nets: every node can be reached, and from everywhere an END can."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from engine.core.catalogue import Behaviour
from engine.core.document import On
from engine.core.graph import reach
from engine.core.problem import WARNING, Problem
from engine.core.validation.view import View, listed


def all_reachable(view: View) -> Iterator[Problem]:
    if not view.starts:
        return
    for node_id in view.nodes:
        if node_id in view.reached:
            continue
        ways = [way for way in view.entering[node_id] if way.source in view.reached]
        if ways:
            message = (
                f"Node {node_id!r} is never reached: no outcome of {ways[0].source!r} takes the transition "
                f"{ways[0].id!r} that leads there, because other ways go first."
            )
        else:
            message = f"Node {node_id!r} is never reached: no path leads there from the START."
        yield view.at_node("unreachable", node_id, message)


def all_have_a_way_out(view: View) -> Iterator[Problem]:
    for node_id in dead_ends(view):
        if view.leaving[node_id]:
            message = (
                f"When {node_id!r} succeeds, no transition leaves it: add a SUCCESS or ALWAYS way out "
                "besides those it has."
            )
        else:
            message = f"Nothing leaves {node_id!r}, and it is no END: lead it on."
        yield view.at_node("dead_end", node_id, message)


def dead_ends(view: View) -> list[str]:
    """Nodes where a run would have to stop without being complete."""
    found = []
    for node_id, ways in view.leaving.items():
        if view.behaves(node_id, Behaviour.END) or node_id in view.broken_from:
            continue
        leads_on = any(way.on in (On.SUCCESS, On.ALWAYS) for way in ways)
        if not ways or not (leads_on or view.behaves(node_id, Behaviour.DECISION)):
            found.append(node_id)
    return found


def all_can_end(view: View) -> Iterator[Problem]:
    """Traps: the loop that is never left, and where a run would step into the trap."""
    if not view.ends:
        return
    can_end = reach(view.behind, [*view.ends, *sorted(view.broken_from)])
    reached: Collection[str] = view.reached if view.starts else view.nodes
    trapped = {node_id for node_id in reached if node_id not in can_end}
    if not trapped:
        return
    told = set(dead_ends(view))
    for loop in view.loops(trapped):
        if all(near in loop for node_id in loop for near in view.ahead[node_id]):
            found = _loop_problem(view, loop)
            if found.code == "no_path_to_end":
                told.add(loop[0])
            yield found
    for node_id in view.in_order(trapped - told):
        comes_in = any(near not in trapped for near in view.behind[node_id])
        if comes_in or node_id in view.starts:
            message = f"From {node_id!r} on no END can be reached, so that a run would be trapped: add a way to an END."
            yield view.at_node("no_path_to_end", node_id, message)


def _loop_problem(view: View, loop: list[str]) -> Problem:
    members = set(loop)
    drawn = [way for node_id in loop for way in view.leaving[node_id] if way.target not in members]
    if drawn:
        message = (
            f"No END can be reached from the loop {listed(loop)}: its way out {drawn[0].id!r} is never taken, "
            f"because other ways out of {drawn[0].source!r} go first."
        )
        return view.at_node("no_path_to_end", loop[0], message)
    message = f"The loop {listed(loop)} is never left: add a way out of it that leads to an END."
    return view.at_node("loop_without_exit", loop[0], message)


def loops_rest(view: View) -> Iterator[Problem]:
    """A loop in which nothing takes time runs as fast as it can."""
    quick = {
        node_id
        for node_id in view.reached
        if view.kinds[node_id]
        and (view.nodes[node_id].disabled or not view.behaves(node_id, Behaviour.STEP, Behaviour.WAIT))
    }
    for loop in view.loops(quick):
        message = (
            f"The loop {listed(loop)} has no WAIT, tool or agent in it: it would spin up to max_steps. "
            "Put a WAIT into it."
        )
        yield view.at_node("spinning_loop", loop[0], message, severity=WARNING)
