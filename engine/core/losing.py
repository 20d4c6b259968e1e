"""What becomes of the steps that a process had begun when it was lost."""

from __future__ import annotations

from engine.core.catalogue import Effect
from engine.core.events import EventType
from engine.core.inputs import Blame, WorkerLost
from engine.core.leaving import fail
from engine.core.moving import Moving
from engine.core.tokens import Phase, Token

MAX_DEATHS = 3
"""Workers a step may take down before it counts as poison and fails with `worker_lost`."""


def take_up_again(m: Moving, given: WorkerLost) -> None:
    """Take up the steps that a dead worker had begun, each by what its effect allows.

    From its first death on a step is executed in a child process, so a worker's later death is not its doing.
    But for what waits on the loop with a crowd of others a child each is too much: such a step goes there at its second.
    """
    for token in [token for token in m.state.tokens.values() if token.phase is Phase.RUNNING]:
        if m.state.tokens.get(token.branch) is not token or token.phase is not Phase.RUNNING:
            continue  # the failure of one before it has cancelled its branch, or ended the run
        if given.blame == Blame.CHILD and token.activation not in given.effects:
            continue
        effect = given.effects.get(token.activation, Effect.EXTERNAL)
        is_suspected = given.blame in (Blame.WORKER, Blame.CROWD) and not token.is_apart
        is_guilty = given.blame == Blame.CHILD or is_suspected
        deaths = token.deaths + is_guilty
        why = f"; the last: {given.why}" if given.why else ""
        if effect == Effect.AT_MOST_ONCE:
            _lost(m, token, "unknown_outcome", f"the worker was lost and the effect may have happened{why}")
            continue
        if deaths >= MAX_DEATHS:
            _lost(m, token, "worker_lost", f"{deaths} processes died while they executed this step{why}")
            continue
        repeats = "it may have run twice" if effect == Effect.EXTERNAL else "it is repeated"
        if token.progress:
            repeats = "it goes on after what is on record; what was under way may have run twice"
        told = {"consequence": repeats, "effect": str(effect)} | ({"why": given.why} if given.why else {})
        m.tell(EventType.WORKER_LOST, token, d=told)
        if given.blame == Blame.CROWD and token.deaths == 0:
            token.crowds = 1
        token.deaths = deaths
        token.is_again = True
        m.rest(token, Phase.READY)


def _lost(m: Moving, token: Token, code: str, why: str) -> None:
    if code == "unknown_outcome":
        m.tell(EventType.EFFECT_UNKNOWN, token)
    error = {"code": code, "message": f"{why}.", "node_id": token.at, "retryable": False}
    fail(m, token, error)
