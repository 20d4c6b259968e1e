"""Tries an expression out, with the names given: for the command line, the API and the editor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from engine.core.errors import InvalidInput
from engine.core.expressions import compile_expression, compile_template
from engine.core.expressions.errors import ExpressionError

KINDS = ("value", "condition", "template")


def evaluate(source: str, as_: Literal["value", "condition", "template"] | str, scope: Any) -> dict[str, Any]:
    """{value, reads, cost}; the names of `scope` are the top-level names of the expression.

    Raises:
        BadExpression, EvaluationError, LimitExceeded: with line and column.
        InvalidInput: `scope` is no object, or `as_` no kind.
    """
    if not isinstance(scope, Mapping):
        raise InvalidInput("The scope must be a JSON object: its names are the names of the expression.")
    if as_ == "template":
        template = compile_template(source)
        rendered = template.evaluate(scope)
        return {"value": rendered.value, "reads": sorted(template.reads), "cost": rendered.cost}
    if as_ not in KINDS:
        raise InvalidInput(f"{as_!r} is none of {', '.join(KINDS)}.")
    expression = compile_expression(source)
    if as_ == "condition":
        expression.condition(scope)
    evaluated = expression.evaluate(scope)
    return {"value": evaluated.value, "reads": sorted(expression.reads), "cost": evaluated.cost}


def told(source: str, as_: str, scope: Any) -> dict[str, Any]:
    """As `evaluate`, but a faulty expression is an answer too: {value: None, fault: {code, detail, line, column}}."""
    try:
        return {**evaluate(source, as_, scope), "fault": None}
    except ExpressionError as error:
        return {"value": None, "fault": {"code": error.code, "detail": error.detail, **error.extra}}
