"""Child processes by themselves: how many there are, how long they live, and what passes between them and us."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from engine.core.catalogue import Catalogue, StepContext, StepError
from engine.core.discovery import discover
from engine.isolation.clock import TooLong, in_time
from engine.isolation.pool import ChildDied, Children, NoChild
from tests.fixtures.contexts import MemoryInHand, a_context
from tests.runner.test_children import gone

Use = Callable[[Children], Awaitable[Any]]


@pytest.fixture
def catalogue(hostile: str) -> Catalogue:
    return discover()


def using(use: Use, **options: Any) -> Any:
    async def run() -> Any:
        children = Children(**{"most": 4, "memory_mb": 1024, "patience_s": 20} | options)
        try:
            return await use(children)
        finally:
            await children.close()

    return asyncio.run(run())


def calling(catalogue: Catalogue, name: str, ctx: StepContext | None = None, **arguments: Any) -> Use:
    tool = catalogue.tools[name]
    return lambda children: children.call_tool(ctx or a_context(catalogue=catalogue), tool, arguments)


def asking(catalogue: Catalogue, ctx: StepContext, tool: str) -> Use:
    params = {"provider": "scripted", "model": f"tool:{tool}", "prompt": "{}", "tools": [tool]}
    return lambda children: children.call_step(catalogue.node_types["AGENT_TASK"], params, ctx)


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_there_are_never_more_than_allowed_and_all_are_served(catalogue: Catalogue) -> None:
    one = calling(catalogue, "echoes", seconds=0.1)

    async def many(children: Children) -> list[int]:
        return [done["pid"] for done in await asyncio.gather(*(one(children) for _ in range(8)))]

    assert len(set(using(many, most=2))) == 2


def test_an_idle_child_ends_after_a_while(catalogue: Catalogue) -> None:
    async def rest(children: Children) -> None:
        pid = (await calling(catalogue, "echoes")(children))["pid"]
        assert is_alive(pid)
        async with asyncio.timeout(20):
            while is_alive(pid):
                await asyncio.sleep(0.01)

    using(rest, idle_s=0.2)


def test_a_child_that_was_killed_while_idle_is_replaced_nobody_blamed_and_what_it_had_started_ended(
    catalogue: Catalogue,
) -> None:
    async def twice(children: Children) -> None:
        first = await calling(catalogue, "leaves_another")(children)
        os.kill(first["pid"], signal.SIGKILL)
        await asyncio.sleep(0.2)
        assert is_alive(first["left"])
        assert (await calling(catalogue, "echoes")(children))["pid"] != first["pid"]
        assert gone(first["left"])

    using(twice)


def test_who_is_cancelled_in_line_leaves_the_child_to_the_next(catalogue: Catalogue) -> None:
    async def crowd(children: Children) -> Any:
        waiting = [asyncio.create_task(calling(catalogue, "echoes")(children)) for _ in range(3)]
        await asyncio.sleep(0.01)
        waiting[0].cancel()
        waiting[1].cancel()
        return await waiting[2]

    assert using(crowd, most=1)["pid"]


def test_a_child_that_can_not_start_is_no_death_of_the_step(catalogue: Catalogue) -> None:
    with pytest.raises(NoChild) as refused:
        using(calling(catalogue, "echoes"), memory_mb=1)

    assert refused.value.code == "no_child_process"


def test_what_a_child_gathers_comes_back_with_the_result(catalogue: Catalogue) -> None:
    ctx = a_context(catalogue=catalogue, memory=MemoryInHand({"who": "Ada"}))
    using(calling(catalogue, "echoes", ctx, key="who"))

    assert ctx.remember == {"seen": "Ada"}


def test_a_child_too_calls_none_but_listed_hosts_where_the_runs_values_give_the_host(
    catalogue: Catalogue,
) -> None:
    ctx = a_context(catalogue=catalogue, settings={"http_allow": "127.0.0.1"}, open_urls=("url",))

    with pytest.raises(StepError, match="rule open_host"):
        using(calling(catalogue, "http_request", ctx, url="http://93.184.216.34/"))


def test_a_child_stores_and_searches_as_its_step_would(catalogue: Catalogue) -> None:
    ctx = a_context(catalogue=catalogue, memory=MemoryInHand({"who": "Ada", "where": "London"}))
    store = {"key": "rules", "value": "Refunds of Ada", "kind": "SEMANTIC", "metadata": {"page": 1}}

    async def both(children: Children) -> Any:
        await children.call_tool(ctx, catalogue.tools["memory_store"], store)
        return await children.call_tool(ctx, catalogue.tools["memory_query"], {"query": "Ada"})

    found = using(both)

    assert [match["key"] for match in found["matches"]] == ["rules", "who"]
    assert ctx.remember == {"rules": "Refunds of Ada"}
    assert ctx.about == {"rules": {"kind": "SEMANTIC", "meta": {"page": 1}, "chunks": [[0, 14, None]]}}


def test_a_whole_step_in_a_child_brings_its_usage_trace_and_output_home(catalogue: Catalogue) -> None:
    shown: list[tuple[int, str]] = []
    ctx = a_context(catalogue=catalogue, show=lambda text, **of: shown.append((of["turn"], text)))

    output = using(asking(catalogue, ctx, "echoes"))

    assert '"pid"' in output
    assert shown == [(1, ""), (2, output)]
    assert ctx.usage.tokens > 0
    assert any(entry.get("tool") == "echoes" for entry in ctx.trace)


def test_a_tool_that_hangs_inside_a_step_in_a_child_ends_at_its_own_limit(catalogue: Catalogue) -> None:
    ctx = a_context(catalogue=catalogue)

    assert "took longer than 1 s" in using(asking(catalogue, ctx, "spins"))


def test_a_loop_that_no_longer_turns_counts_as_a_death(catalogue: Catalogue) -> None:
    ctx = a_context(catalogue=catalogue)

    with pytest.raises(ChildDied, match="did not answer for 2 s and was killed"):
        using(lambda children: children.call_step(catalogue.node_types["SPINNER"], {}, ctx), patience_s=2)


def test_a_child_that_writes_into_our_socket_is_killed(catalogue: Catalogue) -> None:
    with pytest.raises(ChildDied, match="was killed by SIGKILL"):
        using(calling(catalogue, "babbles"))


def test_the_death_of_one_that_has_forked_is_known_at_once_and_the_other_ends(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    with pytest.raises(ChildDied, match="was killed by SIGKILL"):
        using(calling(catalogue, "dies_of_two", ledger=str(tmp_path / "other")))

    assert gone(int((tmp_path / "other").read_text()))


def test_an_output_that_is_no_json_is_a_failure_of_the_step(catalogue: Catalogue) -> None:
    with pytest.raises(StepError) as failed:
        using(calling(catalogue, "gives_no_json"))

    assert failed.value.code == "step_crashed"


def test_the_deadline_kills_and_is_punctual(catalogue: Catalogue) -> None:
    async def hurry(children: Children) -> float:
        """How long it took."""
        await calling(catalogue, "echoes")(children)
        begun = time.monotonic()
        with pytest.raises(TooLong):
            async with in_time(0.3):
                await calling(catalogue, "echoes", seconds=30)(children)
        return time.monotonic() - begun

    async def quickest(children: Children) -> float:
        """Of some tries: a machine that is busy makes one late."""
        took = [await hurry(children)]
        while min(took) >= 0.55 and len(took) < 10:
            took.append(await hurry(children))
        return min(took)

    assert 0.3 <= using(quickest) < 0.55
