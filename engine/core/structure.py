"""Matches each fork with its join and tells what lies between them; what does not nest is a Problem."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.core.document import Document, Node, NodeTypeName, On, Transition
from engine.core.graph import postorder, reach
from engine.core.problem import ERROR, Problem

MAX_BRANCHES = 100
MAX_NESTING = 8
MAX_UNMATCHED = 25
"""Forks in trouble that are looked into; with more, the first ones are enough to begin with."""

Name = tuple[Literal["vars", "memory"], str]
"""Something a step writes: a variable, or a key of the room's memory."""


@dataclass(frozen=True, slots=True)
class Structure:
    """What `analyse` found. A fork that does not nest properly stands in `problems` only.

    `join_of` goes from forks to joins, `fork_of` back. `branches` holds, for each fork, the nodes inside each of its branches, in document order of the transitions
    that open them: nested forks with their joins included, the fork's own join not. `depth` tells for each
    node how many forks it lies inside.
    """

    join_of: dict[str, str]
    fork_of: dict[str, str]
    branches: dict[str, tuple[frozenset[str], ...]]
    depth: dict[str, int]
    problems: list[Problem]
    writes: dict[str, frozenset[Name]]
    """What each node's step writes when it succeeds, as far as the document tells."""

    def written_by(self, nodes: Iterable[str]) -> frozenset[Name]:
        return frozenset().union(*(self.writes[node_id] for node_id in nodes))

    def shared_writes(self, fork_id: str) -> frozenset[Name]:
        """The names that two or more branches of a fork write."""
        seen: set[Name] = set()
        shared: set[Name] = set()
        for branch in self.branches.get(fork_id, ()):
            names = self.written_by(branch)
            shared |= seen & names
            seen |= names
        return frozenset(shared)


@dataclass(frozen=True, slots=True)
class JoinRules:
    """How the branches of a fork meet; `wait_for` may be a count."""

    wait_for: Literal["all", "any"] | int = "all"
    on_branch_failure: Literal["fail", "continue"] = "fail"
    merge: Literal["last", "list"] | None = None


def analyse(document: Document) -> Structure:
    """The forks, joins and branches of `document`. Never raises, whatever was drawn."""
    if not any(node.type == NodeTypeName.PARALLEL for node in document.nodes):
        nodes = document.nodes
        return Structure(
            {}, {}, {}, {node.id: 0 for node in nodes}, [], {n.id: frozenset(_writes(n, ())) for n in nodes}
        )
    return _Analysis(document).result()


def branch_transitions(leaving: Iterable[Transition]) -> list[Transition]:
    """The ways out of a fork that open a branch, in document order; priority plays no part."""
    return [transition for transition in leaving if transition.on in (On.ALWAYS, On.SUCCESS)]


def join_rules(nodes: Mapping[str, Node], structure: Structure, fork_id: str) -> JoinRules:
    """How the branches of a fork meet, which either end may say.

    How many to wait for is the join's to say, then the fork's; failures and merging are the fork's, then
    the join's. A node that joins one fork and opens another speaks for its own side only.
    """
    join_id = structure.join_of[fork_id]
    fork, join = nodes[fork_id].config, nodes[join_id].config
    if_pure_join = {} if join_id in structure.join_of else join
    if_pure_fork = {} if fork_id in structure.fork_of else fork
    return JoinRules(
        wait_for=join.get("wait_for") or if_pure_fork.get("wait_for") or "all",
        on_branch_failure=fork.get("on_branch_failure") or if_pure_join.get("on_branch_failure") or "fail",
        merge=fork.get("merge") or if_pure_join.get("merge"),
    )


def _writes(node: Node, joins: Iterable[str]) -> Iterator[Name]:
    """What a step writes when it succeeds, as far as the document tells; a tool may store memory besides."""
    if node.disabled:
        return
    for key in node.remember or ():
        yield "memory", key
    match node.type:
        case NodeTypeName.START | NodeTypeName.END | NodeTypeName.DECISION:
            return
        case NodeTypeName.PARALLEL if node.id not in joins:
            return
        case NodeTypeName.WAIT if node.config.get("signal") is None:
            return
    yield "vars", node.variable


@dataclass(slots=True)
class _Region:
    """What can be reached from a fork's branches before its join.

    `inside` gives the branch of each node; `own` are those that no inner fork encloses; `leaks` are the transitions
    that break out, with what is wrong with each.
    """

    inside: dict[str, int] = field(default_factory=dict)
    own: list[str] = field(default_factory=list)
    leaks: list[tuple[Transition, str]] = field(default_factory=list)
    level: int = 1


class _TooDeep(Exception):
    """An inner fork already nests too deep; what is outside it is not looked at."""


