"""Agents as presets: named, versioned, taken over when a workflow is published, and never changed behind its back."""

from typing import Any

import pytest

from engine.core.agent import AgentChange, AgentSpec, AgentTrial, NewAgent
from engine.core.catalogue import StepError
from engine.core.errors import InvalidInput, NotFound, UnknownName
from engine.core.identity import User
from engine.core.policy import Policy
from engine.core.problem import Problem
from engine.runtime import Runtime
from engine.services import agent_trials, agents, versions, workflows
from engine.services.agents import AgentInUse, AgentNameTaken, StaleAgent
from engine.services.foreground import Unanswered, run_document
from engine.services.permission import Forbidden
from tests.core.drawing import line, node

SPEC = AgentSpec(
    goal="Help.",
    system="You are {{ input.who }}.",
    provider="scripted",
    model="echo",
    tools=("calculator",),
    policy=Policy(max_tokens=50),
)
INPUT = {"type": "object", "properties": {"who": {"type": "string"}}, "required": ["who"]}


def asking(**config: Any) -> dict[str, Any]:
    ask = node("ask", "AGENT_TASK", config={"prompt": "Go", **config})
    return line(ask) | {"input_schema": INPUT}


def published(rt: Runtime, user: User, workflow_id: str) -> dict[str, Any]:
    version = versions.publish(rt, user, workflow_id).version
    found: dict[str, Any] = version.document["nodes"][1]["config"]
    return found | {"of": version.version}


def codes(problems: Any) -> list[str]:
    return [
        problem.code for problem in problems if isinstance(problem, Problem) and problem.severity == "error"
    ]


def test_a_version_keeps_what_it_took_from_an_agent_whatever_becomes_of_that(
    rt: Runtime, editor: User
) -> None:
    agent = agents.create(rt, editor, NewAgent(name="Helper", spec=SPEC))
    document = asking(agent="Helper", model="json", policy={"max_tokens": 90, "max_tool_calls": 2})
    made = workflows.create(rt, editor, document)
    assert codes(made.problems) == []

    first = published(rt, editor, made.id)

    assert first == {
        "of": 1,
        "agent": "Helper",
        "agent_version": 1,
        "system": "Help.\n\nYou are {{ input.who }}.",
        "provider": "scripted",
        "model": "json",
        "prompt": "Go",
        "tools": ["calculator"],
        "policy": {"max_tokens": 50, "max_tool_calls": 2},
    }
    assert workflows.get(rt, editor, made.id).draft == document
    assert workflows.get(rt, editor, made.id).draft_matches_version
    changed = SPEC.model_copy(update={"goal": "Help more."})
    assert agents.update(rt, editor, agent.id, AgentChange(spec=changed, version=1)).version == 2
    assert not workflows.get(rt, editor, made.id).draft_matches_version
    assert published(rt, editor, made.id)["system"].startswith("Help more.")
    assert versions.get_version(rt, editor, made.id, 1).document["nodes"][1]["config"]["agent_version"] == 1
    restored = versions.restore(rt, editor, made.id, 1).draft["nodes"][1]["config"]
    assert restored == {**document["nodes"][1]["config"], "agent_version": 1} | {
        "policy": {"max_tokens": 50, "max_tool_calls": 2}
    }
    assert published(rt, editor, made.id) == {**first, "of": 3}


def test_an_agent_that_is_not_there_is_a_problem_of_its_node(rt: Runtime, editor: User) -> None:
    agents.create(rt, editor, NewAgent(name="Helper", spec=SPEC))
    for config in ({"agent": "Nobody"}, {"agent": "Helper", "agent_version": 7}):
        (problem,) = workflows.create(rt, editor, asking(**config)).problems
        assert (problem.code, problem.node_id, problem.path) == (
            "unknown_agent",
            "ask",
            "/nodes/1/config/agent",
        )
    assert codes(workflows.validate(rt, editor, asking())) == ["bad_config"]
    wrong = asking(agent="Helper", temperature=3)
    assert [problem.path for problem in workflows.validate(rt, editor, wrong)] == [
        "/nodes/1/config/temperature"
    ]
    assert codes(workflows.validate(rt, editor, {"nodes": [{"config": {"agent": 3}}, 7]}))


def test_an_agent_in_use_stays(rt: Runtime, editor: User) -> None:
    agent = agents.create(rt, editor, NewAgent(name='The "best"', spec=SPEC))
    made = workflows.create(rt, editor, asking(agent='The "best"'))
    with pytest.raises(AgentInUse, match="is used by 'Drawn'"):
        agents.delete(rt, editor, agent.id)
    workflows.delete(rt, editor, made.id)

    agents.delete(rt, editor, agent.id)

    with pytest.raises(NotFound):
        agents.get(rt, editor, agent.id)


