import pytest

from engine.core.expressions import BadExpression, EvaluationError, compile_url_template, compile_with_urls

SCOPE = {
    "id": "a b/../é?&#",
    "host": "evil.example",
    "at": "x@evil.example",
    "base": "https://api.example/v1",
    "dots": "..",
    "none": None,
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (
            "https://api.example/u/{{ id }}?q={{ id }}#{{ id }}",
            "https://api.example/u/a%20b%2F..%2F%C3%A9%3F%26%23?q=a%20b%2F..%2F%C3%A9%3F%26%23#a%20b%2F..%2F%C3%A9%3F%26%23",
        ),
        ("HTTP://api.example:8080/{{ host }}", "HTTP://api.example:8080/evil.example"),
        ("https://api.example?{{ host }}", "https://api.example?evil.example"),
        ("https://api.example/a?x={{ dots }}", "https://api.example/a?x=.."),
        ("https://api.example/a?x=/{{ none }}/", "https://api.example/a?x=//"),
        ("https://api.example/plain", "https://api.example/plain"),
    ],
)
def test_a_slot_is_encoded_for_the_part_of_the_url_that_it_stands_in(template, expected):
    assert compile_url_template(template).render(SCOPE) == expected
    assert compile_url_template(template, allow_host=True).render(SCOPE) == expected


@pytest.mark.parametrize(
    "template",
    [
        "{{ base }}",
        "{{ base }}/users",
        "https://{{ host }}/x",
        "https://{{ host }}",
        "https://api.example{{ host }}/",
        "https://api.example{{ host }}",
        "https://api.example:80{{ none }}/",
        "https://{{ id }}@api.example/",
        "https://api.{{ host }}/",
        "//{{ host }}/",
        "/{{ host }}/",
        "https:{{ host }}",
        "https:/{{ host }}",
        "https:\\\\{{ host }}/",
        "https://api.example\\{{ at }}",
        "http{{ none }}://api.example/",
        " https://api.example/{{ id }}",
        "ftp://api.example/{{ id }}",
        "javascript:{{ id }}",
    ],
)
def test_a_slot_can_not_give_scheme_host_or_port(template):
    with pytest.raises(BadExpression, match="A slot can't give scheme, host or port"):
        compile_url_template(template)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ base }}", "https://api.example/v1"),
        ("{{ base }}/u/{{ id }}", "https://api.example/v1/u/a%20b%2F..%2F%C3%A9%3F%26%23"),
        ("{{ base }}?q={{ id }}", "https://api.example/v1?q=a%20b%2F..%2F%C3%A9%3F%26%23"),
        ("https://{{ host }}/", "https://evil.example/"),
        ("https://{{ host }}:{{ 8443 }}/{{ id }}", "https://evil.example:8443/a%20b%2F..%2F%C3%A9%3F%26%23"),
    ],
)
def test_where_the_operator_lists_the_hosts_slots_may_give_them(template, expected):
    assert compile_url_template(template, allow_host=True).render(SCOPE) == expected


@pytest.mark.parametrize(
    "template", ["https://{{ at }}/", "https://{{ id }}/", "https://api.example\\{{ at }}"]
)
def test_even_then_a_slot_in_the_host_gives_nothing_but_a_host(template):
    with pytest.raises(EvaluationError, match="letters, digits, dots, dashes and a port alone"):
        compile_url_template(template, allow_host=True).render(SCOPE)


@pytest.mark.parametrize(
    "base", ["https://h/x?y", "https://h/#", "https://h\\x", "https://h/ x", "https://h/\n"]
)
def test_even_then_a_slot_that_begins_the_url_ends_before_the_query(base):
    with pytest.raises(EvaluationError, match="scheme, host and path alone"):
        compile_url_template("{{ base }}/x", allow_host=True).render({"base": base})


@pytest.mark.parametrize("template", ["https://api.example/{{ dots }}/x", "https://api.example/.{{ '.' }}"])
def test_a_slot_can_not_climb_out_of_the_path(template):
    with pytest.raises(EvaluationError, match="leads elsewhere"):
        compile_url_template(template).render(SCOPE)


def test_a_slot_can_not_leave_a_segment_empty():
    with pytest.raises(EvaluationError, match="its slot gives nothing"):
        compile_url_template("https://api.example/users/{{ none }}").render(SCOPE)


def test_a_url_among_other_templates_is_encoded_and_the_rest_is_not():
    template = compile_with_urls(
        {"url": "https://api.example/{{ id }}", "headers": {"A": "{{ id }}"}, "n": 1, "other": "{{ none }}"},
        {"url", "n"},
    )

    assert template.render(SCOPE) == {
        "url": "https://api.example/a%20b%2F..%2F%C3%A9%3F%26%23",
        "headers": {"A": SCOPE["id"]},
        "n": 1,
        "other": None,
    }
    assert template.reads == {"id", "none"}
    with pytest.raises(EvaluationError, match="leads elsewhere"):
        compile_with_urls({"url": "https://api.example/{{ dots }}/x"}, {"url"}).render(SCOPE)
