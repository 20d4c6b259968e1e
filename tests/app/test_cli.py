"""The `openrooms` command: exit codes, messages, machine-readable output; as a process where that can matter."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from openrooms_app.cli import main

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted((ROOT / "engine" / "templates").glob("*.json"))


def openrooms(*arguments: str, data_dir: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"OPENROOMS_DATA_DIR": str(data_dir)} if data_dir else {})}
    return subprocess.run(
        [sys.executable, "-m", "openrooms_app.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env=environment,
        cwd=ROOT,
    )


def in_here(*arguments: str, **environment: str) -> Result:
    """As `openrooms`, without the second that a process takes."""
    return CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)


def test_every_template_and_example_is_sound() -> None:
    examples = sorted((ROOT / "tests" / "examples").glob("*.json"))

    done = openrooms("check", *map(str, DOCUMENTS + examples))

    assert done.returncode == 0, done.stdout


def test_a_document_with_errors_is_told_with_code_and_place() -> None:
    done = openrooms("check", "--json", str(ROOT / "tests/examples/bad/dead_end.json"))

    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert "dead_end" in {problem["code"] for problem in told["problems"]}


def test_a_file_that_can_not_be_read_is_told_like_any_problem_and_the_next_is_checked(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"a": 1, "a": 2}')

    done = in_here("check", "--json", str(tmp_path / "broken.json"), str(DOCUMENTS[0]))

    broken, fine = map(json.loads, done.stdout.splitlines())
    assert (done.exit_code, broken["ok"], fine["ok"]) == (1, False, True)
    assert [(problem["code"], problem["path"]) for problem in broken["problems"]] == [("bad_document", "/a")]


def test_a_check_loads_nothing_that_takes_long_to_load() -> None:
    program = """
import sys
from pathlib import Path
from engine.services.documents import check_file
check_file(Path("tests/examples/linear.json"))
print([name for name in ("sqlalchemy", "redis", "reflex", "networkx") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )

    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_template_runs_to_its_end(document: Path, tmp_path: Path) -> None:
    approval = ("--signal", 'approve_2_2_1={"approved": true}') if document.stem == "agent_approval" else ()
    done = in_here("run", "--json", str(document), *approval, OPENROOMS_DATA_DIR=str(tmp_path))

    assert done.exit_code == 0, done.output
    has_run_to_its_end(done.stdout)


def has_run_to_its_end(told: str) -> None:
    *events, result = [json.loads(line) for line in told.splitlines()]
    assert result["status"] == "COMPLETED"
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_a_run_in_a_process_of_its_own_ends_well_and_a_failing_one_with_1(tmp_path: Path) -> None:
    document = json.loads((ROOT / "tests/examples/linear.json").read_text())
    document["limits"] = {"max_steps": 1}
    file = tmp_path / "short.json"
    file.write_text(json.dumps(document))
    given = ("--input", '{"price": 2, "count": 3}')

    good = openrooms("run", "--json", str(ROOT / "tests/examples/linear.json"), *given, data_dir=tmp_path)
    bad = openrooms("run", str(file), *given, data_dir=tmp_path)

    assert good.returncode == 0, good.stderr
    has_run_to_its_end(good.stdout)
    assert bad.returncode == 1
    assert "max_steps" in bad.stdout
    can_be_decided_again(json.loads(good.stdout.splitlines()[-1])["run_id"], tmp_path)


def can_be_decided_again(run_id: str, data_dir: Path) -> None:
    """Until its record is touched."""
    again = in_here("replay", "--json", run_id, OPENROOMS_DATA_DIR=str(data_dir))
    record = data_dir / "runs" / f"{run_id}.json"
    record.write_text(record.read_text().replace('\\"number\\":6', '\\"number\\":7'))
    changed = in_here("replay", run_id, OPENROOMS_DATA_DIR=str(data_dir))

    assert (again.exit_code, json.loads(again.stdout)["identical"]) == (0, True)
    assert (changed.exit_code, changed.stdout[:8]) == (1, "diverges")


def test_the_schema_that_lies_there_for_editors_is_the_one_of_the_code() -> None:
    shipped = (ROOT / "docs" / "workflow.schema.json").read_text(encoding="utf-8")

    assert shipped == in_here("schema").stdout, "openrooms schema > docs/workflow.schema.json"
    assert json.loads(shipped)["title"] == "OpenRooms workflow"


def test_what_is_refused_is_told_to_machines_too_and_no_input_is_made_up(tmp_path: Path) -> None:
    said = in_here(
        "run", "--json", str(ROOT / "tests/examples/linear.json"), OPENROOMS_DATA_DIR=str(tmp_path)
    )
    wrong = in_here("eval", "--json", "1 / 0")

    assert (said.exit_code, json.loads(said.stdout)["code"]) == (1, "invalid_input")
    told = json.loads(wrong.stdout)
    assert (wrong.exit_code, told["code"], told["line"], told["column"]) == (1, "evaluation_error", 1, 3)


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("eval", "1 + 2"), "3"),
        (("eval", "-2 * 3"), "-6"),
        (("eval", "vars.n > 6.5", "--as", "condition", "--with", '{"vars": {"n": 7}}'), "true"),
        (("eval", "{{ a }}-{{ b }}", "--as", "template", "--with", '{"a": 1, "b": null}'), '"1-"'),
    ],
)
def test_an_expression_can_be_tried_out(arguments: tuple[str, ...], shown: str) -> None:
    done = in_here(*arguments)

    assert (done.exit_code, done.stdout.strip()) == (0, shown)


