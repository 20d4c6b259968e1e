"""Every shipped template is sound, runs to its end without a key, and shows what it says."""

import pytest

from engine.core.document import Document
from engine.core.errors import NotFound
from engine.core.run import RunStatus
from engine.services import templates, workflows
from engine.services.foreground import run_document
from engine.services.permission import Forbidden
from engine.services.templates import FOLDER

IDS = sorted(file.stem for file in FOLDER.glob("*.json"))


def document_of(rt, user, template_id):
    return next(item.document for item in templates.list_templates(rt, user) if item.id == template_id)


def test_the_use_cases_are_there():
    assert IDS == ["agent_approval", "ai_testing", "content_pipeline", "customer_support", "data_processing"]


@pytest.mark.parametrize("template_id", IDS)
def test_a_template_has_no_problem_at_all_and_can_be_published(rt, editor, template_id):
    made = templates.create_from_template(rt, editor, template_id)

    assert made.problems == ()
    assert workflows.publish(rt, editor, made.id).is_new
    assert made.draft == document_of(rt, editor, template_id)


@pytest.mark.parametrize("template_id", IDS)
def test_a_template_is_laid_out_for_reading(rt, editor, template_id):
    document = Document.of(document_of(rt, editor, template_id))

    places = [(node.position.x, node.position.y) for node in document.nodes]
    assert len(set(places)) == len(places)
    apart = [
        (a, b)
        for i, a in enumerate(places)
        for b in places[:i]
        if abs(a[0] - b[0]) < 220 and abs(a[1] - b[1]) < 100
    ]
    assert apart == []
    assert all(node.name for node in document.nodes)
    assert document.notes
    assert all("default" in inner for inner in document.input_schema["properties"].values())


@pytest.mark.parametrize(
    ("template_id", "input_", "signals", "output", "shows"),
    [
        (
            "agent_approval",
            None,
            {"approve_2_2_1": {"approved": True}},
            {"granted": True},
            {"WAIT_STARTED", "TOOL_COMPLETED", "MEMORY_UPDATED", "AGENT_RESPONSE"},
        ),
        (
            "agent_approval",
            None,
            {"approve_2_2_1": {"approved": False, "note": "too much"}},
            {"granted": False, "why": "a person has denied this call: too much"},
            {"WAIT_STARTED", "TOOL_FAILED"},
        ),
        (
            "customer_support",
            None,
            {},
            {"customer": "Ada Lovelace", "reply": "We are sorry. We have sent 108 back to you, Ada Lovelace."},
            {"TRANSITION", "MEMORY_UPDATED", "TOOL_COMPLETED", "AGENT_RESPONSE"},
        ),
        (
            "customer_support",
            {"customer": "Bob", "ticket": "The whole service is DOWN", "order_total": 0},
            {"human_reply": {"reply": "Fixed."}},
            {"customer": "Bob", "reply": "Fixed."},
            {"WAIT_STARTED", "SIGNAL_RECEIVED", "WAIT_ENDED"},
        ),
        (
            "content_pipeline",
            None,
            {"approval": {"approved": False}},
            {"published": False, "rounds": 2},
            {"BRANCH_FORKED", "BRANCH_JOINED", "SIGNAL_RECEIVED"},
        ),
        ("content_pipeline", None, {}, {"published": True, "rounds": 1}, {"BRANCH_FORKED", "BRANCH_JOINED"}),
        (
            "data_processing",
            None,
            {},
            {"message": "3 orders, 186.6 EUR, 2 rejected", "total": "186.6", "rejected": 2},
            {"NODE_RETRY_SCHEDULED"},
        ),
        (
            "ai_testing",
            None,
            {},
            {"passed": True, "report": "2 of 4 cases passed"},
            {"NODE_TIMED_OUT", "AGENT_ERROR", "NODE_RETRY_SCHEDULED", "TOOL_COMPLETED"},
        ),
        (
            "ai_testing",
            {"expression": "1/0", "pass_mark": 0},
            {},
            {"passed": False},
            {"TOOL_FAILED"},
        ),
    ],
)  # fmt: skip
def test_a_template_runs_to_its_end_and_shows_what_it_is_for(  # noqa: PLR0917
    sqlite_rt, editor, template_id, input_, signals, output, shows
):
    told = []

    run = run_document(document_of(sqlite_rt, editor, template_id), input_, signals, told.append)

    assert run.status is RunStatus.COMPLETED, run.error
    assert {name: run.output[name] for name in output} == output
    assert {event["type"] for event in told} >= shows


def test_a_second_workflow_from_one_template_gets_a_number(rt, editor):
    names = [templates.create_from_template(rt, editor, "ai_testing").name for _ in range(2)]

    assert names == ["AI testing", "AI testing (2)"]


def test_a_viewer_looks_at_templates_alone(rt, viewer):
    assert [item.id for item in templates.list_templates(rt, viewer)] == IDS
    with pytest.raises(Forbidden):
        templates.create_from_template(rt, viewer, "ai_testing")


def test_a_template_that_is_not_there_is_not_found(rt, editor):
    for template_id in ("ghost", "../settings", ""):
        with pytest.raises(NotFound):
            templates.create_from_template(rt, editor, template_id)
