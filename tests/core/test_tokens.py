"""Where a run stands: branch paths, what a token sees, and the state as JSON."""

from typing import Any

import orjson
import pytest

from engine.core.inputs import Cancelled, Paused, Signalled
from engine.core.tokens import Fork, Phase, State, Token
from tests.core.drawing import BROKEN, Passage, begun, forked, node, tool


def through_json(state: State) -> State:
    return State.of(orjson.loads(orjson.dumps(state.plain())))


def test_a_branch_knows_its_fork_and_its_number() -> None:
    token = Token("2.0.1.13", "a", count=4)

    assert (token.fork, token.index) == ("2.0.1", 13)
    assert token.next_activation() == "2.0.1.13.5"
    assert Token("", "a", count=4).next_activation() == "5"


def three_levels() -> State:
    root = Token("", "f", vars={"x": "root", "r": 1}, memory={"m": 1}, wrote={"x": 1, "r": 1})
    middle = Token("1.0", "g", vars={"x": "middle"}, memory={"m": 2}, wrote={"x": 2})
    inner = Token("1.0.2.1", "h", vars={"x": "inner"}, wrote={"x": 3})
    forks = {"1": Fork("1", "f", "j", root, 2), "1.0.2": Fork("1.0.2", "g", "k", middle, 2)}
    return State(tokens={inner.branch: inner}, forks=forks, memory={"m": 0, "room": 0})


def test_a_token_sees_its_own_writes_over_those_before_its_forks() -> None:
    state = three_levels()
    token = state.tokens["1.0.2.1"]

    assert state.vars_of(token) == {"x": "inner", "r": 1}
    assert state.memory_of(token, 0) == {"m": 2, "room": 0}
    assert state.writers_of(token) == {"x": 3, "r": 1}
    assert [parent.branch for parent in state.parents(token)] == ["", "1.0"]


def test_looking_changes_nothing() -> None:
    state = three_levels()
    before = orjson.dumps(state.plain())

    state.vars_of(state.tokens["1.0.2.1"])

    assert orjson.dumps(state.plain()) == before


def test_a_token_is_found_by_the_activation_it_is_in_and_no_other() -> None:
    token = Token("2.0", "a", activation="2.0.3", phase=Phase.RUNNING)
    state = State(tokens={"2.0": token, "": Token("", "b", activation="4")})

    assert state.at_activation("2.0.3") is token
    assert state.at_activation("4") == Token("", "b", activation="4")
    for other in ("2.0.2", "2.0", "2", "", "9.9.9", "ä", ".", "2.0.3 "):
        assert state.at_activation(other) is None


def test_a_state_that_is_new_takes_no_room() -> None:
    assert State().plain() == {}
    assert State.of({}) == State()


@pytest.mark.parametrize("value", [0, False, "", [], {}, None, 0.0, {"deep": [None, {}]}, "ü", 2**63 - 1])
def test_every_value_of_json_survives_storing(value: Any) -> None:
    token = Token("", "a", vars={"x": value}, memory={"y": value}, error={"code": value}, joined=[])
    fork = Fork("1", "f", "j", token, 3, (2, 0), (1,), {2: Token("1.2", "j", vars={"x": value})})
    state = State(
        tokens={"": token},
        forks={"1": fork},
        signals={"go": (value, value)},
        input=value,
        output=value,
        final_vars={"x": value},
    )

    stored = through_json(state)

    assert stored == state
    assert type(stored.input) is type(value)
    assert list(stored.forks["1"].done) == [2]


def busy() -> Passage:
    branches = [[tool("a")], [node("b", "WAIT", config={"signal": "go"})], [tool("c")], [tool("d")]]
    branches[3][0]["retry"] = {"max_attempts": 2}
    passage = begun(forked(*branches, join={"wait_for": 4}), {"n": 1}, memory={"k": "v"})
    passage.give(Signalled("early", {"a": [1, None]}))
    passage.answer(passage.step("c"), output={"deep": [1.5]}, usage={"tokens": 3, "cost_usd": 0.25})
    passage.answer(passage.step("d"), **BROKEN)
    passage.give(Paused("ada"))
    return passage


def test_a_busy_state_survives_storing_and_stays_small() -> None:
    state = busy().log[-1][2].state

    assert through_json(state) == state
    assert len(orjson.dumps(state.plain())) < 2_000


def test_the_order_of_tokens_and_forks_survives_storing() -> None:
    state = busy().log[-1][2].state

    assert list(through_json(state).tokens) == list(state.tokens)
    assert through_json(state).ready == state.ready


def test_a_state_that_is_over_survives_storing() -> None:
    passage = busy()
    passage.give(Cancelled("ada"))

    state = passage.log[-1][2].state

    assert through_json(state) == state
    assert through_json(state).is_over
