import pytest

ONE = "start > {0} -SUCCESS> end; {0} -FAILURE> end"


def told(problems):
    return [(problem.code, problem.path) for problem in problems]


def ask(**config):
    return {"config": {"provider": "scripted", "prompt": "x", **config}}


def call(tool="calculator", **arguments):
    return {"config": {"tool": tool, "arguments": arguments}}


@pytest.mark.parametrize(
    ("node", "fields", "path", "says"),
    [
        ("ask", ask(temperature=3), "temperature", "temperature must be at most 2; it is 3"),
        ("ask", ask(temperature="0.5"), "temperature", "must be a number"),
        ("ask", ask(temperature="{{ input.t }}"), "temperature", "must be a number"),
        ("ask", ask(temprature=1), "temprature", "did you mean 'temperature'?"),
        ("ask", {"config": {"provider": "scripted"}}, "prompt", "prompt is missing"),
        ("ask", {"config": {"prompt": "Go"}}, "provider", "provider is missing: give the step one"),
        ("ask", ask(prompt="x" * 65_537), "prompt", "must have at most 65536 characters"),
        ("ask", ask(prompt="é" * 32_769), "prompt", "must have at most 65536 bytes"),
        ("ask", ask(policy={"max_tool_calls": -1}), "policy/max_tool_calls", "must be 0 or more"),
        ("ask", ask(policy={"tools": []}), "policy/tools", "known: allowed_tools, approval"),
        ("ask", ask(output_schema={"type": "strin"}), "output_schema/type", "must be one of null, boolean"),
        ("wait", {"config": {}}, "", "exactly one of duration_s, until and signal; it has none"),
        ("wait", {"config": {"duration_s": 1, "signal": "go"}}, "", "it has duration_s, signal"),
        ("wait", {"config": {"duration_s": 31_622_401}}, "duration_s", "must be at most 31622400"),
        ("wait", {"config": {"signal": "go!"}}, "signal", "must start with a letter"),
        ("wait", {"config": {"signal": "go", "form_schema": {"type": 1}}}, "form_schema/type", "it is 1"),
    ],
)
def test_config_fits_its_node_type(find, node, fields, path, says):
    problems = find(ONE.format(node), **{node: fields})

    assert told(problems) == [("bad_config", f"/nodes/1/config/{path}".rstrip("/"))]
    assert says in problems[0].message


def test_all_faults_of_a_config_are_told(find):
    problems = find(ONE.format("ask"), ask=ask(temperature=3, max_turns=0, foo=1))

    assert [problem.path.rpartition("/")[2] for problem in problems] == ["temperature", "max_turns", "foo"]


@pytest.mark.parametrize("wait_for", ["some", 0, 101, 1.5, True, None])
def test_wait_for_is_all_any_or_a_count(find, wait_for):
    text = "start > fork > a -SUCCESS> join > end; fork > b -SUCCESS> join"
    problems = find(text, fork={"config": {"wait_for": wait_for}})

    assert told(problems) == [("bad_config", "/nodes/1/config/wait_for")]


@pytest.mark.parametrize(
    ("node", "fields", "path"),
    [
        ("a", call("calculater"), "tool"),
        ("ask", ask(tools=["calculator", "nope"]), "tools/1"),
        ("ask", ask(policy={"allowed_tools": ["nope"]}), "policy/allowed_tools/0"),
        ("ask", ask(policy={"approval": ["nope"]}), "policy/approval/0"),
    ],
)
def test_tools_are_installed(find, node, fields, path):
    problems = find(ONE.format(node), **{node: fields})

    assert told(problems) == [("unknown_tool", f"/nodes/1/config/{path}")]
    assert "known: calculator" in problems[0].message


def test_providers_are_installed(find):
    problems = find(ONE.format("ask"), ask=ask(provider="scriptd"))

    assert told(problems) == [("unknown_provider", "/nodes/1/config/provider")]
    assert "did you mean 'scripted'?" in problems[0].message


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        (call(expression=5), "expression"),
        (call(expression=""), "expression"),
        (call(), "expression"),
        (call(expression="1", extra=1), "extra"),
        (call(expression="1", extra="{{ input.x }}"), "extra"),
        (call(expression="{{ input.x }}", names={"1a": 1}), "names/1a"),
        (call("memory_query", limit=5), ""),
        (call("memory_query", query="x", limit=0), "limit"),
        (call("memory_store", key="Bad Key", value="{{ input.x }}"), "key"),
        (call("memory_store", key="memory", value=1), "key"),
    ],
)
def test_arguments_that_can_be_checked_now_are(find, fields, path):
    problems = find(ONE.format("a"), a=fields)

    assert told(problems) == [("bad_arguments", f"/nodes/1/config/arguments/{path}".rstrip("/"))]


