"""What the tools for data, text and time give, and what they refuse."""

import asyncio

import pytest

from engine.core.catalogue import StepError
from engine.core.tool_call import call_tool
from tests.fixtures.contexts import a_context


def call(tool, **arguments):
    return asyncio.run(call_tool(a_context(), tool, arguments))


def refusal(tool, **arguments):
    with pytest.raises(StepError) as refused:
        call(tool, **arguments)
    return refused.value.code


ORDER = {"items": [{"sku": "a", "n": 2, "tags": ["x"]}, {"sku": "b", "n": 0, "tags": []}]}


@pytest.mark.parametrize(
    ("data", "expression", "result"),
    [
        (ORDER, "data.items.filter(i, i.n > 0).map(i, i.sku)", ["a"]),
        (
            ORDER,
            "data.items.map(i, {'id': i.sku, 'tagged': size(i.tags) > 0})[1]",
            {"id": "b", "tagged": False},
        ),
        (ORDER, "has(data.total) ? data.total : null", None),
        ("a,b", "data.split(',')", ["a", "b"]),
        (None, "data == null", True),
    ],
)
def test_json_is_transformed(data, expression, result):
    assert call("json_transform", data=data, expression=expression) == {"result": result}


def test_a_transformation_that_is_none_is_refused():
    assert refusal("json_transform", data=1, expression="1 +") == "bad_expression"
    assert refusal("json_transform", data={}, expression="data.ghost") == "evaluation_error"
    assert (
        refusal("json_transform", data=list(range(9000)), expression="data.map(i, data.map(j, i))") == "limit"
    )
    assert refusal("json_transform", data=1, expression="__import__('os')") == "bad_expression"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"template": "{{ name }}!", "data": {"name": "Ada"}}, "Ada!"),
        ({"template": "{{ rows }}", "data": {"rows": [1, 2]}}, "[1,2]"),
        ({"template": "{{ item }}", "each": [1, None, "x"], "separator": "|"}, "1||x"),
        ({"template": "{{ index }}", "each": []}, ""),
        ({"template": "{{ a }}", "data": {"a": "{{ b }}", "b": "no"}}, "{{ b }}"),
    ],
)
def test_a_template_is_filled_once(arguments, text):
    assert call("text_template", **arguments) == {"text": text}


def test_a_template_that_can_not_be_filled_is_refused():
    assert refusal("text_template", template="{{ ghost }}") == "evaluation_error"
    assert refusal("text_template", template="{{ open") == "bad_expression"
    assert refusal("text_template", template="{{ item }}", each=["x" * 100_000] * 3) == "limit"
    assert refusal("text_template", template="{{ data }}", data={"Data": 1}) == "bad_arguments"
    dear = "{{ " + " + ".join(["size(rows.map(r, r))"] * 3) + " }}"
    assert (
        refusal("text_template", template=dear, data={"rows": list(range(3000))}, each=[0] * 900) == "limit"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, {"time": "2023-11-14T22:13:20.000000Z", "weekday": 2, "unix_s": 1_700_000_000.0, "seconds": None}),
        ({"zone": "Asia/Tokyo"}, {"local": "2023-11-15T07:13:20+09:00", "date": "2023-11-15"}),
        ({"time": "2026-01-31", "add": {"months": 1}}, {"date": "2026-02-28"}),
        ({"time": "2024-02-29", "add": {"years": -1}}, {"date": "2023-02-28"}),
        ({"time": "2026-03-28T09:00", "zone": "Europe/Berlin", "add": {"days": 1}}, {"time": "2026-03-29T07:00:00.000000Z"}),
        ({"time": "2026-03-28T09:00", "zone": "Europe/Berlin", "add": {"hours": 24}}, {"local": "2026-03-29T10:00:00+02:00"}),
        ({"time": "2026-03-29T02:30", "zone": "Europe/Berlin"}, {"local": "2026-03-29T03:30:00+02:00"}),
        ({"time": "2026-10-25T02:30", "zone": "Europe/Berlin"}, {"local": "2026-10-25T02:30:00+02:00"}),
        ({"time": "2026-01-01T00:00:00+02:00"}, {"time": "2025-12-31T22:00:00.000000Z"}),
        ({"time": "5.6.2026 07:08", "read_as": "%d.%m.%Y %H:%M"}, {"time": "2026-06-05T07:08:00.000000Z"}),
        ({"time": "5 +0300", "read_as": "%d %z"}, {"time": "1900-01-04T21:00:00.000000Z"}),
        ({"time": "2026-02-14", "format": "%A, %d %B %Y 100%%"}, {"text": "Saturday, 14 February 2026 100%"}),
        ({"time": "2026-01-01", "until": "2026-03-01"}, {"seconds": 59 * 86_400.0}),
    ],
)  # fmt: skip
def test_times_are_read_moved_written_and_compared(arguments, told):
    assert call("date_time", **arguments).items() >= told.items()


@pytest.mark.parametrize(
    "arguments",
    [
        {"time": "yesterday"},
        {"time": "2026-02-30"},
        {"zone": "../../etc/passwd"},
        {"zone": "Mars/Olympus"},
        {"format": "%c"},
        {"format": "%"},
        {"time": "1", "read_as": "%Q"},
        {"time": "x", "read_as": "%d"},
        {"add": {"years": 100_000_000}},
        {"time": "9999-12-31", "add": {"days": 1}},
        {"time": "9999-12-31T23:59:59Z", "zone": "Asia/Tokyo"},
    ],
)
def test_what_is_no_time_is_refused(arguments):
    assert refusal("date_time", **arguments) == "bad_time"


def test_an_address_to_wait_for_belongs_to_a_run():
    assert refusal("wait_for_webhook", signal="paid") == "run_needed"
    assert refusal("wait_for_webhook", signal="no name") == "bad_arguments"
