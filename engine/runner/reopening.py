"""A run's end that is not made, because somebody was told before it that what he wants of the run is accepted."""

from __future__ import annotations

from engine.core.advance import move
from engine.core.inputs import Input, input_of
from engine.core.plan import Plan
from engine.core.replaying import fold
from engine.core.tokens import State
from engine.runner.flushing import Flusher
from engine.store import journal, runs
from engine.store.database import Database


def reopen(db: Database, plan: Plan, state: State, flusher: Flusher, run_id: str) -> Input:
    """Bring the state to where it was before the end, and gather again what had led there; the input that ended the run.

    What was executed meanwhile stays: its results are inputs that are gathered again, or the one that is given.
    """
    *before, last = flusher.take_back()
    with db.read() as session:
        found = runs.standing(session, run_id)
        if found is None:
            raise AssertionError(
                f"the run {run_id} has gone while it was driven"
            )  # deleting waits for its end
        rows = journal.rows_after(session, run_id, found.state_seq, journal.ALL)
    state.become(fold(plan, State.of(found.state), rows))
    for one in before:
        given = input_of(one["in"])
        facts, commands = move(plan, state, given, one["at"])
        flusher.gather(given, facts, commands, one["at"])
    return input_of(last["in"])
