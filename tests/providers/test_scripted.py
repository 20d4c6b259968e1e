import asyncio
import json
import time
from contextlib import suppress

import jsonschema
import pytest

from engine.core.catalogue import StepError
from engine.core.chat import ChatRequest, Message, ToolSpec
from engine.core.tool_call import call_tool
from engine.nodes.agent_task import Params, agent_task
from engine.providers.scripted import MODELS, scripted
from tests.fixtures.contexts import MemoryInHand, a_context

SCRIPT = """You help customers.
```json
[
  {"when": "refund", "tool": "calculator", "arguments": {"expression": "2 * 21"}},
  {"when": ["refund", "money back"], "reply": "You get {tool.result} Euro back."},
  {"when": "angry", "fail": "They hung up."},
  {"when": "object", "reply": {"urgency": 0.9, "about": "{prompt}"}},
  {"reply": "I read: {prompt}"}
]
```"""
CALCULATOR = ToolSpec(
    name="calculator",
    description="",
    parameters={
        "type": "object",
        "properties": {"expression": {"type": "string"}},
        "required": ["expression"],
    },
)


def ask(model="", prompt="", system="", *, ctx=None, **changes):
    messages = (Message(role="system", content=system), Message(role="user", content=prompt))
    request = ChatRequest(model=model, messages=messages, **changes)
    return asyncio.run(scripted.chat(request, ctx or a_context()))


def run_agent(**params):
    """Through the node, so that tools are really called."""
    ctx = a_context(memory=MemoryInHand({"customer": "Ada"}))
    return asyncio.run(agent_task.execute(Params(provider="scripted", **params), ctx)), ctx


def test_echo_repeats_the_last_line_and_counts_words():
    reply = ask("echo", "Hello there\n\n  How are you?  \n", system="Be kind.")

    assert reply.text == "How are you?"
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.cost_usd) == (7, 3, 0)
    assert reply.model == "echo"


LABELS = "Sort the ticket.\n- refund: money back, return\n- question: how, what, where\n- other:"


@pytest.mark.parametrize(
    ("prompt", "label"),
    [
        ("I want my MONEY BACK", "refund"),
        ("What do I do, and how?", "question"),
        ("How do I return it to get my money back?", "refund"),
        ("Hm.", "other"),
    ],
)
def test_classify_picks_the_label_with_most_of_its_words(prompt, label):
    assert ask("classify", prompt, LABELS).text == label


def test_classify_puts_its_label_where_the_schema_has_a_place_for_it():
    schema = {
        "type": "object",
        "properties": {"score": {"type": "number"}, "label": {"enum": ["refund", "question", "other"]}},
        "required": ["label", "score"],
    }

    value = json.loads(ask("classify", "money back", LABELS, output_schema=schema).text)

    assert value["label"] == "refund"
    assert json.loads(ask("classify", "Hm.", LABELS, output_schema={"type": "string"}).text) == "other"


def test_json_fits_the_schema_and_follows_from_the_prompt_alone():
    schema = {
        "type": "object",
        "properties": {
            "urgency": {"type": "number", "minimum": 0, "maximum": 1},
            "summary": {"type": "string", "maxLength": 12},
        },
        "required": ["urgency", "summary"],
        "additionalProperties": False,
    }

    first, again, other = (
        ask("json", prompt, output_schema=schema).text
        for prompt in ("My printer burns", "My printer burns", "Hi")
    )

    jsonschema.validate(json.loads(first), schema)
    assert first == again
    assert json.loads(first)["urgency"] != json.loads(other)["urgency"]
    assert json.loads(first)["summary"] == "My printer b"


def test_a_schema_that_cannot_be_met_fails_the_step_with_a_name():
    for schema in (
        {"type": "string", "pattern": "^[0-9]{40}$"},
        {"type": "integer", "minimum": 3, "maximum": 2},
    ):
        with pytest.raises(StepError) as failed:
            ask("json", "x", output_schema=schema)
        assert (failed.value.code, failed.value.retryable) == ("cannot_fit_schema", False)


def test_a_script_calls_tools_in_turn_and_then_replies_with_what_they_gave():
    text, ctx = run_agent(prompt="A refund, please", system=SCRIPT, tools=("calculator",))

    assert text == "You get 42 Euro back."
    assert [entry.get("tool") for entry in ctx.trace] == [None, "calculator", None]
    assert ctx.usage.tokens > 0


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("Hello", "I read: Hello"),
        ("an OBJECT, please", '{"urgency": 0.9, "about": "an OBJECT, please"}'),
        ("my money back", "You get  Euro back."),
    ],
)
def test_a_script_plays_the_first_rule_that_applies(prompt, text):
    assert ask("script", prompt, SCRIPT).text == text
    assert ask("", prompt, SCRIPT).text == text


