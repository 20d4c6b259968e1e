from collections.abc import Iterator, Mapping
from contextlib import suppress

import pytest

from engine.core.expressions import ExpressionError, compile_expression
from tests.core.expressions.typed import SCOPE, TYPES, Generator


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 1", set()),
        ("vars.triage.urgency > 0.7", {"vars.triage.urgency"}),
        ("memory.count + memory.count", {"memory.count"}),
        ("input.items[0].price", {"input.items"}),
        ("input.items[vars.i].price", {"input.items", "vars.i"}),
        ("vars['triage'].urgency", {"vars.triage.urgency"}),
        ("vars['my key'].x", {"vars"}),
        ("vars[outcome].x", {"vars", "outcome"}),
        ("input.items.all(i, i.price > vars.limit)", {"input.items", "vars.limit"}),
        ("vars.map(vars, vars)", {"vars"}),
        ("vars.l.map(x, x.a) + x.b", {"vars.l", "x.b"}),
        ("has(vars.a.b) && !has(memory.c)", {"vars.a.b", "memory.c"}),
        ("{'a': vars.b}.a", {"vars.b"}),
        ("vars.s.size() > 1 ? run.step : error.code", {"vars.s", "run.step", "error.code"}),
        ("type(vars.a) == string", {"vars.a"}),
        ("(vars.a).b", {"vars.a.b"}),
    ],
)
def test_reads_are_the_dotted_paths(source, expected):
    expression = compile_expression(source)
    assert expression.reads == expected
    assert expression.constant is (not expected)


def test_what_has_asks_for_may_be_missing():
    expression = compile_expression("has(vars.a.b) && vars.c == 1")
    assert expression.asked == {"vars.a.b"}
    assert expression.reads == {"vars.a.b", "vars.c"}


class Watched(Mapping):
    """A map that writes down which paths are read."""

    def __init__(self, data, touched, path=()):
        self.data, self.touched, self.path = data, touched, path

    def __getitem__(self, key):
        self.touched.add(".".join((*self.path, key)))
        value = self.data[key]
        return Watched(value, self.touched, (*self.path, key)) if isinstance(value, dict) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self):
        return len(self.data)


@pytest.mark.parametrize("kind", TYPES)
def test_no_expression_reads_what_it_does_not_name(kind):
    generator = Generator(seed=7)
    for _ in range(300):
        expression = compile_expression(generator.expression(kind, 3))
        touched: set[str] = set()
        with suppress(ExpressionError):
            expression.evaluate(Watched(SCOPE, touched))
        for path in touched:
            assert any(
                f"{read}.".startswith(f"{path}.") or path.startswith(f"{read}.") for read in expression.reads
            )
