"""The provider without a model: answers by rules, the same each time, for templates, first runs and tests."""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any, Self

from pydantic import Field, JsonValue, TypeAdapter, ValidationError, model_validator

from engine.core.catalogue import StepContext, StepError, provider
from engine.core.chat import ChatReply, ChatRequest, Message, Stop, ToolCall, Usage
from engine.core.document import Frozen
from engine.core.fitting import CannotFit, fit
from engine.core.shapes import Described

MODELS = ("script", "echo", "classify", "json", "tool:calculator", "slow:1", "flaky:1", "fail")
MAX_DELAY_S = 3600.0

_SCRIPT_BLOCK = re.compile(r"```(?:json)?[ \t]*\n\s*(\[.*?)```", re.DOTALL)
_LABEL = re.compile(r"^[ \t]*(?:[-*][ \t]+)?([^:\n]{1,64}):(.*)$", re.MULTILINE)
_PLACE = re.compile(r"\{(prompt|tool)((?:\.\w+)*)\}")


class Rule(Frozen):
    """One line of a script; it applies if the prompt holds `when`, in any case of its letters."""

    when: str | tuple[str, ...] = ()
    reply: JsonValue = None
    tool: str | None = None
    arguments: dict[str, JsonValue] = Field({})
    fail: str | None = None
    delay_s: float = Field(0, ge=0, le=MAX_DELAY_S)

    @model_validator(mode="after")
    def _one_deed(self) -> Self:
        if len(self.model_fields_set & {"reply", "tool", "fail"}) != 1:
            raise ValueError("a rule needs exactly one of reply, tool and fail")
        return self

    def applies_to(self, prompt: str) -> bool:
        words = (self.when,) if isinstance(self.when, str) else self.when
        return not words or any(word.casefold() in prompt.casefold() for word in words)


_SCRIPT = TypeAdapter(tuple[Rule, ...])


@provider("scripted", title="Scripted (no model: for templates and tests)", models=MODELS)
async def scripted(request: ChatRequest, ctx: StepContext) -> ChatReply:
    """Answers by rules instead of a model: no key, no cost, the same answer every time.

    The model's name says how. Parts are joined by `+`, as in `slow:0.5+flaky:1+json`:

    - `echo` repeats the prompt's last line.
    - `classify` answers with a label. The system prompt has a line for each, `refund: money back, return`;
      the label with most of its words in the prompt wins, the last label if none has any.
    - `json` makes up an object that fits the output schema; another prompt gives another object.
    - `tool:NAME` calls that tool, with a JSON object in the prompt as its arguments, then answers with its result.
    - `script` plays the rules in the system prompt, a fenced block of JSON:
      `[{"when": "refund", "tool": "calculator", "arguments": {"expression": "2*21"}},
      {"when": "refund", "reply": "It is {tool.result}."}, {"reply": "I read: {prompt}"}]`.
      Rules that apply are played in order, one a turn, up to the first that replies. `when` may be a list of
      words; `reply` may be any JSON; `fail` fails the step; `delay_s` waits.
    - `slow:SECONDS` waits first; `flaky:N` fails the first N attempts; `fail` always fails.

    Without a name: `script` if the system prompt has a fenced block, `json` if there is an output schema,
    else `echo`. Words count as tokens.
    """
    answer = await _play(request, ctx)
    calls = (answer,) if isinstance(answer, ToolCall) else ()
    text = "" if isinstance(answer, ToolCall) else answer
    ctx.stream(text, turn=request.turn, is_last=True)
    written = text or " ".join(json.dumps(call.arguments) for call in calls)
    return ChatReply(
        text=text,
        tool_calls=calls,
        stop=Stop.TOOLS if calls else Stop.END,
        usage=Usage(
            input_tokens=sum(_words(message.content) for message in request.messages),
            output_tokens=_words(written),
        ),
        model=request.model or "script",
    )


async def _play(request: ChatRequest, ctx: StepContext) -> str | ToolCall:
    """The text to answer with, or the tool to call first."""
    answer: str | ToolCall | None = None
    if not request.model.strip():
        return await _by_default(request)
    for part in filter(None, request.model.split("+")):
        name, _, value = part.strip().partition(":")
        match name:
            case "slow":
                await asyncio.sleep(_number(part, value))
            case "flaky":
                if ctx.attempt <= _number(part, value):
                    raise StepError(
                        f"The scripted model {part!r} fails attempt {ctx.attempt}, as it was told to.",
                        code="scripted_failure",
                    )
            case "fail":
                raise StepError(
                    "The scripted model 'fail' fails, as it was told to.", code="scripted_failure"
                )
            case "tool":
                answer = _with_tool(request, value)
                if isinstance(answer, ToolCall):
                    return answer
            case "script":
                answer = await _by_script(request)
            case "echo" | "classify" | "json":
                answer = _PLAIN[name](request)
            case _:
                raise _unknown(part)
    return await _by_default(request) if answer is None else answer


async def _by_default(request: ChatRequest) -> str | ToolCall:
    if _SCRIPT_BLOCK.search(_system(request)):
        return await _by_script(request)
    return _json(request) if request.output_schema else _echo(request)


def _echo(request: ChatRequest) -> str:
    return _last_line(_prompt(request))


def _classify(request: ChatRequest) -> str:
    labels = {
        label.strip(): [word.strip() for word in words.split(",") if word.strip()]
        for label, words in _LABEL.findall(_system(request))
    }
    if not labels:
        raise _bad_script(
            "'classify' needs lines such as 'refund: money back, return' in the system prompt, one for each label"
        )
    prompt = _prompt(request).casefold()
    hits = {label: sum(word.casefold() in prompt for word in words) for label, words in labels.items()}
    best = max(hits, key=lambda label: hits[label])
    label = best if hits[best] else list(labels)[-1]
    return _labelled(request, label) if request.output_schema else label


