"""The page's fold of a run's events means the same as the engine: steps, tokens, joins and variables at every moment."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.core.identity import Role, User
from engine.core.sample import sample
from engine.services import control, history
from engine.services import runs as run_services
from engine.services.control import Signal
from engine.services.runs import Trial
from engine.store import journal
from engine.store.database import Database
from engine.store.migrations import migrate
from tests.app.room.node import node
from tests.fixtures.drawings import drawing
from tests.fixtures.runtimes import open_movable
from tests.runner.conftest import Place

ROOT = Path(__file__).resolve().parents[3]
ADA = User(id="ada", name="Ada", role=Role.ADMIN)
DRAWN = {
    path.stem: path
    for folder in ("tests/examples", "engine/templates")
    for path in (ROOT / folder).glob("*.json")
}
MADE = {
    "retried at once": drawing(
        "start > a > end; a -FAILURE> end",
        a={
            "config": {"tool": "calculator", "arguments": {"expression": "1 / 0"}},
            "retry": {"max_attempts": 3, "initial_delay_s": 0},
        },
    ),
    "cancelled in a fork": drawing(
        "start > fork > wait1 > join; fork > a > join > end", wait1={"config": {"signal": "never"}}
    ),
    "retried from its failure": drawing(
        "start > a > b -SUCCESS> end",
        b={"config": {"tool": "calculator", "arguments": {"expression": "1 / 0"}}},
    ),
    "a call that a person approves": drawing(
        "start > ask > end",
        ask={
            "config": {
                "provider": "scripted",
                "model": "tool:calculator",
                "prompt": '{"expression": "6*7"}',
                "tools": ["calculator"],
                "policy": {"approval": ["calculator"]},
            }
        },
    ),
    "a trial that ends in a fork": drawing(
        "start > a > fork > b > c > join; fork > wait1 > join > end", wait1={"config": {"signal": "never"}}
    ),
    "a node alone": drawing("start > fork > a > join; fork > b > join > end"),
    "longer than a page of the log": drawing(
        "start > add -SUCCESS> fork > a > join; fork > b > join > decide -vars.add.number<60?> add; decide > end",
        add={
            "config": {
                "tool": "calculator",
                "arguments": {"expression": "{{ has(vars.add) ? vars.add.number : 0 }} + 1"},
            }
        },
    ),
    "paused in a wait": drawing("start > a > wait > end", wait={"config": {"duration_s": 3600}}),
}
TRIALS = {
    "a trial that ends in a fork": Trial(pins={"a": {"n": 1}, "b": "made up"}, until="c"),
    "a node alone": Trial(only="b", vars={"x": 1}),
}
SAMPLED = 60


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("fold")
    url = f"sqlite:///{folder / 'openrooms.db'}"
    with closing(Database(url)) as database:
        migrate(database)
    with closing(open_movable(url, f"unix://{folder}/nobody.sock", folder)) as rt:
        placed = Place(rt, ADA)
        yield placed
        placed.runner.stop()


def recorded(place: Place, name: str, document: dict[str, Any]) -> dict[str, Any]:
    """A run of the document, its events, and what the engine says of moments in it."""
    room = place.room(document)
    given = sample(document.get("input_schema")) or {}
    trial = TRIALS.get(name, Trial()).model_copy(update={"input": given})
    run = run_services.try_out(place.rt, ADA, room, trial)
    place.runner.activate(run.id)
    _go_on(place, name, document, room, run.id)
    if name == "retried from its failure":
        run = run_services.retry(place.rt, ADA, run.id)
        place.runner.activate(run.id)
        place.over(run.id)
    events = history.events(place.rt, ADA, run.id, limit=10_000)
    with place.rt.db.read() as session:
        ends = [row.seq for row in journal.rows_after(session, run.id, 0)]
    moments = ends[:: max(1, len(ends) // SAMPLED)]
    stood = [history.run_standing(place.rt, ADA, run.id, at_seq=seq) for seq in moments]
    steps = [dict(step) for step in history.steps(place.rt, ADA, run.id)]
    for step in steps:
        step.pop("turns", None)  # the page folds those by themselves
    now = place.get(run.id)
    return {
        "events": events,
        "document": document,
        "moments": moments,
        "stood": stood,
        "steps": steps,
        "status": now.status,
    }


def _go_on(place: Place, name: str, document: dict[str, Any], room: str, run_id: str) -> None:
    """Answer what is asked until the run is over, or as far as the name says."""
    answered: set[str] = set()
    while True:
        run = place.until(run_id, lambda run: run.status.is_over or run.status == "WAITING", within_s=30)
        if run.status.is_over:
            return
        if name == "paused in a wait":
            control.pause(place.rt, ADA, room)
            place.runner.activate(run_id)
            place.until(run_id, lambda run: run.status == "PAUSED")
            return
        if name == "cancelled in a fork":
            control.cancel(place.rt, ADA, room)
            place.runner.activate(run_id)
            place.over(run_id)
            return
        for asked in history.status(place.rt, ADA, room)["signals"]:
            if asked["since"] not in answered:
                answered.add(asked["since"])
                payload = sample(asked["form_schema"]) if asked["form_schema"] else None
                control.signal(place.rt, ADA, room, Signal(name=asked["name"], payload=payload))
                place.runner.activate(run_id)


@pytest.fixture(scope="module")
def runs(place: Place) -> dict[str, Any]:
    documents = {name: json.loads(path.read_text()) for name, path in DRAWN.items()} | MADE
    told = {name: recorded(place, name, document) for name, document in documents.items()}
    folded = node("fold.mjs", list(told.values()))
    return {name: (run, fold) for (name, run), fold in zip(told.items(), folded, strict=True)}


@pytest.mark.parametrize("name", [*DRAWN, *MADE])
def test_the_page_and_the_engine_tell_the_same_of_a_run(runs, name):
    run, folded = runs[name]

    assert folded["steps"] == run["steps"]
    assert folded["end"]["status"] == run["status"]
    assert folded["isSteady"]  # looking back, in whatever order, changes nothing
    for seq, engine, page in zip(run["moments"], run["stood"], folded["stood"], strict=True):
        tokens = [
            {key: token[key] for key in ("branch", "node_id", "phase")}
            for token in engine["tokens"]
            if not (token["node_id"] == "start" and token["phase"] == "ready")  # no event tells of it
        ]
        assert sorted(page["tokens"], key=str) == sorted(tokens, key=str), f"tokens after event {seq}"
        assert page["joins"] == engine["joins"], f"joins after event {seq}"
        assert page["vars"] == engine["vars"], f"variables after event {seq}"
        signals = [{key: signal[key] for key in ("name", "node_id")} for signal in engine["signals"]]
        assert page["signals"] == signals, f"signals after event {seq}"


def test_a_painted_run_shows_every_node_it_passed_and_every_way_it_took(runs):
    for name, (run, folded) in runs.items():
        painted = folded["end"]["painted"]
        ways = {event["data"]["transition"] for event in run["events"] if event["type"] == "TRANSITION"}
        assert set(painted["taken"]) == ways, name
        assert set(painted["statuses"]) >= {step["node_id"] for step in run["steps"]}, name
        if run["status"] == "COMPLETED":
            states = {status["status"] for status in painted["statuses"].values()}
            assert states <= {"done", "failed", "skipped", "pinned", "cancelled"}, name


def test_a_join_counts_the_branches_that_came(runs):
    _, folded = runs["parallel_all"]
    counts = [
        (status["arrived"], status["expected"])
        for stood in folded["stood"]
        for status in stood["painted"]["statuses"].values()
        if "expected" in status
    ]
    assert counts == sorted(counts)
    assert counts[-1][0] == counts[-1][1]


def test_what_a_cancelled_run_left_undone_is_not_shown_as_going_on(runs):
    _, folded = runs["cancelled in a fork"]
    statuses = {status["status"] for status in folded["end"]["painted"]["statuses"].values()}
    assert not statuses & {"running", "waiting", "queued"}