@pytest.mark.parametrize(
    "fields",
    [
        call(expression="{{ input.x }}"),
        call(expression="x", names={"x": "{{ input.x }}"}),
        call(expression="x", names="{{ input.names }}"),
        call("memory_query", query="{{ input.q }}", limit="{{ input.n }}"),
        call("memory_query", query="x", key="{{ input.q }}"),
        call("memory_store", key="{{ input.k }}", value={"a": ["{{ input.x }}"]}),
    ],
)
def test_arguments_with_templates_are_checked_when_they_are_filled(find, fields):
    assert find(ONE.format("a"), a=fields) == []


def test_an_input_schema_must_be_a_schema(find):
    problems = find("start > end", document={"input_schema": {"properties": {"a": {"type": "text"}}}})

    assert told(problems) == [("bad_document", "/input_schema/properties/a/type")]


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefghij0123456789xyz",
        "sk-ant-api03-abcdefghij0123456789",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "xoxb-1234567890-abcdefghij",
        "Authorization: Bearer abcdefghij0123456789xyz",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "https://user:hunter2@example.com/",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
    ],
)
def test_what_looks_like_a_key_is_worth_a_warning_that_does_not_repeat_it(find, secret):
    problems = find(ONE.format("ask"), warnings=True, ask=ask(prompt=f"Use {secret} now"))

    assert [(problem.code, problem.severity, problem.path) for problem in problems] == [
        ("secret_in_config", "warning", "/nodes/1/config/prompt")
    ]
    assert secret[:12] not in problems[0].message


@pytest.mark.parametrize(
    "text",
    [
        "Bearer {{ secrets.token }}",
        "https://example.com/a:b@c",
        "a sk-8 skater",
        "the bearer of this letter is internationally known",
        "123e4567-e89b-12d3-a456-426614174000",
    ],
)
def test_ordinary_text_is_no_secret(find, text):
    send = call("http_request", url="https://example.com", method="POST", json_body={"deep": [text]})

    assert find(ONE.format("a"), warnings=True, a=send) == []


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://169.254.169.254/latest", "special_address"),
        ("http://localhost/", "internal_name"),
        ("ftp://example.com", "scheme"),
        ("http://2130706433/{{ input.x }}", "numeric_host"),
        ("http://127.0.0.1?{{ input.x }}", "special_address"),
        ("https://example.com/", None),
        ("https://example.com/{{ input.x }}", None),
        ("{{ input.url }}", "open_host"),
        ("https://{{ input.host }}/", "open_host"),
        ("https://127.0.0.{{ input.x }}/", "open_host"),
    ],
)
def test_an_address_that_stands_there_is_vetted_before_anybody_runs_it(find, url, rule):
    problems = find(ONE.format("call"), call=call("http_request", url=url))

    assert told(problems) == ([("bad_arguments", "/nodes/1/config/arguments/url")] if rule else [])
    assert not rule or f"(rule {rule})" in problems[0].message


def test_what_the_operator_has_opened_is_let_through():
    from engine.core.discovery import discover
    from engine.core.validation import find_problems
    from tests.fixtures.drawings import drawing

    opened = discover({"http_allow": "localhost,127.0.0.0/8"})

    for url in ("http://localhost:3000/", "http://{{ input.host }}/"):
        document = drawing(ONE.format("call"), call=call("http_request", url=url))
        assert [item for item in find_problems(document, opened) if item.severity == "error"] == []


def test_an_address_that_nobody_waits_at_is_told(find):
    made = {"tool": call("wait_for_webhook", signal="paid")}
    text = "start > tool -SUCCESS> wait > end; tool -FAILURE> end"
    waits = {"config": {"signal": "paid"}}
    alone = find(ONE.format("tool"), warnings=True, **made)

    assert ("webhook_without_wait", "/nodes/1/config/arguments/signal") in told(alone)
    assert "webhook_without_wait" not in str(told(find(text, warnings=True, **made, wait=waits)))
    nonsense = {"config": {"signal": ["paid"]}}
    assert "webhook_without_wait" in str(told(find(text, warnings=True, **made, wait=nonsense)))
