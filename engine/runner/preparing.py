"""What a run begins with, and what each of its steps may use while it is executed."""

from __future__ import annotations

from functools import partial
from typing import Any

import orjson

from engine.core.catalogue import Behaviour, Effect, Runs, StepContext
from engine.core.inputs import Execute, Started
from engine.core.moving import Moving
from engine.core.plan import Plan
from engine.core.times import rfc3339
from engine.core.tokens import State
from engine.live.words import Speaker, Voice
from engine.runner.effects import Work
from engine.runner.revealing import revealer
from engine.runner.roommemory import Own, StepMemory
from engine.runner.spending import Spending
from engine.runtime import Runtime
from engine.store import memory
from engine.store.claims import Claimed


class Preparing:
    """Of one run, for its driver: reads the state, changes nothing of it."""

    def __init__(self, rt: Runtime, claimed: Claimed, plan: Plan, state: State, spending: Spending) -> None:
        self._rt = rt
        self._claimed = claimed
        self._plan = plan
        self._state = state
        self._spending = spending
        self._provider_settings = rt.provider_settings

    def started(self) -> Started:
        """The run's first input: what it was given, and the room's memory as it is now."""
        claimed, keys = self._claimed, self._plan.memory_keys
        options: dict[str, Any] = orjson.loads(claimed.options)
        trial: dict[str, Any] = options.get("trial", {})
        kept: dict[str, Any] = {}
        expires: dict[str, int] = {}
        if keys is None or keys:
            with self._rt.db.read() as session:
                kept, expires = memory.snapshot(session, claimed.room_id, keys, now_us=self._rt.now_us())
        return Started(
            run={
                "id": claimed.run_id,
                "number": claimed.number,
                "room_id": claimed.room_id,
                "version": claimed.version,
                "started_at": rfc3339(self._rt.now_us()),
            },
            input=orjson.loads(claimed.input),
            memory=kept,
            expires=expires,
            limits=options.get("limits", {}),
            overrides=options.get("overrides", {}),
            at_step=options.get("at_step"),
            pins=trial.get("pins", {}),
            until=trial.get("only") or trial.get("until"),
        )

    def work(self, command: Execute, now_us: int) -> Work:
        """The step to execute, begun at the recorded time `now_us`."""
        rt, claimed = self._rt, self._claimed
        node = self._plan.nodes[command.node]
        ctx = StepContext(
            run_id=claimed.run_id,
            room_id=claimed.room_id,
            node_id=command.node,
            activation=command.activation,
            attempt=command.attempt,
            idempotency_key=f"or-{claimed.run_id}-{command.activation}",
            now_us=now_us,
            memory=StepMemory(rt.db, claimed.room_id, command.activation, now_us, self._own_memory),
            catalogue=rt.catalogue,
            settings=self._provider_settings,
            limiter=rt.rates,
            signal_url=partial(rt.signal_url, claimed.run_id, command.activation),
            open_urls=node.open_urls,
        )
        token = self._state.at_activation(command.activation)
        if token is not None and node.behaviour is Behaviour.STEP and node.effect is not Effect.NONE:
            ctx.recorded = dict(token.progress)
            ctx.spent = self._spending.begin(
                command.activation, command.params, self._state.used_cost_usd, now_us
            )
        is_apart = node.runs is Runs.APART or (token is not None and token.is_apart)
        reveal = None
        if self._plan.secrets and token is not None:
            scope = Moving(self._plan, self._state, now_us).scope(token, node.names)
            reveal = revealer(rt, node, self._plan.secrets, scope)
        kind, is_plain = rt.catalogue.node_types[node.type], node.runs is Runs.AT_ONCE and not is_apart
        is_pure = is_plain and node.effect is Effect.NONE and not node.secrets
        is_at_once = is_plain and node.effect is not Effect.NONE and kind.at_once is not None and not reveal
        return Work(command, kind, ctx, node.effect, is_apart, reveal, is_pure, is_at_once)

    def voice(self, command: Execute) -> Voice:
        """Shows the words of the step's model while it speaks."""
        claimed, token = self._claimed, self._state.at_activation(command.activation)
        step = token.step if token else 0
        speaker = Speaker(
            claimed.run_id, claimed.room_id, command.node, step, command.activation, command.attempt
        )
        return self._rt.feed.voice(speaker)

    def _own_memory(self, activation: str, now_us: int) -> Own:
        """What the run remembers, as the step sees it; while the step is executed nothing of it is written."""
        token = self._state.at_activation(activation)
        return Own.of(self._state, token, now_us) if token else Own({}, {})
