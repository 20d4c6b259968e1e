"""What every tool, provider and node type keeps; a new file is held to it by being there."""

import asyncio
import importlib
import inspect
import pkgutil
import re
import sys

import jsonschema
import pytest

from engine.core.catalogue import Behaviour, Catalogue, Effect, NodeType, Provider, Runs, StepError, Tool
from engine.core.chat import ChatRequest, Message
from engine.core.discovery import PACKAGES, discover
from engine.core.document import Outcome
from engine.core.tool_call import call_tool, checked_arguments
from tests.fixtures.contexts import MemoryInHand, a_context, built_ins

TOOLS = [pytest.param(tool, id=tool.name) for tool in built_ins().tools]
PROVIDERS = [pytest.param(provider, id=provider.name) for provider in built_ins().providers]
NODE_TYPES = [pytest.param(kind, id=kind.name) for kind in built_ins().node_types]
EXAMPLES = [
    pytest.param(tool, example, id=f"{tool.name}-{number}")
    for tool in built_ins().tools
    for number, example in enumerate(tool.examples)
]
TOOL_NAME = r"[a-z][a-z0-9_]{0,63}"
"""Also what every model's vendor accepts as the name of a function."""


def modules():
    for package in PACKAGES:
        for info in pkgutil.iter_modules(importlib.import_module(package).__path__):
            yield f"{package}.{info.name}"


@pytest.mark.parametrize("name", list(modules()))
def test_one_file_holds_one_thing_and_has_its_name(name):
    items = [
        item
        for item in vars(importlib.import_module(name)).values()
        if isinstance(item, NodeType | Tool | Provider)
    ]

    assert [item.name.lower() for item in items] == [name.rpartition(".")[2]]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_tells_people_and_models_what_it_does(tool):
    assert re.fullmatch(TOOL_NAME, tool.name)
    assert tool.title
    assert tool.category
    assert tool.description.strip().endswith(".")
    assert isinstance(tool.effect, Effect)
    assert 0 < tool.timeout_s <= 3600
    assert tool.rate is None or tool.runs is not Runs.AT_ONCE
    assert tool.origin == "openrooms"


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tools_parameters_are_a_strict_schema_that_explains_each(tool):
    jsonschema.Draft202012Validator.check_schema(tool.parameters)
    assert tool.parameters["type"] == "object"
    assert tool.parameters["additionalProperties"] is False
    unexplained = [
        name for name, part in tool.parameters["properties"].items() if not part.get("description")
    ]
    assert unexplained == []


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tools_result_has_a_schema(tool):
    assert tool.returns is not None
    jsonschema.Draft202012Validator.check_schema(tool.returns)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_has_an_example_and_refuses_what_it_does_not_know(tool):
    assert tool.examples
    with pytest.raises(StepError) as refused:
        checked_arguments(tool, {"no_such_parameter": 1})
    assert refused.value.code == "bad_arguments"


@pytest.mark.parametrize(("tool", "example"), EXAMPLES)
def test_an_example_fits_and_runs_where_that_changes_nothing(tool, example):
    assert example.keys() <= {"title", "arguments", "result"}
    checked_arguments(tool, example["arguments"])
    jsonschema.validate(example["arguments"], tool.parameters)
    if "result" in example:
        jsonschema.validate(example["result"], tool.returns)
    if tool.effect is Effect.NONE:
        ctx = a_context(memory=MemoryInHand({"customer": "Ada"}), signal_url=lambda name, _until: f"/{name}")
        result = asyncio.run(call_tool(ctx, tool.name, example["arguments"]))
        jsonschema.validate(result, tool.returns)
        assert example.get("result", result) == result


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_tells_what_it_is(provider):
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,63}", provider.name)
    assert provider.title
    assert provider.description.strip().endswith(".")
    assert provider.models
    assert len(set(provider.models)) == len(provider.models)
    assert inspect.iscoroutinefunction(provider.chat)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_works_or_says_that_it_is_not_set_up(provider):
    request = ChatRequest(model=provider.models[0], messages=(Message(role="user", content="Hi"),))
    ctx = a_context(settings={})
    if provider.is_configured({}):
        request = request.model_copy(update={"model": ""})
        assert asyncio.run(provider.chat(request, ctx)).text == "Hi"
        return
    with pytest.raises(StepError) as failed:
        asyncio.run(provider.chat(request, ctx))
    assert (failed.value.code, failed.value.retryable) == ("provider_not_configured", False)


@pytest.mark.parametrize("kind", NODE_TYPES)
def test_a_node_type_can_be_drawn_and_filled_in(kind):
    assert re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", kind.name)
    assert kind.title
    assert kind.category
    assert re.fullmatch(r"[a-z0-9-]+", kind.icon)
    assert kind.description.strip().endswith(".")
    schema = kind.params.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("kind", NODE_TYPES)
def test_a_node_type_can_be_run(kind):
    assert set(kind.outcomes) <= set(Outcome)
    assert isinstance(kind.effect({}, built_ins()), Effect)
    assert (kind.execute is not None) == (kind.behaviour is Behaviour.STEP)


def test_two_things_of_one_kind_never_share_a_name():
    catalogue = Catalogue()
    tool = next(iter(built_ins().tools))
    catalogue.add(tool)

    with pytest.raises(ValueError, match=f"two tools named '{tool.name}'"):
        catalogue.add(tool)


NEW_TOOL = '''
"""Shout."""

from pydantic import Field

from engine.core.catalogue import Effect, StepContext, tool
from engine.core.document import Frozen


class Params(Frozen):
    text: str = Field(description="what to shout")


@tool(Params, title="Shout", category="text", effect=Effect.NONE)
def shout(params: Params, ctx: StepContext) -> str:
    """Say it louder."""
    return params.text.upper()
'''


def test_a_tool_is_found_by_being_in_the_folder(tmp_path, monkeypatch):
    import engine.tools

    (tmp_path / "shout.py").write_text(NEW_TOOL)
    monkeypatch.setattr(engine.tools, "__path__", [*engine.tools.__path__, str(tmp_path)])
    try:
        catalogue = discover()
    finally:
        sys.modules.pop("engine.tools.shout", None)

    assert asyncio.run(call_tool(a_context(catalogue=catalogue), "shout", {"text": "hi"})) == "HI"
