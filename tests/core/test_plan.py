"""What a plan makes of a document: what it reads, which ways it tries first, what may be set from outside."""

from typing import Any

import pytest

from engine.core.document import On
from tests.core.drawing import drawn, forked, line, node, plan_of, tool, way


@pytest.mark.parametrize(
    ("document", "keys"),
    [
        (line(tool("a")), set()),
        (line(tool("a", remember={"seen": "memory.first"})), {"first"}),
        (
            line(end={"output": {"x": ["{{ memory.second.deep }}", "{{ has(memory.third) }}"]}}),
            {"second", "third"},
        ),
        (line(node("w", "WAIT", config={"until": "memory.moment"})), {"moment"}),
        (line(node("w", "WAIT", config={"signal": "s", "message": "{{ memory.asked }}"})), {"asked"}),
        (line(end={"output": "{{ memory }}"}), None),
        (line(end={"output": "{{ memory[input.key] }}"}), None),
        (line(end={"output": "{{ vars.memory2 }} {{ input.memory }}"}), set()),
    ],
)
def test_a_plan_knows_which_memory_its_expressions_read(
    document: dict[str, Any], keys: set[str] | None
) -> None:
    assert plan_of(document).memory_keys == (None if keys is None else frozenset(keys))


def test_memory_read_by_a_condition_is_known_too() -> None:
    nodes = [node("start", "START"), node("ask", "DECISION"), node("end", "END")]
    ways = [way("start", "ask"), way("ask", "end"), way("ask", "start", "CONDITION_MET", when="memory.go")]

    assert plan_of(drawn(nodes, ways)).memory_keys == frozenset({"go"})


def test_ways_stand_in_the_order_they_are_tried() -> None:
    nodes = [node("start", "START"), tool("a"), *(node(name, "END") for name in "bcd")]
    ways = [way("start", "a"), *(way("a", name, "SUCCESS", priority=-ord(name)) for name in "bcd")]

    plan = plan_of(drawn(nodes, ways))

    assert [found.target for found in plan.nodes["a"].ways_on(On.FAILURE, On.SUCCESS)] == ["d", "c", "b"]


def test_a_fork_knows_its_join_and_a_join_no_branches() -> None:
    plan = plan_of(forked([tool("a")], [tool("b")]))

    assert (plan.nodes["fork"].join, len(plan.nodes["fork"].branches)) == ("join", 2)
    assert (plan.nodes["join"].join, plan.nodes["join"].branches) == (None, ())


def test_a_plan_has_every_limit() -> None:
    assert plan_of(line(limits={"max_steps": 7})).limits == {
        "max_steps": 7,
        "max_duration_s": 86_400,
        "max_tokens": 200_000,
        "max_cost_usd": 5.0,
    }


def test_what_fills_a_tools_url_can_not_lead_elsewhere_and_its_secrets_are_known() -> None:
    arguments = {
        "url": "https://a.example/{{ input.id }}",
        "headers": {"K": "{{ secrets.key }}", "I": "{{ input.id }}"},
    }
    config = {"tool": "http_request", "arguments": arguments}
    plan = plan_of(line(node("call", "TOOL_EXECUTION", config=config)))

    filled = (
        plan.nodes["call"]
        .templates["arguments"]
        .render({"input": {"id": "x/../y?z"}, "secrets": {"key": "v"}})
    )

    assert filled == {"url": "https://a.example/x%2F..%2Fy%3Fz", "headers": {"K": "v", "I": "x/../y?z"}}
    assert plan.secrets == plan.nodes["call"].secrets == {"key"}
