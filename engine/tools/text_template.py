"""Fill a template that comes as data, as one kept in memory or written by a model: `{{ }}` over given values."""

from typing import Any

from pydantic import Field, JsonValue

from engine.core.catalogue import Effect, StepContext, StepError, tool
from engine.core.document import Frozen, Key
from engine.core.expressions import ExpressionError, Template, compile_template
from engine.core.expressions.frame import Frame
from engine.core.expressions.limits import LIMITS
from engine.core.expressions.slots import plain


class Params(Frozen):
    template: str = Field(
        min_length=1,
        max_length=65_536,
        description="the text, with {{ }} around expressions; a step's own arguments are filled before: "
        "take the template from memory or input, or write {{ '{{ name }}' }}",
    )
    data: dict[Key, JsonValue] = Field(
        {}, max_length=100, description="the names that the template's expressions know"
    )
    each: list[JsonValue] | None = Field(
        None,
        max_length=1000,
        description="fill it once for each of these, known as item and index, and join the texts",
    )
    separator: str = Field("\n", max_length=100, description="what stands between the texts of each")


class Result(Frozen):
    text: str


@tool(
    Params,
    title="Text: fill a template",
    category="text",
    effect=Effect.NONE,
    returns=Result,
    timeout_s=5,
    examples=(
        {
            "arguments": {
                "template": "Dear {{ name }}, you owe {{ sum }}.",
                "data": {"name": "Ada", "sum": 3},
            },
            "result": {"text": "Dear Ada, you owe 3."},
        },
        {
            "title": "one line for each",
            "arguments": {
                "template": "{{ index + 1 }}. {{ item.name }}",
                "each": [{"name": "a"}, {"name": "b"}],
            },
            "result": {"text": "1. a\n2. b"},
        },
    ),
)
def text_template(params: Params, ctx: StepContext) -> Any:
    """Fill a text template with values, once or for each item of a list."""
    try:
        template = compile_template(params.template)
        if params.each is None:
            return {"text": _filled(template, params.data)[0]}
        return {"text": params.separator.join(_each(template, params.data, params.each))}
    except ExpressionError as error:
        raise StepError(str(error), code=error.code) from None


def _each(template: Template, data: dict[str, JsonValue], items: list[JsonValue]) -> list[str]:
    """All of them together stay within the limits of one evaluation."""
    texts, size, cost = [], 0, 0
    for index, item in enumerate(items):
        text, units = _filled(template, {**data, "item": item, "index": index})
        texts.append(text)
        size, cost = size + len(text), cost + units
        if size > LIMITS.template_bytes or cost > LIMITS.cost:
            raise StepError(
                f"All texts together may have {LIMITS.template_bytes} characters and cost {LIMITS.cost} units. "
                "Fill fewer at once.",
                code="limit",
            )
    return texts


def _filled(template: Template, names: dict[str, JsonValue]) -> tuple[str, int]:
    """The text, and what it cost; a template that is one slot keeps its value's type, so it is written here."""
    value, cost = template.evaluate(names)
    return value if isinstance(value, str) else plain(Frame({}), value), cost
