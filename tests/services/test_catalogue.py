"""What the editor is told: every node type, tool, provider and trigger, with schemas that are schemas."""

from dataclasses import replace

import jsonschema
from pydantic import SecretStr

from engine.core.document import On
from engine.core.identity import Role, User
from engine.services import catalogue, secrets, templates

VERA = User(id="viewer", name="Vera", role=Role.VIEWER)


def test_the_catalogue_holds_all_that_is_installed(sqlite_rt):
    told = catalogue.describe(sqlite_rt, VERA)

    assert {kind.type for kind in told.node_types} >= {
        "START", "END", "AGENT_TASK", "TOOL_EXECUTION", "DECISION", "PARALLEL", "WAIT",
    }  # fmt: skip
    assert [way.on for way in told.transitions] == list(On)
    assert {tool.name for tool in told.tools} == set(sqlite_rt.catalogue.tools.names())
    assert told.limits["nodes"] == 5000
    assert told.limits["max_steps"] == 10_000
    assert "size" in told.functions


def test_every_schema_is_one(sqlite_rt):
    told = catalogue.describe(sqlite_rt, VERA)

    schemas = [schema for kind in told.node_types for schema in (kind.params, kind.common)]
    schemas += [schema for tool in told.tools for schema in (tool.parameters, tool.returns or {})]
    for schema in [*schemas, catalogue.document_schema()]:
        jsonschema.Draft202012Validator.check_schema(schema)


def test_the_documents_schema_accepts_the_templates_and_refuses_what_is_unknown(sqlite_rt):
    validator = jsonschema.Draft202012Validator(catalogue.document_schema())
    for template in templates.list_templates(sqlite_rt, VERA):
        assert list(validator.iter_errors(template.document)) == []
        assert list(validator.iter_errors({**template.document, "surprise": 1})) != []


def test_a_provider_without_a_key_says_what_to_set(sqlite_rt):
    told = {provider.name: provider for provider in catalogue.list_providers(sqlite_rt, VERA)}

    assert told["scripted"].configured
    assert not told["openai"].configured
    assert "OPENAI_API_KEY" in told["openai"].note


def test_a_key_is_told_to_stand_in_the_environment_among_the_secrets_or_nowhere(sqlite_rt, admin):
    set_there = {"openai_api_key": SecretStr("k" * 20)}
    rt = replace(sqlite_rt, settings=sqlite_rt.settings.model_copy(update=set_there), keys={})
    secrets.put(rt, admin, "anthropic_api_key", "a" * 20)
    secrets.put(rt, admin, "openai_api_key", "another one")
    told = {provider.name: provider.key_from for provider in catalogue.list_providers(rt, VERA)}

    assert told == {"anthropic": "secret", "openai": "environment", "scripted": "nowhere"}
