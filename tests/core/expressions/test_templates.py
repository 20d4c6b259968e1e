import pytest

from engine.core.expressions import (
    BadExpression,
    EvaluationError,
    Slot,
    compile_template,
    map_of,
    type_of_schema,
)

SCOPE = {
    "a": {"b": [1, {"c": None}]},
    "name": "Ann",
    "none": None,
    "yes": True,
    "half": 0.5,
    "two": 2.0,
    "template": "{{ name }}",
    "path": "a b/../é?&#%",
    "dots": "..",
    "dot": ".",
    "empty": "",
    "lines": "a\r\nX-Evil: 1",
    "quote": 'say "hi"\\',
}


def render(value, slot=Slot.TEXT):
    return compile_template(value, slot).render(SCOPE)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Hello {{ name }}!", "Hello Ann!"),
        ("{{name}}{{name}}", "AnnAnn"),
        ("[{{ none }}]", "[]"),
        ("{{ yes }} {{ half }} {{ two }} {{ 1 }}", "true 0.5 2 1"),
        ("is {{ a }}", 'is {"b":[1,{"c":null}]}'),
        ("{{ [1, 'é'] }} ", '[1,"é"] '),
        ("{{ {'a': {'b': 1}} }}!", '{"a":{"b":1}}!'),
        ("{{ {'a': 1}}}!", '{"a":1}!'),
        ("{{ '}}' }} {{ \"{{\" }}", "}} {{"),
        ("{{ name // who\n }}!", "Ann!"),
        ("plain } {% if %} ${x} }} { {", "plain } {% if %} ${x} }} { {"),
        ("", ""),
    ],
)
def test_a_text_is_filled_in(template, expected):
    assert render(template) == expected


def test_a_text_that_is_one_slot_keeps_the_type():
    assert render(["{{ a }}", "{{ none }}", "{{ yes }}", "{{ two }}", "{{ name }}", " {{ yes }}"]) == [
        {"b": [1, {"c": None}]},
        None,
        True,
        2.0,
        "Ann",
        " true",
    ]


def test_a_value_is_never_parsed_again():
    assert render("{{ template }}") == "{{ name }}"
    assert render("x{{ template }}x") == "x{{ name }}x"
    assert render("{{ '{' }}{ name }}") == "{{ name }}"


def test_templates_are_found_in_lists_and_maps_but_not_in_keys():
    value = {"{{ name }}": ["{{ name }}", {"deep": "I am {{ name }}", "n": 1, "z": None}], "plain": [1, "x"]}
    assert render(value) == {
        "{{ name }}": ["Ann", {"deep": "I am Ann", "n": 1, "z": None}],
        "plain": [1, "x"],
    }


def test_a_template_knows_what_it_reads_and_where():
    template = compile_template({"x/y": ["{{ a.b }}", "z\n {{ name }} {{ has(a.q) }}"]})
    assert template.reads == {"a.b", "name", "a.q"}
    assert template.asked == {"a.q"}
    assert [(hole.pointer, hole.line, hole.column) for hole in template.holes] == [
        ("/x~1y/0", 1, 4),
        ("/x~1y/1", 2, 5),
        ("/x~1y/1", 2, 16),
    ]
    assert not template.constant
    assert compile_template("{{ 1 + 1 }}").constant


@pytest.mark.parametrize(
    ("template", "at", "words"),
    [
        ("{{", (1, 1), "never closed"),
        ("x {{ name } }", (1, 3), "never closed"),
        ("{{ it's }}", (1, 1), "never closed"),
        ("{{ }}", (1, 4), "The expression is empty"),
        ("ab\n  {{ 1 + }}", (2, 9), "ends where a value should come"),
        ("ab\n  {{\n 1 +\n + }}", (4, 2), "Expected a value"),
        ("{{ {{ name }} }}", (1, 12), "Expected ':'"),
        ("{{ name | upper }}", (1, 9), "there are no filters"),
    ],
)
def test_a_slot_that_does_not_parse_is_refused_with_its_place_in_the_text(template, at, words):
    with pytest.raises(BadExpression, match=words) as caught:
        compile_template(template)
    assert (caught.value.line, caught.value.column) == at


def test_an_error_in_a_template_of_many_texts_names_the_text():
    with pytest.raises(BadExpression, match=r"At /headers/1/X~1Y, 1:7: ") as caught:
        compile_template({"headers": [{}, {"X/Y": "{{ 1 + }}"}]})
    assert caught.value.pointer == "/headers/1/X~1Y"
    assert caught.value.extra == {"line": 1, "column": 7}


@pytest.mark.parametrize("template", ["{{ nope }}", "x {{ nope }}", ["{{ a.nope }}"], "{{ a.b[7] }}"])
def test_an_unknown_name_is_an_error_and_never_an_empty_text(template):
    with pytest.raises(EvaluationError):
        render(template)


