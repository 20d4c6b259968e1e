"""The command line against another installation: made a key on the machine, driven from afar, exit codes and all."""

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from click.testing import CliRunner, Result

from engine.core.identity import Scope
from openrooms_app.cli import main
from tests.app.api.serving import Server, serving
from tests.app.api.test_rooms import ASKS, QUICK


@pytest.fixture(scope="module")
def server(sqlite_template, redis_server, tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("remote")
    (folder / "openrooms.db").write_bytes(sqlite_template.read_bytes())
    with serving(f"sqlite:///{folder / 'openrooms.db'}", redis_server.url, folder) as running:
        yield running


def openrooms(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)


@pytest.fixture
def there(server):
    """The command with the server and a key in its environment."""
    given = {"OPENROOMS_SERVER": server.url, "OPENROOMS_KEY": server.key(Scope.RUN, Scope.EDIT)}

    def told(*arguments: str, code: int = 0) -> str:
        done = openrooms(*arguments, **given)
        assert done.exit_code == code, done.output
        return done.output

    return told


def test_a_document_goes_there_runs_there_and_comes_back(there, server, tmp_path):
    file = tmp_path / "quick.json"
    file.write_text(json.dumps({**QUICK, "name": "Far away"}))
    workflow_id = there("import", str(file)).split()[1]
    assert json.loads(there("export", "Far away"))["name"] == "Far away"
    assert "no_version" in there("run", "Far away", code=1)
    from openrooms.client import Client

    with Client(server.url, server.key()) as client:
        client.publish(workflow_id)

    *events, run = [
        json.loads(line) for line in there("run", "Far away", "--json", "--input", '{"a": 1}').splitlines()
    ]
    assert (run["status"], run["input"], events[-1]["type"]) == ("COMPLETED", {"a": 1}, "ROOM_COMPLETED")
    assert "COMPLETED" in there("run", "Far away")  # the room that was made is used again
    (room,) = [json.loads(line) for line in there("rooms", "--json").splitlines()]
    assert (room["name"], room["last_run_number"]) == ("Far away", 2)
    assert [line.split()[1:3] for line in there("runs", "Far away").splitlines()] == [
        ["#2", "COMPLETED"],
        ["#1", "COMPLETED"],
    ]
    assert there("runs", "--since", "5m", "--q", "far 2").split()[1] == "#2"
    assert there("runs", "--until", "5m") == ""
    assert "RFC 3339" in there("runs", "--since", "lately", code=1)
    assert "identical" in there("replay", run["id"])
    log = there("logs", "Far away", "--level", "DEBUG", "--json", "--limit", "1000").splitlines()
    assert [json.loads(line)["seq"] for line in log] == list(range(1, len(events)))  # without "room created"


def test_a_run_is_tried_out_here_as_there(there, tmp_path):
    file = tmp_path / "quick.json"
    file.write_text(json.dumps(QUICK))
    pinned = ("--json", "--until", "b", "--pin", 'a={"n": 1}', "--pin", "b=[2]")

    *events, here = [
        json.loads(line)
        for line in openrooms("run", str(file), *pinned, OPENROOMS_DATA_DIR=str(tmp_path)).output.splitlines()
    ]
    *_, far = [json.loads(line) for line in there("run", "Far away", *pinned).splitlines()]
    *_, alone = [
        json.loads(line)
        for line in there("run", "Far away", "--json", "--only", "b", "--vars", '{"a": 1}').splitlines()
    ]

    assert here["output"] == far["output"] == [2]
    assert [event["node_id"] for event in events if event["type"] == "NODE_PINNED"] == ["a", "b"]
    assert (far["trial"], alone["trial"]) == ({"pins": ["a", "b"], "until": "b"}, {"only": "b"})
    assert "unknown_node" in there("run", "Far away", "--only", "nobody", code=1)


def test_a_run_is_steered_and_answered(there, server):
    from openrooms.client import Client

    with Client(server.url, server.key()) as client:
        workflow = client.create_workflow({**ASKS, "name": "Asks"})
        client.publish(workflow.id)
        client.create_room("Desk", workflow.id)
    run_id = there("run", "Desk", "--detach").strip()
    assert "asked to pause" in there("pause", "Desk")
    assert json.loads(there("resume", "Desk", "--json"))["run_id"] == run_id
    assert "has the signal go" in there("signal", "Desk", "go", '{"x": 1}')
    with Client(server.url, server.key()) as client:
        assert client.wait(run_id, 30).status == "COMPLETED"
    assert "COMPLETED" in there("run", "Desk", "--signal", 'go={"x": 2}')
    assert "illegal_transition" in there("cancel", "Desk", code=1)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("rooms",), 2, "--server"),
        (("rooms", "--server", "URL"), 2, "keys create"),
        (("rooms", "--server", "URL", "--key", "or_no"), 1, "bad_key"),
        (("rooms", "--server", "127.0.0.1:1", "--key", "k"), 1, "unreachable"),
        (("logs", "ghost", "--server", "URL", "--key", "KEY"), 1, "no room 'ghost'"),
        (("run", "ghost"), 2, "there is no file"),
        (("run", "x", "--detach"), 2, "takes a server"),
    ],
)
def test_what_goes_wrong_is_said_with_its_exit_code(server, arguments, code, said):
    filled = [{"URL": server.url, "KEY": server.key(Scope.READ)}.get(word, word) for word in arguments]

    done = openrooms(*filled)

    assert (done.exit_code, said in done.output) == (code, True), done.output


def test_keys_are_made_and_ended_on_the_machine_itself(tmp_path, monkeypatch):
    from engine.services.upkeep import open_migrated, set_password
    from engine.settings import Settings
    from openrooms_app.commands import keys

    def opened():
        return open_migrated(Settings(_env_file=None, data_dir=tmp_path))

    monkeypatch.setattr(keys, "runtime", opened)
    with closing(opened()) as rt:
        set_password(rt, "Ada", "a long password")

    made = openrooms("keys", "create", "--user", "ada", "--scopes", "read, run", "--days", "7")
    listed = openrooms("keys", "list").output
    assert made.output.strip().startswith("or_")
    assert made.output.strip() not in listed
    assert "read,run" in listed
    assert openrooms("keys", "revoke", made.output.split("_")[1]).exit_code == 0
    assert "revoked" in openrooms("keys", "list").output
    assert openrooms("keys", "create", "--user", "nobody").exit_code == 1
    assert openrooms("keys", "create", "--user", "ada", "--scopes", "rule").exit_code == 2
    assert openrooms("audit", "verify").output.startswith("intact")
    assert json.loads(openrooms("audit", "verify", "--json").output)["is_intact"] is True
