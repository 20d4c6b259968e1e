"""No input in no state makes the transition function raise, lose a token, or tell of nothing that it does."""

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.core.advance import can_go
from engine.core.inputs import (
    Cancelled,
    Go,
    Input,
    Paused,
    Result,
    Resumed,
    Signalled,
    Started,
    TimerFired,
    WorkerLost,
)
from engine.core.replaying import replay
from engine.core.steps import steps_of
from engine.core.tokens import Phase
from tests.core.drawing import plan_of
from tests.core.generator import Made, an_input, made_up
from tests.core.properties.driving import Fate, Watched
from tests.core.properties.profile import examples

VALUES: tuple[Any, ...] = (None, {}, [], "", 0, -1.5, True, "\u202eü\x00", {"": [{}]}, 2**63 - 1)
STRANGE = ("", ".", "0", "1", "-1", "2.0", "2.0.1", "9.9.9.9.9", "ä.ö", "\x00", "1" * 300)


def strange_input(random: Random, known: list[str], signals: list[str]) -> Input:
    """An input that may fit, or come too late, too early, twice, or from nowhere."""
    activation = random.choice([*known, *known, *STRANGE])
    value = random.choice(VALUES)
    kind = random.randrange(11)
    if kind <= 1:
        outcome = random.choice(["SUCCESS", "FAILURE", "TIMEOUT", "", "success"])
        error = random.choice(
            [None, {}, {"code": "x"}, {"message": "y", "more": value}, {"retryable": False}]
        )
        usage: dict[str, Any] = random.choice([{}, {"tokens": 3}, {"cost_usd": 0.001}])
        return Result(activation, random.randint(0, 4), outcome, value, error, {"k": value}, (), usage)
    if kind <= 3:
        return TimerFired(activation, random.choice(["wait", "timeout", "retry", "retry", "", "deadline?"]))
    if kind == 4:
        return Signalled(random.choice([*signals, "", "ghost", "ü"]), value, "bob")
    if kind == 5:
        effects = {name: random.choice(["none", "external", "at_most_once", "?"]) for name in [*known, "x"]}
        return WorkerLost(random.choice([{}, effects]))
    if kind == 6:
        return random.choice(
            [Paused("a"), Resumed("a"), Resumed("a"), Started(), Started(run={"id": "other"})]
        )
    if kind == 7 and random.random() < 0.05:
        return random.choice([Cancelled("ada"), TimerFired("", "deadline")])
    return Go()


def confused(made: Made, random: Random, count: int) -> Watched:
    """A run to which anything happens, among it what lets it go on."""
    passage = Watched(plan_of(made.document), Fate(made.seed))
    signals = [
        str(node.config["signal"]) for node in passage.plan.nodes.values() if node.config.get("signal")
    ]
    passage.begin(an_input(Random(made.seed)), {"room": 2})
    seen: list[str] = []
    for _ in range(count):
        passage.at_us += random.choice([0, 0, 3_000_000, -3_000_000])  # workers' clocks differ
        running = [token for token in passage.state.tokens.values() if token.phase is Phase.RUNNING]
        seen += [token.activation for token in passage.state.tokens.values() if token.activation not in seen]
        if running and random.random() < 0.4:
            token = random.choice(running)
            passage.give(Result(token.activation, token.attempt, output=1))
        elif can_go(passage.state) and random.random() < 0.6:
            passage.give(Go())
        else:
            passage.give(strange_input(random, seen, signals))
    return passage


@examples(40)
@given(made_up(), st.integers(0, 2**32 - 1))
def test_no_input_in_no_state_breaks_anything(made: Made, seed: int) -> None:
    """Each move is checked besides: see Watched."""
    passage = confused(made, Random(seed), 120)

    replayed = replay(passage.plan, passage.rows())
    assert replayed.is_identical, replayed.divergence
    assert replayed.state == passage.state
    steps_of(passage.events())


@examples(15)
@given(made_up(largest=6), st.integers(0, 2**32 - 1))
def test_nothing_but_a_start_or_a_cancel_moves_a_run_that_has_not_begun(made: Made, seed: int) -> None:
    passage = Watched(plan_of(made.document), Fate(made.seed))
    random = Random(seed)
    for _ in range(40):
        given_ = strange_input(random, [], [])
        if not isinstance(given_, Started | Cancelled):
            assert passage.give(given_).facts == ()


@examples(15)
@given(made_up(), st.integers(0, 2**32 - 1))
def test_nothing_follows_the_end_of_a_run(made: Made, seed: int) -> None:
    passage = confused(made, Random(seed), 30)
    passage.give(Cancelled("ada"))
    before = passage.state
    random = Random(seed)
    for _ in range(40):
        advanced = passage.give(strange_input(random, list(before.tokens), []))
        assert (advanced.facts, advanced.commands, advanced.state) == ((), (), before)