def test_an_evaluation_error_says_where_in_the_text():
    with pytest.raises(EvaluationError, match="no 'nope' here") as caught:
        render({"a": "ok {{ name }}\n  {{ a.nope }}"})
    assert (caught.value.pointer, caught.value.line, caught.value.column) == ("/a", 2, 8)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("/users/{{ path }}/x", "/users/a%20b%2F..%2F%C3%A9%3F%26%23%25/x"),
        ("{{ name }}", "Ann"),
        ("{{ half }}", "0.5"),
        ("{{ dots }}x", "..x"),
        ("/a{{ empty }}/b", "/a/b"),
        ("{{ yes }}", "true"),
    ],
)
def test_a_slot_in_a_path_is_percent_encoded(template, expected):
    assert render(template, Slot.URL_PATH) == expected


@pytest.mark.parametrize(
    "template",
    [
        "{{ dots }}",
        "/x/{{ dot }}/y",
        "/x/{{ dot }}{{ dot }}",
        "/x/.{{ dot }}",
        "/x/%2E{{ dot }}",
        "/x/{{ dots }}?q=1",
    ],
)
def test_a_slot_can_not_climb_out_of_a_path(template):
    with pytest.raises(EvaluationError, match=r"\. or \.\., which leads elsewhere"):
        render(template, Slot.URL_PATH)


@pytest.mark.parametrize("template", ["/users/{{ none }}", "/users/{{ empty }}/x", "/{{ empty }}{{ none }}"])
def test_a_slot_can_not_leave_a_segment_of_a_path_empty(template):
    with pytest.raises(EvaluationError, match="its slot gives nothing"):
        render(template, Slot.URL_PATH)


def test_a_slot_in_a_query_is_percent_encoded():
    assert render("q={{ path }}&r={{ none }}", Slot.URL_QUERY) == "q=a%20b%2F..%2F%C3%A9%3F%26%23%25&r="


def test_a_slot_in_a_header_can_not_hold_control_characters():
    assert render({"Authorization": "Bearer {{ name }}", "X": "{{ two }}"}, Slot.HEADER) == {
        "Authorization": "Bearer Ann",
        "X": "2",
    }
    for text in ("{{ lines }}", "{{ '\\t' }}", "{{ '\\0' }}", "{{ '\\u0085' }}", "{{ '\\u007f' }}"):
        with pytest.raises(EvaluationError, match="control characters"):
            render(text, Slot.HEADER)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"a": {{ a }}, "q": {{ quote }}}', '{"a": {"b":[1,{"c":null}]}, "q": "say \\"hi\\"\\\\"}'),
        ("{{ name }}", '"Ann"'),
        ("[{{ none }}, {{ half }}]", "[null, 0.5]"),
        ('{"\\"": {{ yes }}}', '{"\\"": true}'),
        ('{"plain": "x"}', '{"plain": "x"}'),
    ],
)
def test_a_slot_in_json_becomes_a_json_value(template, expected):
    assert render(template, Slot.JSON) == expected


@pytest.mark.parametrize(
    ("template", "at", "words"),
    [
        ('{"a": "{{ name }}"}', (1, 11), "can't stand inside a JSON text"),
        ('{"a\\": {{ name }}"}', (1, 11), "can't stand inside a JSON text"),
        ('{"a": {{ name }}', (1, 17), "this is no JSON"),
        ("[{{ name }}{{ name }}]", (1, 12), "this is no JSON"),
        ("{ {{ name }}: 1}", (1, 3), "this is no JSON"),
        ('{"a": 1,\n "b": x{{ name }}}', (2, 7), "this is no JSON"),
        ('{"a": 1\n "b": 2}', (2, 2), "this is no JSON"),
    ],
)
def test_a_slot_where_json_has_no_value_is_refused_when_it_is_saved(template, at, words):
    with pytest.raises(BadExpression, match=words) as caught:
        compile_template(template, Slot.JSON)
    assert (caught.value.line, caught.value.column) == at


def test_a_text_with_half_a_character_is_not_rendered():
    with pytest.raises(EvaluationError, match="half a character"):
        compile_template("x {{ t }}", Slot.URL_QUERY).render({"t": "\ud800"})


def test_a_slot_is_checked_against_types():
    types = {"input": type_of_schema({"type": "object", "properties": {"n": {"type": "string"}}})}
    (hole,) = compile_template({"a": "x {{ input.n + 1 }}"}).holes
    with pytest.raises(BadExpression, match=r"At /a, 1:14: \+ does not work on string and int"):
        hole.infer(types)
    assert str(hole.infer({"input": map_of({}, is_closed=False)})) == "number"


def test_rendering_changes_neither_template_nor_scope():
    value = {"l": [1, {"m": "{{ a }}"}], "s": ["x"]}
    template = compile_template(value)
    assert template.render(SCOPE) == template.render(SCOPE)
    assert value == {"l": [1, {"m": "{{ a }}"}], "s": ["x"]}
