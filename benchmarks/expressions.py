"""How fast expressions compile and evaluate, and how long the dearest evaluation takes; prints one JSON line."""

import json
import time
import timeit
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from engine.core.expressions import ExpressionError, compile_template
from engine.core.expressions.expression import Expression

SIMPLE = "vars.triage.urgency > 0.7"
TYPICAL = "vars.triage.urgency > 0.7 && vars.customer.tier in ['gold', 'platinum'] && has(memory.last)"
LOOP = "input.items.filter(i, i.price > 10).map(i, i.name).join(', ')"
DEAREST = "input.items.all(a, input.items.all(b, a.price <= b.price || a.name != b.name))"
TEMPLATE = "Dear {{ vars.customer.name }}, your {{ size(input.items) }} items: {{ input.items[0].name }}"
SCOPE: dict[str, Any] = {
    "input": {"items": [{"name": f"item {number}", "price": number} for number in range(300)]},
    "vars": {"triage": {"urgency": 0.9}, "customer": {"tier": "gold", "name": "Ann"}},
    "memory": {"last": 1},
}


def per_second(run: Callable[[], object], number: int) -> int:
    return round(number / min(timeit.repeat(run, number=number, repeat=5)))


def milliseconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    with suppress(ExpressionError):
        run()
    return round((time.perf_counter() - start) * 1e3, 1)


def main() -> None:
    simple, typical, loop = Expression(SIMPLE), Expression(TYPICAL), Expression(LOOP)
    template, dearest = compile_template(TEMPLATE), Expression(DEAREST)
    found = {
        "benchmark": "expressions",
        "simple_per_s": per_second(lambda: simple.evaluate(SCOPE), 20_000),
        "condition_per_s": per_second(lambda: simple.condition(SCOPE), 20_000),
        "typical_per_s": per_second(lambda: typical.evaluate(SCOPE), 10_000),
        "loop_300_items_per_s": per_second(lambda: loop.evaluate(SCOPE), 100),
        "template_per_s": per_second(lambda: template.render(SCOPE), 5_000),
        "compile_simple_us": round(1e6 / per_second(lambda: Expression(SIMPLE), 300), 1),
        "compile_typical_us": round(1e6 / per_second(lambda: Expression(TYPICAL), 300), 1),
        "budget_spent_ms": min(milliseconds(lambda: dearest.evaluate(SCOPE)) for _ in range(3)),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
