"""Every limit at N, where it holds, and at N + 1, where it is refused."""

import orjson
import pytest

from engine.core.expressions import LIMITS, LimitExceeded, compile_expression, compile_template

MINIMAL_LOOP = 3
"""What `list.all(x, true)` costs without items."""


def value(source, scope=None):
    return compile_expression(source).evaluate(scope or {}).value


def nested(levels):
    data = []
    for _ in range(levels - 1):
        data = [data]
    return data


def refused(attempt, words):
    with pytest.raises(LimitExceeded, match=words) as caught:
        attempt()
    assert caught.value.code == "limit"
    return caught.value


def test_expression_chars():
    assert value("1" + " " * (LIMITS.expression_chars - 1)) == 1
    refused(lambda: value("1" + " " * LIMITS.expression_chars), "4097 characters, the limit is 4096")


@pytest.mark.parametrize(
    ("form", "parts_around"),
    [
        (lambda n: "[" + ",".join(["1"] * n) + "]", 1),
        (lambda n: "size([" + ",".join(["x"] * n) + "])", 2),
        (lambda n: "[" + "+".join(["1"] * (n // 2 + 1)) + "]", 2),
        (lambda n: "[a" + ".b" * n + "]", 2),
        (lambda n: "[" + " && ".join(["b"] * (n // 2 + 1)) + "]", 2),
    ],
    ids=["list", "names", "chain", "path", "logic"],
)
def test_expression_parts(form, parts_around):
    compile_expression(form(LIMITS.expression_parts - parts_around))
    one_more = LIMITS.expression_parts - parts_around + 1
    refused(lambda: compile_expression(form(one_more + one_more % 2)), "more than 600 parts")


@pytest.mark.parametrize(
    "form",
    [
        lambda n: "(" * n + "1" + ")" * n,
        lambda n: "[" * n + "]" * n,
        lambda n: "!" * n + "true",
        lambda n: "-" * n + "1",
        lambda n: "size(" * n + "a" + ")" * n,
        lambda n: "a" + ".trim()" * n,
        lambda n: "a" + "[0]" * n,
        lambda n: "a[" * n + "0" + "]" * n,
        lambda n: "true ? 1 : " * n + "1",
        lambda n: "".join(f"a.all(x{i}, " for i in range(n)) + "b" + ")" * n,
        lambda n: "{'a':" * n + "1" + "}" * n,
        lambda n: "1 < " * n + "1",
        lambda n: "(1 + " * (n // 2) + "1" + ")" * (n // 2),
    ],
    ids=[
        "parentheses",
        "lists",
        "not",
        "minus",
        "calls",
        "methods",
        "indexes",
        "inside",
        "choices",
        "macros",
        "maps",
        "comparisons",
        "sums",
    ],
)
def test_depth(form):
    compile_expression(form(LIMITS.depth))
    refused(lambda: compile_expression(form(LIMITS.depth + 2 - LIMITS.depth % 2)), "more than 48 levels deep")
    if "(1 +" not in form(2):
        refused(lambda: compile_expression(form(LIMITS.depth + 1)), "more than 48 levels deep")


def test_a_long_chain_of_one_operator_is_not_deep():
    assert value("+".join(["1"] * 299)) == 299
    assert value(" || ".join(["b"] * 200), {"b": False}) is False


def test_cost():
    items = LIMITS.cost - MINIMAL_LOOP
    assert compile_expression("l.all(x, true)").evaluate({"l": [0] * items}) == (True, LIMITS.cost)
    refused(lambda: value("l.all(x, true)", {"l": [0] * (items + 1)}), "costs more than 50000 units")


def test_the_cost_is_shared_by_all_that_is_nested():
    for source in ("l.all(x, l.all(y, true))", "l.map(x, l.filter(y, true)) == []", "l.all(x, x in l)"):
        assert value(source, {"l": [0] * 100}) is not None
        refused(lambda source=source: value(source, {"l": list(range(1_000))}), "costs more than 50000 units")


def test_the_cost_is_the_same_every_time():
    expression = compile_expression("l.map(x, string(x) + t).join(',')")
    scope = {"l": [1, 2, 3], "t": "x"}
    assert len({expression.evaluate(scope).cost for _ in range(3)}) == 1


@pytest.mark.parametrize("source", ["{} || true", "[1].exists(x, {}) || true"])
def test_an_error_that_is_set_aside_is_paid_for(source):
    with_error = compile_expression(source.format("v.nope")).evaluate({"v": {}}).cost
    without = compile_expression(source.format("v.none == 1")).evaluate({"v": {"none": None}}).cost
    assert with_error - without >= 10


@pytest.mark.parametrize(("char", "size"), [("x", 1), ("é", 2), ("🙂", 4)])
def test_result_text_bytes(char, size):
    text = char * (LIMITS.result_text_bytes // size)
    assert value("t", {"t": text}) == text
    refused(lambda: value("t", {"t": text + "x"}), "a text longer than 262144 bytes")


@pytest.mark.parametrize(
    "source",
    [
        "a + b",
        "[a, b].join()",
        "[a, ''].join(b)",
        "a.replace('#', '#' + b)",
        "(a + b).size()",
        "['#', '#'].map(x, a + b).size()",
    ],
)
def test_a_text_is_refused_before_it_is_built(source):
    text = "#" + "x" * (LIMITS.result_text_bytes - 3)
    assert value(source, {"a": text, "b": "yz"})
    refused(lambda: value(source, {"a": text, "b": "xyz"}), "a text longer than 262144 bytes")


@pytest.mark.parametrize(
    "source",
    ["l", "l + []", "l.map(x, x)", "l.filter(x, true)", "l.map(x, true, x)", "t.split('')", "c.split(',')"],
)
def test_list_items(source):
    def scope(n):
        return {"l": [0] * n, "t": "x" * n, "c": "," * (n - 1)}

    assert len(value(source, scope(LIMITS.list_items))) == LIMITS.list_items
    refused(lambda: value(source, scope(LIMITS.list_items + 1)), "a list of more than 10000 items")


def test_list_items_inside_a_value():
    assert value("{'k': [l]}", {"l": [0] * LIMITS.list_items})
    refused(
        lambda: value("{'k': [l]}", {"l": [0] * (LIMITS.list_items + 1)}), "a list of more than 10000 items"
    )


def test_data_depth():
    assert value("d", {"d": nested(LIMITS.data_depth)}) == nested(LIMITS.data_depth)
    assert value("[d]", {"d": nested(LIMITS.data_depth - 1)}) == nested(LIMITS.data_depth)
    refused(lambda: value("d", {"d": nested(LIMITS.data_depth + 1)}), "data more than 32 levels deep")
    refused(lambda: value("{'a': d}", {"d": nested(LIMITS.data_depth)}), "data more than 32 levels deep")


def test_data_depth_of_what_is_compared():
    def scope(levels):
        return {"a": nested(levels), "b": nested(levels)}

    assert value("a == b", scope(LIMITS.data_depth)) is True
    refused(lambda: value("a == b", scope(LIMITS.data_depth + 1)), "data more than 32 levels deep")


@pytest.mark.parametrize("char", ["x", "é", "\n", '"'])
def test_value_bytes(char):
    def scope(size):
        texts = [char * 200_000 for _ in range(2)] + [""]
        texts[-1] = "x" * (size - len(orjson.dumps(texts)))
        return {"l": texts}

    assert len(orjson.dumps(value("l", scope(LIMITS.value_bytes)))) == LIMITS.value_bytes
    refused(lambda: value("l", scope(LIMITS.value_bytes + 1)), "more than 1048576 bytes of JSON")


def test_value_bytes_counts_what_is_shared_each_time():
    text = "x" * 262_000
    assert value("[t, t, t, t]", {"t": text})
    refused(lambda: value("[t, t, t, t, t]", {"t": text}), "more than 1048576 bytes of JSON")


def test_template_slots():
    assert compile_template(["{{ 1 }}{{ 2 }}"] * 50).render({}) == ["12"] * 50
    error = refused(
        lambda: compile_template({"a": ["{{ 1 }}"] * 100, "b": "x {{ 1 }}"}), "more than 100 slots"
    )
    assert (error.pointer, error.line, error.column) == ("/b", 1, 3)


def test_template_bytes_before_it_is_filled():
    half = "é" * (LIMITS.template_bytes // 4)
    assert compile_template([half, half]).render({}) == [half, half]
    refused(lambda: compile_template([half, half, "x"]), "more than 262144 bytes of text")


@pytest.mark.parametrize(
    "template", ["{{ t }}{{ u }}", ["{{ t }}", "{{ u }}"], {"a": "{{ t }}", "b": "{{ '' }}{{ u }}"}]
)
def test_template_bytes_once_it_is_filled(template):
    text = "é" * (LIMITS.template_bytes // 2 - 1)
    assert compile_template(template).render({"t": text, "u": "xy"})
    refused(
        lambda: compile_template(template).render({"t": text, "u": "xyz"}), "more than 262144 bytes of text"
    )


def test_template_depth_and_value_bytes():
    deep = nested(LIMITS.data_depth)
    assert compile_template(deep).render({}) == deep
    refused(lambda: compile_template([deep]), "more than 32 levels deep")
    refused(lambda: compile_template(["{{ d }}"]).render({"d": deep}), "data more than 32 levels deep")
    lists = {"l": [[1234567] * 10_000] * 5}
    assert compile_template(["{{ l }}"] * 2).render(lists)
    refused(lambda: compile_template(["{{ l }}"] * 3).render(lists), "more than 1048576 bytes of JSON")


def test_the_slots_of_a_template_share_one_cost():
    scope = {"l": [0] * 20_000}
    assert compile_template(["{{ l.all(x, true) }}"] * 2).render(scope) == [True, True]
    refused(
        lambda: compile_template(["{{ l.all(x, true) }}"] * 3).render(scope), "costs more than 50000 units"
    )


def test_the_table_can_be_shown():
    assert LIMITS.as_dict()["cost"] == 50_000
    assert all(type(limit) is int and limit > 0 for limit in LIMITS.as_dict().values())
