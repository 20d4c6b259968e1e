"""Drives made-up workflows by chance through a made-up world, and watches that each move keeps the rules."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from engine.core.advance import Advanced, advance, can_go, move_on
from engine.core.events import EventType
from engine.core.fingerprint import canonical, digest
from engine.core.inputs import Blame, Execute, Go, Input, Paused, Result, Resumed, Signalled, WorkerLost
from engine.core.log import Stored, encoded, entry
from engine.core.plan import Plan
from engine.core.run import MOVES
from engine.core.tokens import Phase, State, Token
from tests.core.drawing import START_US, Passage, plan_of
from tests.core.generator import Made, an_input

ENOUGH = 20_000
"""Inputs after which a run counts as one that does not end."""

MOST_LOST = 2
"""Workers that a run loses: one more may kill a step."""


@dataclass
class Fate:
    """A world that answers by the seed, the activation and how many answers it gave there: the order plays no part."""

    seed: int
    answered: Counter[str] = field(default_factory=Counter)

    def __call__(self, command: Execute) -> dict[str, Any]:
        self.answered[command.activation] += 1
        chance = Random(digest(self.seed, command.activation, self.answered[command.activation]))
        usage = {"tokens": chance.randint(0, 5), "cost_usd": 0.001}
        kind = chance.random()
        if kind < 0.2:
            error = {"code": "broken", "message": "It broke.", "retryable": chance.random() < 0.8}
            return {"outcome": "FAILURE", "error": error, "usage": usage}
        if kind < 0.3:
            return {"outcome": "TIMEOUT", "error": {"code": "timeout", "message": "Late."}}
        values: list[Any] = [
            chance.random(),
            chance.randint(-9, 9),
            "ü",
            None,
            {},
            [],
            {"n": [1, {"m": None}]},
        ]
        value = chance.choice(values)
        stored = {"note": command.activation} if chance.random() < 0.2 else {}
        about = {"note": _kept(chance)} if stored and chance.random() < 0.5 else {}
        return {"output": value, "usage": usage, "remember": stored, "about": about}

    def is_signalled(self, token: Token) -> bool:
        """Whether somebody will answer this WAIT, or its time runs out."""
        return int(digest(self.seed, token.activation)[0], 16) < 8


def _kept(chance: Random) -> dict[str, Any]:
    """What is not plain about an entry, by chance."""
    about: dict[str, Any] = {"kind": chance.choice(["SHORT_TERM", "SEMANTIC"])}
    if chance.random() < 0.5:
        about["expires_us"] = START_US + chance.randint(-5, 50)
    if about["kind"] == "SEMANTIC":
        about |= {"chunks": [[0, 1, "AACAPw=="]], "model": "m/1", "meta": {"n": chance.randint(0, 9)}}
    return about


class Watched(Passage):
    """A passage in which every move is checked."""

    def give(self, given: Input) -> Advanced:
        before = self.state
        frozen = canonical(before.plain())
        advanced = super().give(given)
        assert canonical(before.plain()) == frozen, "the state before was changed"
        assert self.state == advanced.state, "the state does not survive storing"
        again = advance(self.plan, State.of(before.plain()), given, self.at_us)
        assert again == advanced, "the same input gives something else"
        if isinstance(given, Result):
            check_move_on(self.plan, before, given, self.at_us)
        check_move(before, advanced)
        check_state(advanced.state)
        return advanced


def check_move_on(plan: Plan, before: State, given: Result, at_us: int) -> None:
    """A result with the next move is both, one after the other at the same time; so it is read from the log, too."""
    one = advance(plan, before, given, at_us)
    next_ = advance(plan, one.state, Go(), at_us)
    together = before.copy()
    facts, commands, own = move_on(plan, together, given, at_us)
    assert together == next_.state
    assert (facts, own) == ([*one.facts, *next_.facts], len(one.facts))
    assert commands == [*one.commands, *next_.commands]
    if not facts:
        return  # it is not kept
    stored = Stored(len(facts), encoded([entry(given, facts, at_us, own)]), "")
    apart = [(len(one.facts), entry(given, one.facts, at_us))]
    apart += [(len(facts), entry(Go(), next_.facts, at_us))] if next_.facts else []
    assert canonical(list(stored.entries())) == canonical(apart)


def check_move(before: State, advanced: Advanced) -> None:
    """What is true of every move."""
    after = advanced.state
    assert after.status is before.status or after.status in MOVES[before.status], (
        before.status,
        after.status,
    )
    if not advanced.facts:
        assert after == before, "something changed that the log does not tell"
        assert advanced.commands == ()
    assert after.steps >= before.steps
    canonical(advanced.facts)
    assert all(fact["t"] in EventType.__members__ for fact in advanced.facts)


def check_state(state: State) -> None:
    """Tokens are conserved: each branch that is still out stands in one place, and at the end there is none."""
    if state.is_over:
        assert (state.tokens, state.forks, state.ready) == ({}, {}, [])
        assert state.fingerprint
        return
    if not state.run:
        return
    out = {""}
    for fork in state.forks.values():
        settled = [*fork.arrived, *fork.failed]
        assert len(settled) == len(set(settled)) < fork.width
        assert list(fork.done) == list(fork.arrived)
        assert fork.activation == fork.parent.activation
        out |= {f"{fork.activation}.{index}" for index in range(fork.width) if index not in settled}
    standing = [*state.tokens, *(fork.parent.branch for fork in state.forks.values())]
    assert len(standing) == len(set(standing))
    assert set(standing) == out
    ready = [token.branch for token in state.tokens.values() if token.phase is Phase.READY]
    assert sorted(state.ready) == sorted(ready)


def check_world(passage: Passage) -> None:
    """What the runner was told to do fits what the state waits for."""
    state = passage.state
    running = sorted(token.activation for token in state.tokens.values() if token.phase is Phase.RUNNING)
    assert sorted(command.activation for command in passage.executing) == running
    due = set() if state.is_over else {("", "deadline")}
    for token in state.tokens.values():
        node = passage.plan.nodes[token.at]
        if token.phase is Phase.RETRYING:
            due.add((token.activation, "retry"))
        elif token.phase is Phase.WAITING and node.config.get("signal") is None:
            due.add((token.activation, "wait"))
        elif token.phase is Phase.WAITING and node.timeout_s is not None:
            due.add((token.activation, "timeout"))
    assert set(passage.timers) == due


@dataclass
class Drive:
    """One run by chance: who moves next, who answers first; with `mishaps` also pauses and lost workers."""

    passage: Passage
    fate: Fate
    random: Random
    mishaps: bool = True
    losses: int = 0

    def to_the_end(self) -> Passage:
        for _ in range(ENOUGH):
            if self.passage.state.is_over:
                return self.passage
            self.random.choice(self.moves())()
            check_world(self.passage)
        raise AssertionError("the run does not end")

    def moves(self) -> list[Any]:
        """What could happen next; never nothing, as long as the run is not over."""
        passage, state = self.passage, self.passage.state
        moves: list[Any] = [lambda: passage.give(Go())] * (3 if can_go(state) else 0)
        moves += [lambda c=command: passage.answer(c) for command in passage.executing]
        for token in state.tokens.values():
            moves += self._of_waiting(token)
        if state.paused:
            moves.append(lambda: passage.give(Resumed("ada")))
        assert moves, "the run is stuck"
        if self.mishaps and self.random.random() < 0.2:
            moves.append(lambda: passage.give(Paused("ada")))
            if passage.executing and self.losses < MOST_LOST:
                moves.append(self._lose)
        return moves

    def _of_waiting(self, token: Token) -> list[Any]:
        passage, node = self.passage, self.passage.plan.nodes[token.at]
        signal = node.config.get("signal")
        if token.phase is Phase.RETRYING:
            return [lambda: passage.fire("retry", token.activation)]
        if token.phase is not Phase.WAITING:
            return []
        if signal is None:
            return [lambda: passage.fire("wait", token.activation)]
        if node.timeout_s is None or self.fate.is_signalled(token):
            return [lambda: passage.give(Signalled(signal, {"for": token.activation}, "bob"))]
        return [lambda: passage.fire("timeout", token.activation)]

    def _lose(self) -> None:
        effects = {
            command.activation: self.random.choice(["none", "idempotent", "external"])
            for command in self.passage.executing
        }
        self.passage.executing.clear()
        self.losses += 1
        self.passage.give(WorkerLost(effects, self.random.choice([Blame.WORKER, Blame.CROWD])))


def driven(
    made: Made, seed: int = 0, *, mishaps: bool = True, document: dict[str, Any] | None = None
) -> Passage:
    """A run of a made-up workflow to its end; `seed` decides the order of things, not what happens."""
    fate = Fate(made.seed)
    passage = Watched(plan_of(document or made.document), fate)
    passage.begin(an_input(Random(made.seed)), {"room": 2})
    return Drive(passage, fate, Random(seed), mishaps).to_the_end()
