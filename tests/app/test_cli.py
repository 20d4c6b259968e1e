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
def test_every_template_runs_to_its_end(document: Path) -> None:
    approval = ("--signal", 'approve_2_2_1={"approved": true}') if document.stem == "agent_approval" else ()
    done = in_here("run", "--json", str(document), *approval)

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

    good, bad = (
        openrooms("run", "--json", str(ROOT / "tests/examples/linear.json")),
        openrooms("run", str(file)),
    )

    assert good.returncode == 0, good.stderr
    has_run_to_its_end(good.stdout)
    assert bad.returncode == 1
    assert "max_steps" in bad.stdout


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("eval", "1 + 2"), "3"),
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


def test_what_is_imported_is_exported_unchanged(tmp_path: Path) -> None:
    source = DOCUMENTS[0]
    assert in_here("import", str(source), OPENROOMS_DATA_DIR=str(tmp_path)).exit_code == 0
    name = json.loads(source.read_text())["name"]

    exported = in_here("export", name, OPENROOMS_DATA_DIR=str(tmp_path))

    assert exported.exit_code == 0, exported.stderr
    assert json.loads(exported.stdout) == json.loads(source.read_text())


def test_the_doctor_names_what_is_missing(tmp_path: Path) -> None:
    done = openrooms("doctor", data_dir=tmp_path)

    assert done.returncode == 1
    assert "redis" in done.stdout
    assert "openrooms up" in done.stdout
