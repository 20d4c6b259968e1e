"""A node type that somebody plugs in is a step like any other, and its story is told like theirs."""

from typing import Any

import pytest
from pydantic import Field

from engine.core.catalogue import Effect, StepContext, node_type
from engine.core.discovery import discover
from engine.core.document import Document, Frozen
from engine.core.plan import Plan, compile_plan
from engine.core.steps import steps_of
from tests.core.drawing import BROKEN, Passage, line, node, where


class Params(Frozen):
    to: str = Field(json_schema_extra={"template": True})
    copies: int = 1
    temperature: float | None = None


@node_type(Params, name="LETTER", title="Letter", icon="mail", effect=Effect.EXTERNAL)
async def letter(params: Params, ctx: StepContext) -> Any:
    """Send a letter."""
    return params.to


@pytest.fixture(scope="module")
def plan() -> Plan:
    catalogue = discover()
    catalogue.add(letter)
    config = {"to": "{{ input.who }}", "copies": 2}
    retry = {"max_attempts": 2, "initial_delay_s": 0}
    document = line(node("post", "LETTER", name="Post it", config=config, retry=retry, timeout_s=9))
    return compile_plan(Document.of(document), catalogue)


def test_it_is_executed_with_its_parameters_rendered(plan: Plan) -> None:
    command = Passage(plan).begin({"who": "Ada"}, overrides={"temperature": 0.5}).move().executing[0]

    assert command.params == {"to": "Ada", "copies": 2, "temperature": 0.5}
    assert command.timeout_s == 9
    assert plan.nodes["post"].effect is Effect.EXTERNAL


def test_its_story_tells_what_went_in_at_each_attempt(plan: Plan) -> None:
    passage = Passage(plan, where(post=[BROKEN, {"output": "sent"}])).begin({"who": "Ada"}).go()

    told = [(event["message"], event["attempt"]) for event in passage.events() if event["node_id"] == "post"]
    assert told == [
        ("Entered Post it", 1),
        ("Entered Post it", 1),
        ("post failed: It broke.", 1),
        ("post will be tried again in 0.0 s (attempt 2)", 1),
        ("Entered Post it", 2),
        ("post succeeded", 2),
        ("vars.post was set", 2),
        ("Left post", 2),
        ("post → end on ALWAYS", 2),
    ]
    step = steps_of(passage.events())[1]
    assert (step["type"], step["name"], step["status"], step["attempt"]) == ("LETTER", "Post it", "done", 2)
    assert step["input"] == {"to": "Ada", "copies": 2}
    assert step["output"] == "sent"
