"""Cut, filter and rebuild JSON with an expression of the workflow's own language: bounded, and no code."""

from typing import Any

from pydantic import Field, JsonValue

from engine.core.catalogue import Effect, StepContext, StepError, tool
from engine.core.document import Frozen
from engine.core.expressions import ExpressionError, compile_expression


class Params(Frozen):
    data: JsonValue = Field(description="any JSON; the expression knows it as data")
    expression: str = Field(
        min_length=1,
        max_length=4096,
        description="as in a condition: data.items.filter(i, i.price > 10).map(i, {'name': i.name})",
    )


class Result(Frozen):
    result: JsonValue = Field(description="what the expression gives")


@tool(
    Params,
    title="JSON: transform",
    category="data",
    effect=Effect.NONE,
    returns=Result,
    timeout_s=5,
    examples=(
        {
            "title": "choose and rename",
            "arguments": {
                "data": {"items": [{"sku": "a", "price": 5}, {"sku": "b", "price": 20}]},
                "expression": "data.items.filter(i, i.price > 10).map(i, {'name': i.sku, 'total': i.price * 2})",
            },
            "result": {"result": [{"name": "b", "total": 40}]},
        },
        {
            "title": "text from a list",
            "arguments": {"data": ["x", "y"], "expression": "data.join(', ').upperAscii()"},
            "result": {"result": "X, Y"},
        },
    ),
)
def json_transform(params: Params, ctx: StepContext) -> Any:
    """Compute a value from JSON: pick, filter, map and rebuild it with an expression."""
    try:
        return {"result": compile_expression(params.expression).evaluate({"data": params.data}).value}
    except ExpressionError as error:
        raise StepError(str(error), code=error.code) from None
