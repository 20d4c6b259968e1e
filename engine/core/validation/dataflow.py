"""Definite assignment: on every path that a run can take, a variable is written before it is read.

A forward analysis over the graph. The variables that may still be missing before a node are the bits of an
integer; they only ever grow, node by node, until nothing changes.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from functools import reduce
from operator import and_, or_

from engine.core.catalogue import Behaviour
from engine.core.document import On, Transition
from engine.core.graph import postorder
from engine.core.problem import WARNING, Problem
from engine.core.structure import branch_transitions, join_rules
from engine.core.validation.faults import known_names, suggestion
from engine.core.validation.sites import Site
from engine.core.validation.view import View, listed


def variables_are_written_first(view: View) -> Iterator[Problem]:
    needed = {name for site in view.sites for name in site.part.variables}
    flow = _Flow(view, sorted(needed)) if needed and len(view.starts) == 1 else None
    writers = _writers(view)
    known = sorted(writers)
    disabled = {node.variable: node_id for node_id, node in view.nodes.items() if node.disabled}
    for site in view.sites:
        node = view.nodes.get(site.place.node_id)
        if node is None or (node.disabled and site.place.transition_id is None):
            continue
        for name in site.part.variables:
            if name not in writers:
                yield site.problem("undefined_variable", _nobody_writes(name, known, disabled.get(name)))
            elif flow and flow.may_miss(site, name):
                yield site.problem("undefined_variable", flow.explain(site, name, writers[name]))


def variables_are_read(view: View) -> Iterator[Problem]:
    """Names given with save_as and then not used. A default name says nothing about what was meant."""
    reads = frozenset[str]().union(*(site.part.expression.reads for site in view.sites))
    if "vars" in reads:
        return
    read = {path.split(".")[1] for path in reads if path.startswith("vars.")}
    for node_id, node in view.nodes.items():
        if (
            node.save_as
            and node.save_as not in read
            and ("vars", node.save_as) in view.structure.writes[node_id]
        ):
            message = (
                f"Node {node_id!r} saves vars.{node.save_as}, which nothing reads: use it or remove save_as."
            )
            yield view.at_node("variable_never_read", node_id, message, below="/save_as", severity=WARNING)


def _writers(view: View) -> dict[str, list[str]]:
    writers: dict[str, list[str]] = {}
    for node_id in view.nodes:
        for where, name in view.structure.writes[node_id]:
            if where == "vars":
                writers.setdefault(name, []).append(node_id)
    return writers


def _nobody_writes(name: str, known: list[str], disabled: str | None) -> str:
    if disabled:
        return (
            f"vars.{name} is read, and its only writer {disabled!r} is disabled: enable it or don't read it."
        )
    return f"vars.{name} is read, and no node writes it{suggestion(name, known)}{known_names(known)}."


class _Flow:
    """For each node that a run can come to, which variables may be missing before it."""

    def __init__(self, view: View, names: list[str]) -> None:
        self.view = view
        self.bit = {name: 1 << place for place, name in enumerate(names)}
        self.all_bits = (1 << len(names)) - 1
        self.gains = {
            node_id: reduce(or_, (self.bit.get(name, 0) for where, name in written if where == "vars"), 0)
            for node_id, written in view.structure.writes.items()
        }
        self.fork_of = view.structure.fork_of
        self.ways_in: dict[str, list[Transition]] = {node_id: [] for node_id in view.nodes}
        for ways in view.live.values():
            for way in ways:
                self.ways_in[way.target].append(way)
        order = postorder(view.ahead, view.starts)[::-1]
        self.before = dict.fromkeys(order, 0)
        self.patience = 10_000
        """Steps that `explain` still walks back; with so many problems a plain sentence does."""
        self._spread(order)

    def may_miss(self, site: Site, name: str) -> bool:
        node_id = site.place.node_id
        missing = self.before.get(node_id, 0)
        if site.place.is_after:
            missing &= ~self.gains[node_id]
        return bool(missing & self.bit[name])

    def _spread(self, order: list[str]) -> None:
        rank = {node_id: place for place, node_id in enumerate(order)}
        waiting = set(order)
        todo = list(range(len(order)))
        while todo:
            node_id = order[heapq.heappop(todo)]
            waiting.discard(node_id)
            missing = self._missing_before(node_id)
            if missing == self.before[node_id]:
                continue
            self.before[node_id] = missing
            join = self.view.structure.join_of.get(node_id)
            for near in [*self.view.ahead[node_id], *([join] if join else ())]:
                if near in rank and near not in waiting:
                    waiting.add(near)
                    heapq.heappush(todo, rank[near])

    def _missing_before(self, node_id: str) -> int:
        if node_id == self.view.starts[0]:
            return self.all_bits
        if fork := self.fork_of.get(node_id):
            return self._missing_at_join(node_id, fork)
        ways = [self._missing_after(way) for way in self._ways_into(node_id)]
        if self.view.structure.problems and self.view.behaves(node_id, Behaviour.PARALLEL):
            return reduce(and_, ways) if ways else 0  # a join whose fork is told to be wrong already
        return reduce(or_, ways, 0)

    def _missing_after(self, way: Transition) -> int:
        missing = self.before[way.source]
        fork = self.fork_of.get(way.source)
        if fork and way.on is On.FAILURE:
            return self._missing_at_fork(fork)
        return missing & ~self.gains[way.source] if self._is_after_success(way) else missing

    def _missing_at_fork(self, fork: str) -> int:
        return self.before.get(fork, 0) & ~self.gains[fork]

    def _missing_at_join(self, join: str, fork: str) -> int:
        """What was missing at the fork, and is missing in as many branches as the join surely waits for."""
        branches = self.view.structure.branches[fork]
        missing = []
        for opens, inside in zip(branch_transitions(self.view.leaving[fork]), branches, strict=True):
            ways = [way for way in self._ways_into(join) if way.source in inside or way is opens]
            missing.append(reduce(or_, map(self._missing_after, ways), 0))
        return self._missing_at_fork(fork) & _in_at_least(self._arrivals(fork), missing, self.all_bits)

    def _arrivals(self, fork: str) -> int:
        """How many branches have arrived for certain when their join is passed."""
        rules = join_rules(self.view.nodes, self.view.structure, fork)
        width = len(self.view.structure.branches[fork])
        if isinstance(rules.wait_for, int):
            return max(1, min(rules.wait_for, width))
        if rules.wait_for == "any":
            return 1
        return width if rules.on_branch_failure != "continue" else 0

    def _is_after_success(self, way: Transition) -> bool:
        if way.on is not On.ALWAYS:
            return way.on in (On.SUCCESS, On.CONDITION_MET)
        view, node = self.view, self.view.nodes[way.source]
        if not view.behaves(node.id, Behaviour.STEP, Behaviour.WAIT) or node.disabled:
            return True
        if any(other.on is On.FAILURE for other in view.leaving[node.id]):
            return True
        is_wait = view.behaves(node.id, Behaviour.WAIT)
        return is_wait and not view.can_time_out(node.id) and "{{" not in str(node.config.get("message"))

    def explain(self, site: Site, name: str, writers: list[str]) -> str:
        """Where on the way to `site` the variable gets missing, and what to do."""
        node_id = site.place.node_id
        advice = f"Write it on every path, or ask has(vars.{name}) first."
        if self._is_written_beside(node_id, writers):
            return f"vars.{name} is written by {listed(writers)} in another branch, which this one can't see. {advice}"
        seen: set[str] = set()
        while self.patience and (way := self._missing_way(node_id, name, seen)):
            self.patience -= 1
            seen.add(node_id)
            if self.gains[way.source] & self.bit[name]:
                return (
                    f"vars.{name} is not set when {way.source!r} fails, and its transition {way.id!r} ({way.on}) is "
                    f"taken then: {_remedy(way)} Or ask has(vars.{name}) first."
                )
            if any(not self._missing_after(other) & self.bit[name] for other in self._ways_into(node_id)):
                return f"vars.{name} may not be set yet: it is not by way of {way.id!r} from {way.source!r}. {advice}"
            node_id = way.source
        if node_id in self.fork_of:
            return f"vars.{name} may not be set yet: the join {node_id!r} can be passed without it. {advice}"
        return f"vars.{name} is not set yet: {listed(writers)} comes later, or not at all, on the way here. {advice}"

    def _missing_way(self, node_id: str, name: str, seen: set[str]) -> Transition | None:
        """A way into the node by which the variable is missing, from where we have not been."""
        if node_id in self.fork_of:
            return None
        fresh = (way for way in self._ways_into(node_id) if way.source not in seen)
        return next((way for way in fresh if self._missing_after(way) & self.bit[name]), None)

    def _ways_into(self, node_id: str) -> list[Transition]:
        return [way for way in self.ways_in[node_id] if way.source in self.before]

    def _is_written_beside(self, node_id: str, writers: list[str]) -> bool:
        for branches in self.view.structure.branches.values():
            inside = [branch for branch in branches if node_id in branch]
            if inside and any(
                writer not in inside[0] and writer in b for writer in writers for b in branches
            ):
                return True
        return False


def _remedy(way: Transition) -> str:
    if way.on is On.ALWAYS:
        return "make it SUCCESS, or add a FAILURE way."
    return "write it there too."


def _in_at_least(count: int, masks: list[int], all_bits: int) -> int:
    """The bits that are set in `count` masks or more."""
    found = [all_bits] + [0] * count
    for mask in masks:
        for place in range(count, 0, -1):
            found[place] |= found[place - 1] & mask
    return found[count]
