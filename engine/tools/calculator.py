"""Decimal arithmetic for workflows and models: what is written is what is meant, 0.1 + 0.2 is 0.3."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from engine.core.calculator import CalculatorError, Number, as_number, as_text, calculate
from engine.core.catalogue import Effect, StepContext, StepError, tool
from engine.core.document import Frozen

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
DecimalText = Annotated[str, Field(pattern=r"^-?[0-9]{1,50}(\.[0-9]{1,50})?$")]


class Params(Frozen):
    expression: str = Field(
        min_length=1,
        max_length=4096,
        description="+ - * / % ** ^ ( ), abs min max round floor ceil sqrt exp ln log10, and names",
        json_schema_extra={"template": True},
    )
    names: dict[Name, int | float | DecimalText] = Field(
        {},
        description='numbers the expression may use by name; text keeps all digits, as "19.90"',
        max_length=100,
    )


class Result(Frozen):
    result: str = Field(description="the exact decimal, up to 50 digits")
    number: float | None = Field(description="the nearest JSON number; null beyond 1e308")


@tool(
    Params,
    title="Calculator",
    category="math",
    effect=Effect.NONE,
    returns=Result,
    timeout_s=5,
    examples=(
        {"arguments": {"expression": "2 * (3.5 + 1.35)"}, "result": {"result": "9.7", "number": 9.7}},
        {
            "arguments": {"expression": "round(net * 1.19, 2)", "names": {"net": "19.90"}},
            "result": {"result": "23.68", "number": 23.68},
        },
    ),
)
def calculator(params: Params, ctx: StepContext) -> Any:
    """Calculate an arithmetic expression exactly, on decimal numbers with 50 digits."""
    names: dict[str, Number] = {
        name: Decimal(value) if isinstance(value, str) else value for name, value in params.names.items()
    }
    try:
        value = calculate(params.expression, names)
    except CalculatorError as error:
        raise StepError(str(error), code=error.code) from None
    return {"result": as_text(value), "number": as_number(value)}