class _Analysis:
    """One pass over the forks, innermost first, so that an inner fork is crossed in one stride."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.places: dict[str, int] = {}
        for place, node in enumerate(document.nodes):
            self.places.setdefault(node.id, place)
        self.nodes = {node_id: document.nodes[place] for node_id, place in self.places.items()}
        self.transition_places = {item.id: place for place, item in enumerate(document.transitions)}
        self.reached = self._reached()
        self.leaving: dict[str, list[Transition]] = {node_id: [] for node_id in self.nodes}
        self.entering: dict[str, list[Transition]] = {node_id: [] for node_id in self.nodes}
        for transition in document.transitions:
            if transition.source in self.reached and transition.target in self.reached:
                self.leaving[transition.source].append(transition)
                self.entering[transition.target].append(transition)
        self.ahead = {node_id: [way.target for way in ways] for node_id, ways in self.leaving.items()}
        self.distance = self._distances_to_the_end()
        self.join_of: dict[str, str] = {}
        self.branches: dict[str, tuple[frozenset[str], ...]] = {}
        self.level: dict[str, int] = {}
        self.unmatched: list[str] = []
        self.problems: list[Problem] = []

    def result(self) -> Structure:
        for node_id in postorder(self.ahead, self.reached):
            if self._is_parallel(node_id) and len(self._opens(node_id)) > 1:
                self._match(node_id)
        self._check_the_rest()
        self.problems.sort(key=lambda problem: self.places[problem.node_id or ""])
        depth = dict.fromkeys(self.nodes, 0)
        for branches in self.branches.values():
            for node_id in frozenset().union(*branches):
                depth[node_id] += 1
        fork_of = {join: fork for fork, join in self.join_of.items()}
        writes = {node.id: frozenset(_writes(node, fork_of)) for node in self.nodes.values()}
        return Structure(self.join_of, fork_of, self.branches, depth, self.problems, writes)

    def _reached(self) -> dict[str, int]:
        """The nodes a run can come to, START first; all nodes when it is not clear where a run starts."""
        starts = [node_id for node_id, node in self.nodes.items() if node.type == NodeTypeName.START]
        if len(starts) != 1:
            return dict.fromkeys([*starts, *self.nodes], 0)
        ahead: dict[str, list[str]] = {node_id: [] for node_id in self.nodes}
        for item in self.document.transitions:
            if item.source in self.nodes and item.target in self.nodes:
                ahead[item.source].append(item.target)
        return reach(ahead, starts)

    def _distances_to_the_end(self) -> dict[str, int]:
        ends = [node_id for node_id in self.reached if self.nodes[node_id].type == NodeTypeName.END]
        return reach({id_: [way.source for way in ways] for id_, ways in self.entering.items()}, ends)

    def _is_parallel(self, node_id: str) -> bool:
        return self.nodes[node_id].type == NodeTypeName.PARALLEL

    def _opens(self, node_id: str) -> list[Transition]:
        return branch_transitions(self.leaving[node_id])

    def _match(self, fork: str) -> None:
        opens = self._opens(fork)
        if len(opens) > MAX_BRANCHES:
            self._report("too_large", fork, f"has {len(opens)} branches; at most {MAX_BRANCHES} are allowed.")
        for transition in self.leaving[fork]:
            if transition.on is On.CONDITION_MET:
                self._leak(
                    fork, transition, "is a condition, but a fork takes all its ways: put a DECISION after it"
                )
        trapped = any(item.target not in self.distance for item in opens)  # there is a rule for that
        if trapped or len(self.unmatched) >= MAX_UNMATCHED:
            self.unmatched.append(fork)
            return
        try:
            self._match_with(fork, opens, self._meeting_point(fork, opens))
        except _TooDeep:
            self.level[fork] = MAX_NESTING + 1
            self.unmatched.append(fork)

    def _match_with(self, fork: str, opens: list[Transition], join: str | None) -> None:
        if join is None:
            self.unmatched.append(fork)
            names = ", ".join(repr(item.target) for item in opens[:5])
            self._report(
                "parallel_unstructured",
                fork,
                f"opens branches ({names}) that do not all meet again: lead each of them to one PARALLEL, the join.",
            )
            return
        region = self._walk(fork, opens, join, ())
        if region.leaks:
            outside = reach(self.ahead, list(self.reached)[:1], without=[fork])
            region.leaks = self._walk(fork, opens, join, outside).leaks or region.leaks
        else:
            region.leaks = list(self._intruders(fork, join, region))
        for transition, fault in region.leaks:
            self._leak(fork, transition, fault)
        if region.leaks:
            self.unmatched.append(fork)
            return
        self.level[fork] = region.level
        if region.level > MAX_NESTING:
            self._report(
                "too_large", fork, f"nests forks {region.level} deep; at most {MAX_NESTING} are allowed."
            )
            raise _TooDeep
        branches: list[set[str]] = [set() for _ in opens]
        for node_id, number in region.inside.items():
            branches[number].add(node_id)
        self.join_of[fork] = join
        self.branches[fork] = tuple(map(frozenset, branches))

    def _meeting_point(self, fork: str, opens: list[Transition]) -> str | None:
        """The only node that can be the fork's join.

        Branches that nest properly have nothing in common before their join and can't pass it by, so their
        shortest ways to an END run together from the join on and not before.
        """
        meeting: str | None = opens[0].target
        for transition in opens[1:]:
            other: str | None = transition.target
            while meeting != other and meeting and other:
                if self.distance[meeting] >= self.distance[other]:
                    meeting = self._nearer(meeting)
                else:
                    other = self._nearer(other)
            meeting = meeting if meeting == other else None
        if meeting and self._is_parallel(meeting) and meeting != fork:
            return meeting
        return self._nearest_common_parallel(fork, opens)

    def _nearer(self, node_id: str) -> str | None:
        """The next node on the shortest way to an END; None at its end."""
        length = self.distance[node_id] - 1
        return next((near for near in self.ahead[node_id] if self.distance.get(near) == length), None)

    def _nearest_common_parallel(self, fork: str, opens: list[Transition]) -> str | None:
        """Of a fork that can't be matched, the join that was probably meant: it makes better messages."""
        first, last = reach(self.ahead, [opens[0].target]), reach(self.ahead, [opens[-1].target])
        joins = (near for near in first if near in last and self._is_parallel(near))
        return next((node_id for node_id in joins if node_id != fork), None)

    def _walk(self, fork: str, opens: list[Transition], join: str, outside: Collection[str]) -> _Region:
        region = _Region()
        for number, transition in enumerate(opens):
            todo = [transition]
            while todo:
                way = todo.pop()
                node_id = way.target
                if node_id == join or region.inside.get(node_id) == number:
                    continue
                if fault := self._breaks_out(fork, node_id, region, outside):
                    region.leaks.append((way, fault))
                    continue
                region.inside[node_id] = number
                region.own.append(node_id)
                todo += self._stride(node_id, number, join, region)
        return region

    def _breaks_out(self, fork: str, node_id: str, region: _Region, outside: Collection[str]) -> str | None:
        if node_id == fork:
            return "leads back into its own fork: a branch ends in the join"
        if self.nodes[node_id].type == NodeTypeName.END:
            return f"ends the run at {node_id!r} inside a branch: lead it to the join"
        if node_id in region.inside:
            return (
                f"leads to {node_id!r}, which another branch passes too: branches may meet in their join only"
            )
        if node_id in outside:
            return f"leaves the branch for {node_id!r}: lead it to the join"
        return None

    def _stride(self, node_id: str, number: int, join: str, region: _Region) -> list[Transition]:
        """The ways on from a node; from an inner fork, those of its join."""
        ways: list[Transition] = []
        while (inner := self.join_of.get(node_id)) and inner not in region.inside:
            region.level = max(region.level, self.level[node_id] + 1)
            region.inside |= dict.fromkeys(frozenset().union(*self.branches[node_id]), number)
            ways += [way for way in self.leaving[node_id] if way.on not in (On.ALWAYS, On.SUCCESS)]
            if inner == join:
                return ways
            region.inside[inner] = number
            region.own.append(inner)
            node_id = inner
        if self.level.get(node_id, 0) > MAX_NESTING:
            raise _TooDeep
        return ways + self.leaving[node_id]

    def _intruders(self, fork: str, join: str, region: _Region) -> Iterator[tuple[Transition, str]]:
        """Transitions that come into a branch, or into the join, from elsewhere."""
        opens = {item.id for item in self._opens(fork)}
        for node_id in region.own:
            for way in self.entering[node_id]:
                if way.source not in region.inside and way.id not in opens:
                    yield way, f"comes into a branch from {way.source!r}, outside it: lead it to the fork"
        for way in self.entering[join]:
            if way.source not in region.inside and way.id not in opens:
                yield (
                    way,
                    f"comes into the join {join!r} from {way.source!r}, which is in no branch: "
                    "give the fork a join of its own, or lead it past the join",
                )

    def _check_the_rest(self) -> None:
        joins = set(self.join_of.values())
        unsure = reach(self.ahead, self.unmatched)
        for node_id in self.reached:
            if node_id in joins or node_id in unsure:
                continue
            if not self._is_parallel(node_id) or len(self._opens(node_id)) != 1:
                continue
            if len(self.entering[node_id]) < 2:
                self._report(
                    "parallel_single_branch",
                    node_id,
                    "has one way in and one way out: give it a second branch, or remove it.",
                )
            else:
                self._report(
                    "parallel_unstructured",
                    node_id,
                    "joins ways that no fork opened: open them in one PARALLEL, or lead them on without this one.",
                )

    def _leak(self, fork: str, transition: Transition, fault: str) -> None:
        message = f"Fork {fork!r}: transition {transition.id!r} {fault}."
        self.problems.append(self._problem("parallel_unstructured", fork, message, transition))

    def _report(self, code: str, node_id: str, fault: str) -> None:
        self.problems.append(self._problem(code, node_id, f"PARALLEL {node_id!r} {fault}", None))

    def _problem(self, code: str, node_id: str, message: str, transition: Transition | None) -> Problem:
        path = f"/nodes/{self.places[node_id]}"
        if transition is not None:
            path = f"/transitions/{self.transition_places[transition.id]}"
        return Problem(
            code=code,
            severity=ERROR,
            message=message,
            node_id=node_id,
            transition_id=transition.id if transition else None,
            path=path,
        )