def test_a_script_can_fail_a_step():
    with pytest.raises(StepError, match="They hung up") as failed:
        ask("script", "I am angry", SCRIPT)
    assert failed.value.code == "scripted_failure"


def test_a_script_that_ends_with_a_tool_answers_with_its_result():
    system = '```\n[{"tool": "memory_query", "arguments": {"key": "{prompt}"}}]\n```'

    text, _ = run_agent(prompt="customer", system=system, tools=("memory_query",))

    assert json.loads(text)["value"] == "Ada"


@pytest.mark.parametrize(
    ("system", "complaint"),
    [
        ("no block", "fenced block"),
        ("```json\n[{]\n```", "JSON"),
        ('```json\n[{"when": "x"}]\n```', "exactly one of reply, tool and fail"),
        ('```json\n[{"reply": "a", "tool": "b"}]\n```', "exactly one of reply, tool and fail"),
        ('```json\n[{"reply": "a", "wen": "b"}]\n```', "0.wen"),
        ('```json\n[{"when": "x", "reply": "a"}]\n```', "no rule applies"),
    ],
)
def test_a_faulty_script_says_where(system, complaint):
    with pytest.raises(StepError, match=complaint) as failed:
        ask("script", "hello", system)
    assert (failed.value.code, failed.value.retryable) == ("bad_script", False)


def test_a_tool_model_takes_its_arguments_from_the_prompt():
    assert (
        json.loads(run_agent(model="tool:calculator", prompt="Add this:\n1+2", tools=("calculator",))[0])[
            "number"
        ]
        == 3
    )
    prompt = 'Please: {"expression": "a*2", "names": {"a": 4}}'
    assert (
        json.loads(run_agent(model="tool:calculator", prompt=prompt, tools=("calculator",))[0])["number"] == 8
    )


def test_a_tool_that_is_not_offered_is_named():
    with pytest.raises(StepError, match="'nope', only: calculator"):
        ask("tool:nope", "x", tools=(CALCULATOR,))


def test_a_tool_can_be_called_before_an_object_is_made_up():
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}

    value, ctx = run_agent(
        model="tool:calculator+json", prompt="1+2", tools=("calculator",), output_schema=schema
    )

    assert isinstance(value["n"], int)
    assert any(entry.get("tool") == "calculator" for entry in ctx.trace)


def test_flaky_fails_the_first_attempts_only():
    for attempt in (1, 2):
        with pytest.raises(StepError) as failed:
            ask("flaky:2+echo", "hi", ctx=a_context(attempt=attempt))
        assert (failed.value.code, failed.value.retryable) == ("scripted_failure", True)

    assert ask("flaky:2+echo", "hi", ctx=a_context(attempt=3)).text == "hi"
    assert ask("flaky:2", "hi", ctx=a_context(attempt=3)).text == "hi"


def test_fail_always_fails():
    with pytest.raises(StepError):
        ask("fail", "hi", ctx=a_context(attempt=99))


def test_slow_waits_without_holding_the_loop():
    async def twenty():
        request = ChatRequest(model="slow:0.5+echo", messages=(Message(role="user", content="hi"),))
        return await asyncio.gather(*(scripted.chat(request, a_context()) for _ in range(20)))

    begun = time.monotonic()
    assert [reply.text for reply in asyncio.run(twenty())] == ["hi"] * 20
    assert 0.5 <= time.monotonic() - begun < 9  # in turn it would be ten seconds


@pytest.mark.parametrize(
    "model", ["gpt-4o", "echo+nope", "slow:x", "slow:-1", "slow:nan", "slow:inf", "flaky:"]
)
def test_an_unknown_model_is_refused_with_those_there_are(model):
    with pytest.raises(StepError, match="Known: script, echo, classify, json") as failed:
        ask(model, "hi")
    assert (failed.value.code, failed.value.retryable) == ("unknown_model", False)


def test_its_description_explains_every_model():
    for model in MODELS:
        assert f"`{model.split(':')[0]}" in scripted.description


@pytest.mark.parametrize(
    "text", ["\n" * 60_000, "```" * 20_000, "```\n" + "\n" * 60_000, " " * 60_000, "{" * 60_000]
)
def test_hostile_texts_take_no_time(text):
    begun = time.process_time()
    for model in ("", "echo", "classify", "script", "tool:calculator"):
        with suppress(StepError):
            ask(model, text, text, tools=(CALCULATOR,))
    assert time.process_time() - begun < 1


def test_the_arguments_it_makes_up_are_checked_like_a_models():
    call = ask("tool:calculator", "1 + 1", tools=(CALCULATOR,)).tool_calls[0]

    assert asyncio.run(call_tool(a_context(), call.name, call.arguments)) == {"result": "2", "number": 2}
