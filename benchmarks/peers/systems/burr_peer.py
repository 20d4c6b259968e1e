"""Burr: applications of actions with the SQLite persister, which saves after each of them."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

from burr.core import ApplicationBuilder, State, action
from burr.core.graph import GraphBuilder
from burr.core.parallelism import MapStates, RunnableGraph
from burr.core.persistence import SQLitePersister
from harness import clock, main


@action(reads=["x", "at"], writes=["x", "at"])
def step(state: State) -> State:
    return state.update(x=state["x"] + 1, at=state["at"] or clock())


@action(reads=["total"], writes=["total"])
def last(state: State) -> State:
    return state.update(total=state["total"])


def row(steps: int) -> Any:
    names = [f"s{n}" for n in range(steps)]
    ways = pairwise(names)
    return GraphBuilder().with_actions(**dict.fromkeys(names, step)).with_transitions(*ways).build()


class Fork(MapStates):
    def __init__(self, branches: int, depth: int) -> None:
        super().__init__()
        self.branches, self.depth = branches, depth

    def action(self, state: State, inputs: dict[str, Any]) -> Any:
        return RunnableGraph(graph=row(self.depth), entrypoint="s0", halt_after=[f"s{self.depth - 1}"])

    def states(self, state: State, context: Any, inputs: dict[str, Any]) -> Iterator[State]:
        for _ in range(self.branches):
            yield state.update(x=0, at=0.0)

    def reduce(self, state: State, states: Iterator[State]) -> State:
        return state.update(total=sum(one["x"] for one in states))

    @property
    def reads(self) -> list[str]:
        return ["x"]

    @property
    def writes(self) -> list[str]:
        return ["total"]


class Burr:
    def __init__(self, url: str) -> None:
        self.url = url
        self.graphs: dict[int, Any] = {}
        self.kept = self._persister()

    def _persister(self) -> SQLitePersister:
        made = SQLitePersister(
            self.url, "burr_state", connect_kwargs={"timeout": 60, "check_same_thread": False}
        )
        made.initialize()
        return made

    def _application(self, graph: Any, entry: str, persister: SQLitePersister) -> Any:
        builder = ApplicationBuilder().with_graph(graph).with_entrypoint(entry)
        builder = builder.with_state(x=0, at=0.0, total=0).with_identifiers(app_id=uuid.uuid4().hex)
        return builder.with_state_persister(persister).build()

    def _one(self, steps: int, persister: SQLitePersister) -> Any:
        if steps not in self.graphs:
            self.graphs[steps] = row(steps)
        application = self._application(self.graphs[steps], "s0", persister)
        return application.run(halt_after=[f"s{steps - 1}"])[2]

    def chain(self, steps: int) -> int:
        return int(self._one(steps, self.kept)["x"])

    def many(self, runs: int, steps: int) -> list[int]:
        def one(_: int) -> int:
            persister = self._persister()  # a connection each: SQLite's lock puts the writers in a row
            try:
                return int(self._one(steps, persister)["x"])
            finally:
                persister.connection.close()

        with ThreadPoolExecutor(runs) as pool:
            return list(pool.map(one, range(runs)))

    def three(self) -> tuple[float, float]:
        began = clock()
        state = self._one(3, self.kept)
        return (state["at"] - began) * 1000, (clock() - began) * 1000

    def fork(self, branches: int, depth: int) -> int:
        actions = GraphBuilder().with_actions(fork=Fork(branches, depth), last=last)
        graph = actions.with_transitions(("fork", "last")).build()
        application = self._application(graph, "fork", self.kept)
        return int(application.run(halt_after=["last"])[2]["total"])

    def close(self) -> None:
        self.kept.connection.close()


if __name__ == "__main__":
    main(Burr)