def _labelled(request: ChatRequest, label: str) -> str:
    """The label as the schema wants it: in the first text property that may hold it."""
    value = json.loads(_json(request))
    if not isinstance(value, dict):
        return _fitting(request, label)
    for name in value:
        try:
            return _fitting(request, {**value, name: label})
        except StepError:
            continue
    raise _bad_script(f"the output schema has no place for the label {label!r}")


def _json(request: ChatRequest) -> str:
    if request.output_schema is None:
        raise _bad_script("'json' needs an output schema to fit")
    seed = json.dumps([message.content for message in request.messages])
    try:
        return _fitting(request, fit(request.output_schema, seed, _last_line(_prompt(request))))
    except CannotFit as error:
        raise StepError(str(error), code=error.code, retryable=False) from None


_PLAIN = {"echo": _echo, "classify": _classify, "json": _json}


def _with_tool(request: ChatRequest, name: str) -> str | ToolCall:
    results = _results(request)
    if results:
        return results[-1]
    spec = next((spec for spec in request.tools if spec.name == name), None)
    if spec is None:
        offered = ", ".join(spec.name for spec in request.tools) or "none"
        raise _bad_script(f"the node does not offer the tool {name!r}, only: {offered}")
    prompt = _prompt(request)
    arguments = _object_in(prompt)
    if arguments is None:
        try:
            arguments = fit(spec.parameters, prompt, _last_line(prompt))
        except CannotFit as error:
            raise StepError(str(error), code=error.code, retryable=False) from None
    return ToolCall(id="call_1", name=name, arguments=arguments)


async def _by_script(request: ChatRequest) -> str | ToolCall:
    prompt, results = _prompt(request), _results(request)
    turns = list(_turns(_script(request), prompt))
    if not turns:
        raise _bad_script(f"no rule applies to the prompt {prompt[:80]!r}; end with one without 'when'")
    if len(results) >= len(turns):
        return results[-1]
    rule = turns[len(results)]
    await asyncio.sleep(rule.delay_s)
    if rule.fail is not None:
        raise StepError(rule.fail, code="scripted_failure")
    filled = _filled({"reply": rule.reply, "arguments": rule.arguments}, prompt, results)
    if rule.tool is not None:
        return ToolCall(id=f"call_{len(results) + 1}", name=rule.tool, arguments=filled["arguments"])
    return (
        filled["reply"]
        if isinstance(filled["reply"], str)
        else json.dumps(filled["reply"], ensure_ascii=False)
    )


def _turns(script: tuple[Rule, ...], prompt: str) -> Iterator[Rule]:
    for rule in script:
        if rule.applies_to(prompt):
            yield rule
            if rule.tool is None:
                return


def _script(request: ChatRequest) -> tuple[Rule, ...]:
    block = _SCRIPT_BLOCK.search(_system(request))
    if block is None:
        raise _bad_script("'script' needs a fenced block of JSON in the system prompt")
    try:
        return _SCRIPT.validate_json(block[1])
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise _bad_script(f"{place or 'the block'}: {fault['msg']}") from None


def _filled(value: Any, prompt: str, results: list[str]) -> Any:
    """`value` with {prompt} and {tool.some.field} in its texts replaced; unknown fields become nothing."""

    def replace(match: re.Match[str]) -> str:
        found: Any = prompt if match[1] == "prompt" else _parsed(results[-1] if results else "")
        for name in match[2].split(".")[1:]:
            found = found.get(name) if isinstance(found, dict) else None
        return (
            found
            if isinstance(found, str)
            else ""
            if found is None
            else json.dumps(found, ensure_ascii=False)
        )

    match value:
        case str():
            return _PLACE.sub(replace, value)
        case dict():
            return {name: _filled(inner, prompt, results) for name, inner in value.items()}
        case list():
            return [_filled(inner, prompt, results) for inner in value]
    return value


def _fitting(request: ChatRequest, value: Any) -> str:
    """The value as text, if it fits the output schema."""
    if fault := next(Described(request.output_schema or {}).faults(value), None):
        raise StepError(
            f"The scripted model can't make up an answer for this output schema: {fault}.",
            code="cannot_fit_schema",
            retryable=False,
        )
    return json.dumps(value, ensure_ascii=False)


def _system(request: ChatRequest) -> str:
    return "\n".join(message.content for message in request.messages if message.role == "system")


def _prompt(request: ChatRequest) -> str:
    return next((message.content for message in reversed(request.messages) if message.role == "user"), "")


def _results(request: ChatRequest) -> list[str]:
    """What tools have answered since the prompt, oldest first."""
    since: list[Message] = []
    for message in reversed(request.messages):
        if message.role == "user":
            break
        since.append(message)
    return [message.content for message in reversed(since) if message.role == "tool"]


def _object_in(text: str) -> dict[str, Any] | None:
    begin, end = text.find("{"), text.rfind("}")
    value = _parsed(text[begin : end + 1]) if 0 <= begin < end else None
    return value if isinstance(value, dict) else None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return text


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1].strip()


def _words(text: str) -> int:
    return len(text.split())


def _number(part: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise _unknown(part) from None
    if not 0 <= number <= MAX_DELAY_S:
        raise _unknown(part)
    return number


def _unknown(part: str) -> StepError:
    return StepError(
        f"The scripted provider has no model {part!r}. "
        "Known: script, echo, classify, json, tool:NAME, slow:SECONDS, flaky:N, fail; join them by +.",
        code="unknown_model",
        retryable=False,
    )


def _bad_script(reason: str) -> StepError:
    return StepError(f"The scripted model can't answer: {reason}.", code="bad_script", retryable=False)
