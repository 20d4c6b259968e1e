"""Trials of agents: a question is answered as in a run, by the same loop, but nothing of it is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from engine.core.agent import AgentSpec, AgentTrial
from engine.core.catalogue import StepContext, StepError
from engine.core.chat import ChatReply
from engine.core.checkpoints import Note, Rests
from engine.core.document import Frozen, NodeTypeName
from engine.core.errors import InvalidInput
from engine.core.events import EventType
from engine.core.identity import Role, User
from engine.core.policy import Policy
from engine.core.turns import Turn, tell_turn
from engine.hiding import HIDDEN
from engine.runtime import Runtime
from engine.services import agents
from engine.services.permission import require
from engine.services.tools import context
from engine.services.trial_places import a_place
from engine.store import audit

TRY_S = 120
"""The longest that a trial may take."""

Watch = Callable[[Sequence[Turn], str], None]
"""Is told of the turns so far and of what the model is just saying, from the thread of the trial."""


class AgentTried(Frozen):
    """What came of a trial: the last answer, and every turn as a step tells it (see engine.core.turns)."""

    reply: ChatReply
    turns: tuple[dict[str, Any], ...]
    duration_ms: float


def try_out(
    rt: Runtime, user: User, agent_id: str | None, trial: AgentTrial, watch: Watch | None = None
) -> AgentTried:
    """Ask its model, in this thread, which must have no event loop; without an agent its spec must be told.

    Calls that a person would have to approve end the trial before they are made, as all do unless `calls_tools`.

    Raises:
        StepError: the provider failed, or a limit was reached; its code says how.
        TooManyTrials
    """
    require(rt, user, Role.EDITOR, "try an agent")
    spec = trial.spec or _spec_of(rt, user, agent_id)
    agents.check(rt, spec)
    name = agents.get(rt, user, agent_id).name if agent_id else None
    with rt.db.write() as session:
        told = {"name": name, "provider": spec.provider}
        audit.append(session, rt.now_us(), user.id, "agent_tried", agent_id or "new", **told)
    begun, record = time.perf_counter(), _Record(watch)
    ctx = context(rt, None)
    ctx.recorder, ctx.show = record, record.hear
    try:
        with a_place():
            asyncio.run(_work(rt, ctx, spec, trial))
    except StepError as error:
        raise StepError(HIDDEN.text(str(error)), code=error.code, retryable=False) from None
    took_ms = round((time.perf_counter() - begun) * 1000, 3)
    return AgentTried(reply=record.reply, turns=tuple(record.turns), duration_ms=took_ms)


def _spec_of(rt: Runtime, user: User, agent_id: str | None) -> AgentSpec:
    if agent_id is None:
        raise InvalidInput("Say which agent is to be tried, or what it is to be.")
    return agents.get(rt, user, agent_id).spec


async def _work(rt: Runtime, ctx: StepContext, spec: AgentSpec, trial: AgentTrial) -> None:
    kind = rt.catalogue.node_types[NodeTypeName.AGENT_TASK]
    assert kind.execute is not None  # noqa: S101 - it is the built-in one
    policy = spec.policy or Policy()
    if not trial.calls_tools:  # whatever it wants, a person would have to approve
        policy = policy.model_copy(update={"approval": spec.tools})
    config = {**spec.config, "prompt": trial.prompt, "policy": policy.model_dump(mode="json")}
    params = kind.params.model_validate_json(orjson.dumps(config))
    try:
        async with asyncio.timeout(TRY_S):
            await kind.execute(params, ctx)
    except Rests:
        pass
    except TimeoutError:
        raise StepError(f"The agent did not answer within {TRY_S} s.", code="timeout") from None
    finally:
        close = rt.catalogue.providers[spec.provider].close
        if close is not None:
            await close()


class _Record:
    """What the loop puts on record, folded into turns at once."""

    def __init__(self, watch: Watch | None) -> None:
        self.turns: list[Turn] = []
        self.reply = ChatReply()
        self._watch = watch
        self._said = ""

    def add(self, note: Note) -> None:
        note = HIDDEN.plain(note)
        told = {**note["d"], **({"output": note["o"]} if "o" in note else {})}
        event = {"type": note["t"], "data": told, "error": note.get("e"), "duration_ms": note.get("ms")}
        tell_turn(self.turns, event)
        if note["t"] == EventType.AGENT_RESPONSE:
            self.reply = ChatReply.model_validate_json(orjson.dumps(note["o"]))
            self._said = ""
        self._tell()

    async def kept(self) -> None:
        pass

    def hear(self, text: str, *, turn: int, is_last: bool) -> None:
        self._said += text
        self._tell()

    def _tell(self) -> None:
        if self._watch is not None:
            self._watch(self.turns, HIDDEN.text(self._said))
