"""One run under its owner: inputs are applied in memory and committed before anything becomes observable."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import orjson

from engine.core.advance import can_go, move
from engine.core.catalogue import Behaviour, Effect, Runs, StepContext
from engine.core.inputs import KINDS, Abort, Asked, Blame, Execute, Go, Input, Result, Started, WorkerLost
from engine.core.log import Stored
from engine.core.moving import Moving
from engine.core.plan import Plan
from engine.core.replaying import fold
from engine.core.times import rfc3339
from engine.core.tokens import Phase, State
from engine.failpoints import Point, reach
from engine.live.words import Speaker, Voice
from engine.runner.committer import CommitFailed, Committer, Fenced
from engine.runner.crashes import Crashes
from engine.runner.effects import Begun, Effects, Work
from engine.runner.flushing import Flusher, Hear
from engine.runner.record import Record
from engine.runner.revealing import revealer
from engine.runner.roommemory import Own, StepMemory
from engine.runner.spending import Spending
from engine.runtime import Runtime
from engine.store import inbox, memory
from engine.store.claims import Claimed

log = logging.getLogger(__name__)

TURN_S = 0.05
"""After which other runs get their turn."""
ANSWER_S = 0.002
"""How long a thread stays for a step that answers at once."""


class Host(Protocol):
    """What a drive needs of its worker."""

    rt: Runtime
    worker_id: str
    committer: Committer
    effects: Effects
    crashes: Crashes
    is_stopping: bool

    def may_start_effects(self) -> bool: ...
    def submit(self, work: Callable[[], None]) -> None: ...
    def is_crowded(self) -> bool: ...
    def let_go(self, run_id: str, drive: Drive, *, again: bool) -> None: ...
    def expect(self, due_us: int) -> None: ...


class Drive:
    """Moves one claimed run until it blocks. Any thread may call `run`; one at a time does the work."""

    def __init__(self, host: Host, claimed: Claimed, plan: Plan, rows: list[Stored]) -> None:
        self._host = host
        self._claimed = claimed
        self._plan = plan
        self._state = fold(plan, State.of(orjson.loads(claimed.state)) if claimed.state else State(), rows)
        record = Record(
            claimed.run_id,
            claimed.room_id,
            claimed.seq,
            claimed.head_hash,
            claimed.status,
            unfolded_bytes=sum(len(row.body) for row in rows),
            snapshot_bytes=len(claimed.state or ""),
        )
        self._flusher = Flusher(host, claimed, record)
        self._inbox_done = claimed.inbox_done
        self._has_news = False
        """Somebody says that the inbox has more than the last commit saw."""
        self._results: deque[tuple[Input, Hear | None]] = deque()
        self._spending = Spending(host.rt.db, claimed)
        self._to_start: list[Work] = []
        self._outstanding: dict[str, Begun] = {}
        self._last_us = 0
        self._mutex = threading.Lock()
        self._news = threading.Event()
        self._is_wanted = False
        self._is_driving = False
        self._is_gone = False
        self._now_us = host.rt.now_us
        self._provider_settings = host.rt.provider_settings
        self._is_strict = host.rt.settings.commit == "every_step"
        self._has_ended_step = False
        """Whether a step was made since the last commit; an effect's result may share one with the next step."""
        # Its last driver died, perhaps of a step whose intent was not on disk yet: from now on it always is.
        self._is_careful = claimed.last_owner not in (None, host.worker_id)

    def knock(self, *, look: bool = False) -> None:
        """Something may have happened: results are in, or (`look`) the inbox has news."""
        with self._mutex:
            if look:
                self._has_news = True
            self._is_wanted = True
            self._news.set()
            if self._is_driving:
                return
        self._host.submit(self.run)

    def run(self) -> None:
        """Go on until the run blocks, ends, or its turn is over."""
        with self._mutex:
            self._is_wanted = True
            if self._is_driving:
                return
            self._is_driving = True
        try:
            while self._take_want():
                if self._turn():
                    continue
                if self._host.is_crowded():
                    self._flush_behind()
                    self._host.submit(self.run)  # still something to do: let others have a turn first
                else:
                    self._is_wanted = True
        except Fenced:
            self._abandon(again=False)
        except CommitFailed as error:
            log.warning("run %s is dropped and read again: %s", self._claimed.run_id, error)
            self._host.crashes.note(self._claimed.run_id, error)
            self._abandon(again=True)
        except BaseException as error:
            self._host.crashes.note(self._claimed.run_id, error)
            self._abandon(again=False)
            raise

    def abandon(self) -> None:
        """Drop the run as it is in memory; the store has the truth."""
        self._abandon(again=False)

    def save(self) -> None:
        """Commit from outside while our own thread hangs in a pure step, so that its death will count."""
        self._flush()

    def _take_want(self) -> bool:
        with self._mutex:
            go_on = self._is_wanted and not self._is_gone
            self._is_wanted = False
            self._is_driving = go_on
            return go_on

    def _turn(self) -> bool:
        """Apply inputs until nothing is left to apply; False when the turn is over before."""
        if not self._state.run and not self._state.is_over:
            self._apply(self._started())
        elif self._last_us == 0:
            self._take_over()
        until = time.perf_counter() + TURN_S
        while time.perf_counter() < until:
            if self._results:
                given, kept = self._results.popleft()
                self._apply(given)
                if kept is not None:
                    self._flusher.tell(kept)
            elif self._has_mail():
                self._read_inbox()
            elif can_go(self._state) and not self._rests():
                if self._is_strict and self._has_ended_step:
                    self._flush_behind()
                self._has_ended_step = True
                self._apply(GO)
            elif self._block():
                return True
            if self._flusher.is_due:
                self._flush_behind()
        return False

    def _apply(self, given: Input) -> None:
        at_us, state = max(self._now_us(), self._last_us + 1), self._state
        self._last_us = at_us
        if given is not GO:
            for activation in _ended(given):
                self._outstanding.pop(activation, None)
                self._spending.end(activation)
        before_usd = state.used_cost_usd
        facts, commands = move(self._plan, state, given, at_us)
        if paid_usd := state.used_cost_usd - before_usd:
            self._spending.add(getattr(given, "activation", ""), paid_usd)
        self._flusher.gather(given, facts, commands, at_us)
        for command in commands:
            if isinstance(command, Execute):
                self._take_up(command)
            elif isinstance(command, Abort):
                self._abort(command.activation)

    def _take_up(self, command: Execute) -> None:
        node, work = self._plan.nodes[command.node], self._work(command)
        is_pure = (
            node.effect is Effect.NONE and node.runs is Runs.AT_ONCE and not (work.is_apart or node.secrets)
        )
        if is_pure and not self._is_careful:
            self._results.append((self._host.effects.run_now(work), None))
        else:
            work.ctx.show = self._voice(command)
            self._to_start.append(work)

    def _voice(self, command: Execute) -> Voice:
        claimed, token = self._claimed, self._state.at_activation(command.activation)
        step = token.step if token else 0
        speaker = Speaker(
            claimed.run_id, claimed.room_id, command.node, step, command.activation, command.attempt
        )
        return self._host.rt.feed.voice(speaker)

    def _abort(self, activation: str) -> None:
        """Nobody waits for this step any more; if its result is in already, it is told as a late one."""
        self._to_start = [work for work in self._to_start if work.command.activation != activation]
        begun = self._outstanding.pop(activation, None)
        self._spending.end(activation)
        if begun is not None:
            begun.cancel()

    def _has_mail(self) -> bool:
        return self._has_news or self._flusher.inbox_high > self._inbox_done

    def _read_inbox(self) -> None:
        self._has_news = False  # first: who knocks from here on is heard
        with self._host.rt.db.look() as hot:
            wishes = inbox.unread(hot, self._claimed.run_id, self._inbox_done)
        for id_, kind, body in wishes:
            self._apply(KINDS[kind](**body))
            self._inbox_done = id_
        self._flusher.inbox_high = self._inbox_done

    def _rests(self) -> bool:
        """Whether the worker ends: what is under way may end too, and nothing new begins."""
        return self._host.is_stopping and not self._to_start

    def _block(self) -> bool:
        """Nothing can be applied: commit, start effects; True when the thread can be given back."""
        is_over = self._state.is_over
        releases = is_over or not (self._to_start or self._outstanding)
        if releases:
            reach(Point.BEFORE_RELEASE)
        self._flush(release=releases)
        if releases:
            self._is_gone = True
            self._host.crashes.forget(self._claimed.run_id)
            is_wanted = self._has_mail() and not is_over
            self._host.let_go(self._claimed.run_id, self, again=is_wanted)
            return True
        if self._to_start:
            self._news.clear()
            self._start_effects()
            if not self._results:
                self._news.wait(ANSWER_S)
        return not self._results and not self._has_mail()

    def _flush(self, *, release: bool = False) -> None:
        """Commit what was decided; then, and only then, may the world see it."""
        is_able = can_go(self._state)
        self._flusher.flush(self._state, self._inbox_done, is_able=is_able, release=release)
        self._has_ended_step = False

    def _flush_behind(self) -> None:
        self._flusher.flush_behind(self._state, self._inbox_done)
        self._has_ended_step = False

    def _start_effects(self) -> None:
        if not self._host.may_start_effects():
            raise CommitFailed("the lease could not be renewed")
        if self._to_start:
            reach(Point.AFTER_INTENT_COMMIT)
        starting, self._to_start = self._to_start, []
        quick = []
        for work in starting:
            if self._is_quick(work):
                quick.append(work)
            else:
                self._outstanding[work.command.activation] = self._host.effects.begin(work, self._done)
        for work in quick:
            reach(Point.BEFORE_EFFECT)
            self._results.append((self._host.effects.run_now(work), None))
            reach(Point.AFTER_EFFECT)

    def _is_quick(self, work: Work) -> bool:
        """Whether this thread can do it itself: to hand it to the loop and have it back takes longer."""
        node = self._plan.nodes[work.command.node]
        is_plain = node.effect is not Effect.NONE and node.runs is Runs.AT_ONCE
        return is_plain and work.kind.at_once is not None and not (work.is_apart or work.reveal)

    def _done(self, given: Input, kept: Callable[[], None] | None = None) -> None:
        """A step has come to something; `kept` is called once it is on disk."""
        self._results.append((given, kept))
        self.knock()

    def _work(self, command: Execute) -> Work:
        rt, claimed = self._host.rt, self._claimed
        node = self._plan.nodes[command.node]
        ctx = StepContext(
            run_id=claimed.run_id,
            room_id=claimed.room_id,
            node_id=command.node,
            activation=command.activation,
            attempt=command.attempt,
            idempotency_key=f"or-{claimed.run_id}-{command.activation}",
            now_us=self._last_us,
            memory=StepMemory(rt.db, claimed.room_id, command.activation, self._last_us, self._own_memory),
            catalogue=rt.catalogue,
            settings=self._provider_settings,
            limiter=rt.rates,
            signal_url=partial(rt.signal_url, claimed.run_id, command.activation),
        )
        token = self._state.at_activation(command.activation)
        if token is not None and node.behaviour is Behaviour.STEP and node.effect is not Effect.NONE:
            ctx.recorded = dict(token.progress)
            ctx.spent = self._spending.begin(
                command.activation, command.params, self._state.used_cost_usd, self._last_us
            )
        is_apart = node.runs is Runs.APART or (token is not None and token.deaths > 0)
        reveal = None
        if self._plan.secrets and token is not None:
            scope = Moving(self._plan, self._state, self._last_us).scope(token, node.names)
            reveal = revealer(rt, node, self._plan.secrets, scope)
        return Work(command, rt.catalogue.node_types[node.type], ctx, node.effect, is_apart, reveal)

    def _own_memory(self, activation: str, now_us: int) -> Own:
        """What the run remembers, as the step sees it; while the step is executed nothing of it is written."""
        token = self._state.at_activation(activation)
        return Own.of(self._state, token, now_us) if token else Own({}, {})

    def _started(self) -> Started:
        claimed, keys = self._claimed, self._plan.memory_keys
        options: dict[str, Any] = orjson.loads(claimed.options)
        trial: dict[str, Any] = options.get("trial", {})
        kept: dict[str, Any] = {}
        expires: dict[str, int] = {}
        if keys is None or keys:
            with self._host.rt.db.read() as session:
                kept, expires = memory.snapshot(session, claimed.room_id, keys, now_us=self._host.rt.now_us())
        return Started(
            run={
                "id": claimed.run_id,
                "number": claimed.number,
                "room_id": claimed.room_id,
                "version": claimed.version,
                "started_at": rfc3339(self._host.rt.now_us()),
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

    def _take_over(self) -> None:
        """What the last driver had begun to execute is nobody's now."""
        running = [token for token in self._state.tokens.values() if token.phase is Phase.RUNNING]
        if running:
            effects = {token.activation: self._plan.nodes[token.at].effect.value for token in running}
            is_dead = self._claimed.last_owner not in (None, self._host.worker_id)
            self._apply(WorkerLost(effects, Blame.WORKER if is_dead else Blame.NOBODY))

    def _abandon(self, *, again: bool) -> None:
        with self._mutex:
            self._is_gone = True
            self._is_driving = False
        for begun in list(self._outstanding.values()):
            begun.cancel()
        self._outstanding.clear()
        if again:
            time.sleep(0.05)  # the database is away: don't hammer it
        self._host.let_go(self._claimed.run_id, self, again=again)


GO = Go()


def _ended(given: Input) -> tuple[str, ...]:
    """The activations whose execution this input ends."""
    if isinstance(given, (Result, Asked)):  # a union is asked five times slower, and this in each step
        return (given.activation,)
    return tuple(given.effects) if isinstance(given, WorkerLost) and given.blame == Blame.CHILD else ()
