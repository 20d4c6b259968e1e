"""The front end is built once for each state of its sources, and leaves no trace in the repository."""

import gzip
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from openrooms_app import frontend
from openrooms_app.build import build
from tests.app.conftest import ROOT


def test_a_build_that_is_there_is_found_in_less_than_a_second(built: Path) -> None:
    began = time.process_time()

    assert build() == built
    assert time.process_time() - began < 1


def test_a_changed_source_is_another_build(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = frontend.sources_fingerprint()
    monkeypatch.setattr(frontend, "PACKAGE", tmp_path / "openrooms_app")
    monkeypatch.setattr(frontend, "ROOT", tmp_path)
    page = tmp_path / "openrooms_app" / "pages" / "home.py"
    page.parent.mkdir(parents=True)
    (tmp_path / "rxconfig.py").touch()

    page.write_text("one")
    one = frontend.sources_fingerprint()
    page.write_text("two")
    two = frontend.sources_fingerprint()
    (tmp_path / "openrooms_app" / "serve.py").write_text("the server alone")

    assert len({before, one, two}) == 3
    assert frontend.sources_fingerprint() == two


def test_pages_that_are_not_built_are_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontend, "READY", tmp_path)

    with pytest.raises(frontend.FrontendMissing, match="make"):
        frontend.built()


def test_a_build_changes_nothing_that_is_committed(built: Path) -> None:
    paths = ["reflex.lock", "rxconfig.py", ".gitignore", "assets", "tsconfig.json"]
    answer = subprocess.run(
        ["git", "status", "--porcelain", "--", *paths], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert answer.stdout == ""


def test_the_lock_names_no_registry() -> None:
    assert '"resolved"' not in (ROOT / "reflex.lock" / "package-lock.json").read_text()


def test_the_first_page_stays_light(built: Path) -> None:
    client = built / "build" / "client"
    scripts = set(re.findall(r"/assets/[\w.-]+\.js", (client / "index.html").read_text("utf-8")))

    assert scripts
    assert _packed_bytes(client, scripts) < 250_000


@pytest.mark.parametrize(
    ("route", "kilobytes"), [("/workflows/[workflow_id]", 320), ("/rooms/[room_id]", 365)]
)
def test_a_canvas_needs_few_scripts_and_light_ones(built: Path, route: str, kilobytes: int) -> None:
    links = json.loads((built / frontend.PRELOADS).read_text("utf-8"))[route]
    scripts = {match[1] for link in links if (match := re.match(r"<(/assets/[\w.-]+\.js)>", link))}

    assert 5 < len(scripts) <= 14
    assert _packed_bytes(built / "build" / "client", scripts) < kilobytes * 1000


def _packed_bytes(client: Path, files: Iterable[str]) -> int:
    return sum(len(gzip.compress((client / file[1:]).read_bytes())) for file in files)


def test_the_pages_hold_no_address_of_a_server(built: Path) -> None:
    (chunk,) = (built / "build" / "client" / "assets").glob("reflex-env-*.js")

    assert "location.origin" in chunk.read_text()
    assert "localhost" not in chunk.read_text()


def test_the_types_of_the_typescript_are_right(built: Path) -> None:
    command = [sys.executable, "-m", "openrooms_app.build", "--check-types"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stdout
