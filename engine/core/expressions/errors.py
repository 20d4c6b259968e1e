"""What can go wrong with an expression; every error says where, as line and column from 1."""

from typing import Any, Self

from engine.core.errors import OpenRoomsError


class ExpressionError(OpenRoomsError):
    """The base. `pointer` is the JSON pointer of the text within a template, empty elsewhere."""

    code = "expression_error"

    def __init__(self, detail: str, line: int = 1, column: int = 1, pointer: str = "") -> None:
        where = f"{pointer}, {line}:{column}" if pointer else f"{line}:{column}"
        super().__init__(f"At {where}: {detail}")
        self.detail = detail
        self.line = line
        self.column = column
        self.pointer = pointer

    @classmethod
    def within(cls, source: str, at: int, detail: str) -> Self:
        return cls(detail, *position(source, at))

    @property
    def extra(self) -> dict[str, Any]:
        return {"line": self.line, "column": self.column}

    def moved(self, line: int, column: int, pointer: str) -> Self:
        """The same error, for an expression that starts at `line` and `column` of a longer text."""
        start = column - 1 if self.line == 1 else 0
        return type(self)(self.detail, self.line + line - 1, self.column + start, pointer)


class BadExpression(ExpressionError):
    """It does not parse, or is certainly wrong: refused when it is saved."""

    code = "bad_expression"


class EvaluationError(ExpressionError):
    """It has no value for these names: a key is missing, kinds don't fit, a number overflows."""

    code = "evaluation_error"


class LimitExceeded(ExpressionError):
    """It is larger, deeper or dearer than the table of limits allows."""

    code = "limit"


def position(source: str, at: int) -> tuple[int, int]:
    """Line and column, from 1, of the offset `at`."""
    return source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at)
