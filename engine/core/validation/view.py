"""The document as rules look at it: nodes by id, ways in and out, and which of them a run can ever take."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Literal

from engine.core.catalogue import Behaviour, Catalogue, NodeType
from engine.core.document import Document, Node, On, Outcome, Transition
from engine.core.graph import has_loop, reach
from engine.core.problem import ERROR, Problem
from engine.core.structure import Structure, analyse, branch_transitions
from engine.core.validation.sites import Site, find_sites

Severity = Literal["error", "warning"]


class View:
    """Built once for all rules. Of nodes with the same id the first counts; `leaving` and `entering` hold
    only transitions whose two ends exist."""

    def __init__(self, document: Document, catalogue: Catalogue) -> None:
        self.document = document
        self.catalogue = catalogue
        self.places: dict[str, int] = {}
        for place, node in enumerate(document.nodes):
            self.places.setdefault(node.id, place)
        self.nodes: dict[str, Node] = {id_: document.nodes[place] for id_, place in self.places.items()}
        self.leaving: dict[str, list[Transition]] = {node_id: [] for node_id in self.nodes}
        self.entering: dict[str, list[Transition]] = {node_id: [] for node_id in self.nodes}
        self.broken_from: set[str] = set()
        self.broken_into: set[str] = set()
        for transition in document.transitions:
            source, target = transition.source in self.nodes, transition.target in self.nodes
            if source and target:
                self.leaving[transition.source].append(transition)
                self.entering[transition.target].append(transition)
            elif source:
                self.broken_from.add(transition.source)
            elif target:
                self.broken_into.add(transition.target)

    @cached_property
    def structure(self) -> Structure:
        return analyse(self.document)

    @cached_property
    def _found_sites(self) -> tuple[list[Site], list[Problem]]:
        return find_sites(self)

    @property
    def sites(self) -> list[Site]:
        """Every expression that compiles."""
        return self._found_sites[0]

    @property
    def bad_expressions(self) -> list[Problem]:
        return self._found_sites[1]

    @cached_property
    def transition_places(self) -> dict[str, int]:
        return {item.id: place for place, item in reversed(list(enumerate(self.document.transitions)))}

    @cached_property
    def kinds(self) -> dict[str, NodeType | None]:
        return {node_id: self.catalogue.node_types.get(node.type) for node_id, node in self.nodes.items()}

    @cached_property
    def starts(self) -> list[str]:
        return self.with_behaviour(Behaviour.START)

    @cached_property
    def ends(self) -> list[str]:
        return self.with_behaviour(Behaviour.END)

    def with_behaviour(self, behaviour: Behaviour) -> list[str]:
        return [node_id for node_id, kind in self.kinds.items() if kind and kind.behaviour is behaviour]

    def behaves(self, node_id: str, *behaviours: Behaviour) -> bool:
        kind = self.kinds[node_id]
        return kind is not None and kind.behaviour in behaviours

    def is_fork(self, node_id: str) -> bool:
        return (
            self.behaves(node_id, Behaviour.PARALLEL) and len(branch_transitions(self.leaving[node_id])) > 1
        )

    def can_time_out(self, node_id: str) -> bool:
        """Whether a step of this node has a time limit that the run itself watches."""
        node = self.nodes[node_id]
        is_limited = node.timeout_s is not None
        if self.behaves(node_id, Behaviour.WAIT):
            return is_limited and node.config.get("signal") is not None
        return is_limited and self.behaves(node_id, Behaviour.STEP)

    @cached_property
    def live(self) -> dict[str, list[Transition]]:
        """The ways out of each node that some outcome can take; the others are drawn in vain."""
        return {node_id: self._live_ways(node_id) for node_id in self.nodes}

    def _live_ways(self, node_id: str) -> list[Transition]:
        ways = self.leaving[node_id]
        kind = self.kinds[node_id]
        if kind is None or (len(ways) < 2 and kind.behaviour not in (Behaviour.START, Behaviour.END)):
            return ways
        if kind.behaviour is Behaviour.END:
            return []
        first = first_by_trigger(ways)
        on_success = first.get(On.SUCCESS) or first.get(On.ALWAYS)
        live = {item.id for item in ways if item.on is On.CONDITION_MET}
        live |= {item.id for item in (first.get(On.TIMEOUT), on_success) if item}
        if self.is_fork(node_id):
            live |= {item.id for item in branch_transitions(ways)}
        if Outcome.FAILURE in kind.outcomes or On.CONDITION_MET in first or self.nodes[node_id].remember:
            otherwise = None if kind.behaviour is Behaviour.DECISION else first.get(On.ALWAYS)
            on_failure = first.get(On.FAILURE) or otherwise
            live |= {on_failure.id} if on_failure else set()
        return [item for item in ways if item.id in live]

    @cached_property
    def ahead(self) -> dict[str, list[str]]:
        """The nodes that each node can lead to."""
        return {node_id: [way.target for way in ways] for node_id, ways in self.live.items()}

    @cached_property
    def behind(self) -> dict[str, list[str]]:
        """The nodes that can lead to each node."""
        behind: dict[str, list[str]] = {node_id: [] for node_id in self.nodes}
        for node_id, targets in self.ahead.items():
            for target in targets:
                behind[target].append(node_id)
        return behind

    @cached_property
    def reached(self) -> dict[str, int]:
        """The nodes a run can come to. Behind a transition that comes from nowhere, whatever it was meant to be."""
        return reach(self.ahead, [*self.starts, *sorted(self.broken_into)])

    def loops(self, among: Collection[str]) -> list[list[str]]:
        """The loops that stay among these nodes, each with all that is in it, in document order."""
        ahead = {id_: [near for near in self.ahead[id_] if near in among] for id_ in among}
        if not has_loop(ahead):
            return []
        import networkx as nx  # takes longer than all the rest of `openrooms check`

        inner: nx.DiGraph[str] = nx.DiGraph(ahead)
        groups = nx.strongly_connected_components(inner)
        loops = [self.in_order(group) for group in groups if len(group) > 1 or inner.has_edge(*group, *group)]
        return sorted(loops, key=lambda loop: self.places[loop[0]])

    def in_order(self, node_ids: Iterable[str]) -> list[str]:
        """As they stand in the document."""
        return sorted(node_ids, key=self.places.__getitem__)

    def at_node(
        self, code: str, node_id: str, message: str, *, below: str = "", severity: Severity = ERROR
    ) -> Problem:
        path = f"/nodes/{self.places[node_id]}{below}"
        return Problem(code=code, severity=severity, message=message, node_id=node_id, path=path)

    def at_transition(
        self, code: str, transition: Transition, message: str, *, below: str = "", severity: Severity = ERROR
    ) -> Problem:
        return Problem(
            code=code,
            severity=severity,
            message=message,
            node_id=transition.source if transition.source in self.nodes else None,
            transition_id=transition.id,
            path=f"/transitions/{self.transition_places[transition.id]}{below}",
        )


def first_by_trigger(ways: Iterable[Transition]) -> dict[On, Transition]:
    """For each trigger the way that is tried first: by priority, then in document order."""
    first: dict[On, Transition] = {}
    for way in ways:
        known = first.get(way.on)
        if known is None or way.priority < known.priority:
            first[way.on] = way
    return first


def listed(names: Iterable[str], limit: int = 5) -> str:
    """Names for a sentence, the first few of them."""
    quoted = [repr(name) for name in names]
    more = f" and {len(quoted) - limit} more" if len(quoted) > limit else ""
    return ", ".join(quoted[:limit]) + more
