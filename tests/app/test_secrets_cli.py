"""`openrooms secrets`, in this process: a value goes in by standard input and is never printed."""

import json

import pytest
from click.testing import CliRunner

from openrooms_app.cli import main

VALUE = "value-from-stdin-1"


@pytest.fixture
def openrooms(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENROOMS_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("OPENROOMS_DATABASE_URL", raising=False)
    monkeypatch.delenv("OPENROOMS_MASTER_KEY", raising=False)

    def call(*arguments, given=""):
        done = CliRunner().invoke(main, ["secrets", *arguments], input=given)
        assert VALUE not in done.output
        return done.exit_code, done.output

    return call


def test_a_secret_lives_and_dies_by_the_command_line(openrooms, tmp_path):
    assert openrooms("set", "shop_key", given=VALUE + "\n") == (0, "shop_key is set.\n")
    code, listed = openrooms("list")
    assert (code, listed.split()[:2]) == (0, ["shop_key", "set"])
    assert json.loads(openrooms("list", "--json")[1])["name"] == "shop_key"
    assert openrooms("rotate") == (0, "1 secrets are protected by a new master key.\n")
    assert len((tmp_path / "master.key").read_text().split()) == 2
    assert openrooms("delete", "shop_key") == (0, "shop_key is deleted.\n")
    code, said = openrooms("delete", "shop_key")
    assert (code, "not_found" in said) == (1, True)
    code, said = openrooms("set", "shop_key", given="short")
    assert (code, "invalid_input" in said) == (1, True)
