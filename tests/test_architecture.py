"""The house's rules that a machine can hold: directions, budgets, and what no module may do."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("engine", "openrooms", "openrooms_app")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40
MAX_VIEW_LINES = 60

NOT_FROM_OUTSIDE = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_IMPORTS = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}
STARTS_PROCESSES = {
    "openrooms_app/build.py",
    "openrooms_app/supervisor.py",
    "engine/live/embedded.py",
    "engine/isolation/guard.py",
    "engine/isolation/pool.py",
}
KNOWS_THE_ENVIRONMENT = {
    "engine/settings.py",
    "openrooms_app/build.py",
    "openrooms_app/commands/local.py",
    "openrooms_app/commands/operation.py",
    "openrooms_app/serve.py",
    "openrooms_app/supervisor.py",
}
"""These hand an environment to Reflex or to children; settings alone are read there."""


def sources(*suffixes: str) -> list[Path]:
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in suffixes]
    return sorted(path for path in found if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for found in ast.walk(ast.parse(path.read_text())):
        if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef):
            yield found


def test_imports_point_in_the_agreed_directions() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    files = [*sources(".py", ".ts", ".tsx"), *(ROOT / "tests").rglob("*.py")]
    long = {
        name_of(path): lines for path in files if (lines := path.read_text().count("\n")) > MAX_FILE_LINES
    }

    assert not long


def test_no_function_is_longer_than_a_screen() -> None:
    long = {}
    for path in sources(".py"):
        is_view = path.is_relative_to(ROOT / "openrooms_app")
        for function in functions(path):
            lines = (function.end_lineno or 0) - function.lineno + 1
            if lines > (MAX_VIEW_LINES if is_view else MAX_FUNCTION_LINES):
                long[f"{name_of(path)}:{function.name}"] = lines

    assert not long


@pytest.mark.parametrize("path", sources(".py"), ids=name_of)
def test_no_module_turns_text_into_code_or_starts_what_it_should_not(path: Path) -> None:
    tree = ast.parse(path.read_text())
    imported = {
        alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    imported |= {
        (node.module or "").partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    }
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }

    assert not called & NOT_FROM_OUTSIDE
    assert not imported & FORBIDDEN_IMPORTS
    assert "subprocess" not in imported or name_of(path) in STARTS_PROCESSES


def test_the_environment_is_read_in_one_place() -> None:
    readers = {
        name_of(path)
        for path in sources(".py")
        if "os.environ" in path.read_text() or "os.getenv" in path.read_text()
    }

    assert readers <= KNOWS_THE_ENVIRONMENT


def test_every_module_says_what_lives_in_it() -> None:
    silent = [name_of(path) for path in sources(".py") if not ast.get_docstring(ast.parse(path.read_text()))]

    assert not silent


def test_no_page_takes_html_from_text() -> None:
    dangerous = [
        name_of(path)
        for path in sources(".ts", ".tsx", ".py")
        if "dangerouslySetInnerHTML" in path.read_text() or "rx.html(" in path.read_text()
    ]

    assert not dangerous