def test_a_bad_expression_says_where_it_is_wrong() -> None:
    done = openrooms("eval", "1 +")

    assert done.returncode == 1
    assert "bad_expression" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_usage_exits_with_2() -> None:
    assert openrooms("run").returncode == 2
    assert in_here("eval", "1", "--as", "nonsense").exit_code == 2
    assert in_here("eval", "1", "--nonsense").exit_code == 2
    for malformed in ("{n: 1}", "[1", "@no/such/file"):
        assert in_here("eval", "1", "--with", malformed).exit_code == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENROOMS_DATABASE_URL", "mysql://x:pa55word@y/z"),
        ("OPENROOMS_REDIS_URL", "nonsense"),
        ("OPENROOMS_WORKER_THREADS", "many"),
    ],
)
def test_a_setting_that_can_not_be_used_is_told_by_its_name(name: str, value: str, tmp_path: Path) -> None:
    done = in_here("import", str(DOCUMENTS[0]), OPENROOMS_DATA_DIR=str(tmp_path), **{name: value})

    assert done.exit_code == 2
    assert name in done.stderr
    assert "pa55word" not in done.output


def test_a_place_that_is_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    added = in_here("import", str(DOCUMENTS[0]), OPENROOMS_DATA_DIR=str(tmp_path))
    id_, to = added.stdout.split()[1], str(tmp_path / "no" / "x.json")

    done = in_here("export", id_, "-o", to, OPENROOMS_DATA_DIR=str(tmp_path))

    assert (done.exit_code, done.stderr) == (1, f"openrooms: No such file or directory: {to}\n")


def test_what_is_imported_is_exported_unchanged(tmp_path: Path) -> None:
    source = DOCUMENTS[0]
    added = in_here("import", "--json", str(source), OPENROOMS_DATA_DIR=str(tmp_path))
    name = json.loads(source.read_text())["name"]
    assert (added.exit_code, json.loads(added.stdout)["name"]) == (0, name)

    exported = in_here("export", name, OPENROOMS_DATA_DIR=str(tmp_path))

    assert exported.exit_code == 0, exported.stderr
    assert json.loads(exported.stdout) == json.loads(source.read_text())


def test_the_doctor_names_what_is_missing_and_what_was_set_without_its_secrets(tmp_path: Path) -> None:
    chosen = {"OPENROOMS_HTTP_ALLOW": "localhost", "OPENAI_API_KEY": "sk-never-shown"}

    done = in_here("doctor", OPENROOMS_DATA_DIR=str(tmp_path), **chosen)

    assert done.exit_code == 1
    assert "redis" in done.stdout
    assert "openrooms up" in done.stdout
    assert "OPENROOMS_HTTP_ALLOW: localhost (environment)" in done.stdout
    assert "OPENAI_API_KEY: *" in done.stdout
    assert "never-shown" not in done.output
