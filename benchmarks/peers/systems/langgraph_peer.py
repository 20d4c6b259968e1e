"""LangGraph: a StateGraph with a checkpointer and durability="sync", threads on SQLite and asyncio on PostgreSQL."""

import asyncio
import operator
import sqlite3
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, TypedDict

from harness import clock, main
from langgraph.graph import END, START, StateGraph


class Counted(TypedDict):
    x: int
    at: float


class Summed(TypedDict):
    total: Annotated[int, operator.add]


def step(state: Counted) -> dict[str, Any]:
    return {"x": state["x"] + 1} | ({} if state["at"] else {"at": clock()})


class LangGraph:
    def __init__(self, url: str) -> None:
        self.is_postgres = url.startswith("postgresql")
        self.loop = asyncio.new_event_loop()
        self.graphs: dict[Any, Any] = {}
        if self.is_postgres:
            self.loop.run_until_complete(self._open(url))
        else:
            from langgraph.checkpoint.sqlite import SqliteSaver

            self.saver: Any = SqliteSaver(sqlite3.connect(url, check_same_thread=False, timeout=60))
            self.saver.setup()

    async def _open(self, url: str) -> None:
        from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
        from psycopg.rows import dict_row
        from psycopg_pool import AsyncConnectionPool

        settings = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        self.pool = AsyncConnectionPool(url, min_size=2, max_size=20, open=False, kwargs=settings)
        await self.pool.open()
        self.saver = AsyncPostgresSaver(self.pool)
        await self.saver.setup()

    def _row(self, steps: int) -> Any:
        if steps not in self.graphs:
            graph = StateGraph(Counted)
            names = [f"s{n}" for n in range(steps)]
            for name in names:
                graph.add_node(name, step)
            for here, there in zip([START, *names], [*names, END], strict=True):
                graph.add_edge(here, there)
            self.graphs[steps] = graph.compile(checkpointer=self.saver)
        return self.graphs[steps]

    def _forked(self, branches: int, depth: int) -> Any:
        key = (branches, depth)
        if key not in self.graphs:
            graph = StateGraph(Summed)
            graph.add_node("join", lambda state: {"total": 0})
            for branch in range(branches):
                names = [f"b{branch}_{n}" for n in range(depth)]
                for name in names:
                    graph.add_node(name, lambda state: {"total": 1})
                for here, there in zip([START, *names], names, strict=False):
                    graph.add_edge(here, there)
            graph.add_edge([f"b{branch}_{depth - 1}" for branch in range(branches)], "join")
            graph.add_edge("join", END)
            self.graphs[key] = graph.compile(checkpointer=self.saver)
        return self.graphs[key]

    def _config(self) -> dict[str, Any]:
        return {"configurable": {"thread_id": uuid.uuid4().hex}, "recursion_limit": 10_000}

    def _run(self, graph: Any, state: dict[str, Any]) -> Any:
        if self.is_postgres:
            return self.loop.run_until_complete(self._arun(graph, state))
        return graph.invoke(state, self._config(), durability="sync")

    async def _arun(self, graph: Any, state: dict[str, Any]) -> Any:
        return await graph.ainvoke(state, self._config(), durability="sync")

    def chain(self, steps: int) -> int:
        return int(self._run(self._row(steps), {"x": 0, "at": 0.0})["x"])

    def many(self, runs: int, steps: int) -> list[int]:
        graph, state = self._row(steps), {"x": 0, "at": 0.0}
        if not self.is_postgres:
            with ThreadPoolExecutor(runs) as pool:
                return [found["x"] for found in pool.map(lambda _: self._run(graph, state), range(runs))]

        async def together() -> list[Any]:
            return await asyncio.gather(*(self._arun(graph, state) for _ in range(runs)))

        return [found["x"] for found in self.loop.run_until_complete(together())]

    def three(self) -> tuple[float, float]:
        graph, began = self._row(3), clock()
        found = self._run(graph, {"x": 0, "at": 0.0})
        return (found["at"] - began) * 1000, (clock() - began) * 1000

    def fork(self, branches: int, depth: int) -> int:
        return int(self._run(self._forked(branches, depth), {"total": 0})["total"])

    def close(self) -> None:
        if self.is_postgres:
            self.loop.run_until_complete(self.pool.close())


if __name__ == "__main__":
    main(LangGraph)
