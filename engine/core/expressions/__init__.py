"""The expression language of conditions, templates, `until` and `remember`: bounded, and unable to reach Python."""

from engine.core.expressions.errors import BadExpression, EvaluationError, ExpressionError, LimitExceeded
from engine.core.expressions.expression import Evaluated, Expression, compile_expression
from engine.core.expressions.functions import FUNCTIONS, Function
from engine.core.expressions.limits import LIMITS, Limits
from engine.core.expressions.slots import Hole, Slot
from engine.core.expressions.templates import Template, compile_template
from engine.core.expressions.types import Type, TypeEnv, list_of, map_of, type_of_schema
from engine.core.expressions.urls import compile_url_template, compile_with_urls, gives_host

__all__ = [
    "FUNCTIONS",
    "LIMITS",
    "BadExpression",
    "Evaluated",
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "Function",
    "Hole",
    "LimitExceeded",
    "Limits",
    "Slot",
    "Template",
    "Type",
    "TypeEnv",
    "compile_expression",
    "compile_template",
    "compile_url_template",
    "compile_with_urls",
    "gives_host",
    "list_of",
    "map_of",
    "type_of_schema",
]
