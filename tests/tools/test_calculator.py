import asyncio

import pytest

from engine.core.catalogue import StepError
from engine.core.tool_call import call_tool
from tests.fixtures.contexts import a_context


def calculate(**arguments):
    return asyncio.run(call_tool(a_context(), "calculator", arguments))


@pytest.mark.parametrize(
    ("arguments", "result", "number"),
    [
        ({"expression": "0.1 + 0.2"}, "0.3", 0.3),
        ({"expression": "2 * (3.5 + 1.35)"}, "9.7", 9.7),
        ({"expression": "a * b", "names": {"a": 3, "b": 0.5}}, "1.5", 1.5),
        ({"expression": "net + 0", "names": {"net": "19.90"}}, "19.9", 19.9),
        (
            {"expression": "x + 1", "names": {"x": "12345678901234567890.5"}},
            "12345678901234567891.5",
            1.2345678901234567e19,
        ),
        ({"expression": "10 ** 400"}, "1e+400", None),
        ({"expression": "2 ** 10"}, "1024", 1024),
    ],
)
def test_it_calculates_what_is_written(arguments, result, number):
    assert calculate(**arguments) == {"result": result, "number": number}


@pytest.mark.parametrize("expression", ["1 +", "1 / 0", "9**9**9", "__import__('os')", "nope", "1,5"])
def test_what_has_no_result_is_refused_with_its_place(expression):
    with pytest.raises(StepError, match="At character") as refused:
        calculate(expression=expression)

    assert refused.value.code == "calculator_error"
    assert refused.value.retryable, "a node's own retry is kept to: docs/decisions"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"expression": ""},
        {"expression": 5},
        {"expression": "x", "names": {"x": True}},
        {"expression": "x", "names": {"x": "nan"}},
        {"expression": "x", "names": {"x": "1e5"}},
        {"expression": "x", "names": {"no name": 1}},
        {"expression": "1", "digits": 3},
    ],
)
def test_arguments_of_another_shape_are_refused(arguments):
    with pytest.raises(StepError) as refused:
        calculate(**arguments)

    assert refused.value.code == "bad_arguments"