def test_agents_are_listed_versioned_and_refused(rt: Runtime, editor: User, viewer: User) -> None:
    agent = agents.create(rt, editor, NewAgent(name=" B ", spec=SPEC, note="first"))
    agents.create(rt, editor, NewAgent(name="A", spec=SPEC))
    with pytest.raises(AgentNameTaken):
        agents.create(rt, editor, NewAgent(name="B", spec=SPEC))
    assert [one.name for one in agents.list_agents(rt, viewer).items] == ["A", "B"]
    assert agents.update(rt, editor, agent.id, AgentChange(spec=SPEC)).version == 1
    other = SPEC.model_copy(update={"model": "json"})
    agents.update(rt, editor, agent.id, AgentChange(spec=other, note="second"))
    with pytest.raises(StaleAgent):
        agents.update(rt, editor, agent.id, AgentChange(spec=SPEC, version=1))
    told = [(one.version, one.note) for one in agents.list_versions(rt, viewer, agent.id).items]
    assert told == [(2, "second"), (1, "first")]
    for bad in ({"provider": "nobody"}, {"tools": ("nothing",)}, {"policy": Policy(approval=("nothing",))}):
        with pytest.raises(UnknownName):
            agents.create(rt, editor, NewAgent(name="C", spec=SPEC.model_copy(update=bad)))
    with pytest.raises(InvalidInput):
        agents.create(rt, editor, NewAgent(name="C", spec=SPEC.model_copy(update={"system": "{{ 1 + }}"})))
    for refused in (
        lambda: agents.create(rt, viewer, NewAgent(name="C", spec=SPEC)),
        lambda: agents.update(rt, viewer, agent.id, AgentChange(spec=SPEC)),
        lambda: agents.delete(rt, viewer, agent.id),
        lambda: agent_trials.try_out(rt, viewer, agent.id, AgentTrial(prompt="x")),
    ):
        with pytest.raises(Forbidden):
            refused()


def test_an_agent_is_tried_as_it_is_or_as_it_might_be(sqlite_rt: Runtime, editor: User) -> None:
    agent = agents.create(sqlite_rt, editor, NewAgent(name="Echo", spec=SPEC))
    wanting = SPEC.model_copy(update={"model": "tool:calculator"})
    asked = '{"expression": "6*7"}'
    seen: list[str] = []

    def tried(**trial: Any) -> agent_trials.AgentTried:
        def watch(turns: Any, said: str) -> None:
            seen.append(said)

        return agent_trials.try_out(sqlite_rt, editor, agent.id, AgentTrial(**trial), watch)

    whole = tried(prompt="Hello")
    assert (whole.reply.text, whole.turns[0]["text"], whole.turns[0]["tokens"]) == ("Hello", "Hello", 8)
    assert "Hello" in seen
    named_only = tried(prompt=asked, spec=wanting)
    assert [call.name for call in named_only.reply.tool_calls] == ["calculator"]
    assert [call["status"] for call in named_only.turns[0]["tool_calls"]] == ["wanted"]
    called = tried(prompt=asked, spec=wanting, calls_tools=True)
    assert called.turns[0]["tool_calls"][0]["result"]["number"] == 42
    assert [turn["turn"] for turn in called.turns] == [1, 2]
    asking = wanting.model_copy(update={"policy": Policy(approval=("calculator",))})
    assert tried(prompt=asked, spec=asking, calls_tools=True).turns[0]["tool_calls"][0]["status"] == "wanted"
    short = wanting.model_copy(update={"policy": Policy(max_tool_calls=0)})
    with pytest.raises(StepError, match="max_tool_calls"):
        tried(prompt=asked, spec=short, calls_tools=True)


def test_a_list_says_which_workflows_use_an_agent(sqlite_rt: Runtime, editor: User) -> None:
    for name in ("A", "B"):
        agents.create(sqlite_rt, editor, NewAgent(name=name, spec=SPEC))
    drafted = workflows.create(sqlite_rt, editor, {**asking(agent="A"), "name": "Drafted"})
    left = workflows.create(sqlite_rt, editor, {**asking(agent="A"), "name": "Left in the version"})
    for workflow in (drafted, left):
        versions.publish(sqlite_rt, editor, workflow.id)
    without = {**asking(provider="scripted"), "name": "Left in the version"}
    workflows.save_draft(sqlite_rt, editor, left.id, without, revision=left.revision)

    first, second = agents.list_agents(sqlite_rt, editor).items

    assert [(one.id, one.name) for one in first.used_by] == [
        (drafted.id, "Drafted"),
        (left.id, "Left in the version"),
    ]
    assert (first.provider, first.model, first.tools, second.used_by) == (
        "scripted",
        "echo",
        ("calculator",),
        (),
    )
    assert agents.users(sqlite_rt, editor, first.id) == first.used_by


def test_a_run_in_the_foreground_approves_no_call_by_itself() -> None:
    config = {
        "provider": "scripted",
        "model": "tool:calculator",
        "prompt": '{"expression": "6*7"}',
        "tools": ["calculator"],
        "policy": {"approval": ["calculator"]},
    }
    document = line(node("ask", "AGENT_TASK", config=config))
    told: list[str] = []

    with pytest.raises(Unanswered, match="approve_2_1_1"):
        run_document(document, {}, {}, lambda event: told.append(event["type"]))

    assert told[-1] == "WAIT_STARTED"
