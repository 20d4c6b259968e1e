"""Faults put into the protocol on purpose: each is a promise's guard taken away. The campaign must notice every one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

from engine.core.inputs import Execute
from engine.runner.committer import Committer
from engine.runner.drive import Drive, Stopped
from engine.runner.sweeper import Sweeper
from engine.runner.wanted import HandedOver
from engine.store import claims, inbox, journal
from engine.store.claims import Claimed
from engine.store.database import Hot
from tests.simulation.threads import replaced


def _without(guard: str) -> Iterator[None]:
    """The commit's statement, without one of its guards; its parameters stay in number."""
    real = journal._update

    def update(*shape: Any, **more: bool) -> str:
        return real(*shape, **more).replace(f"AND {guard}", f"AND (TRUE OR {guard})")

    with replaced(journal, "_update", update):
        yield


def no_fence_check() -> Iterator[None]:
    """Whoever lost the run can still commit."""
    yield from _without("fence = ?")


def state_kept_by_the_worker() -> Iterator[None]:
    """A claim goes on from what was known of the run before, once, instead of reading it: the other guards save it."""
    real, known = claims.claim, dict[str, Claimed]()

    def claim(hot: Hot, run_id: str, worker_id: str, now_us: int) -> Claimed | None:
        found = real(hot, run_id, worker_id, now_us)
        if found is None:
            return None
        before = known.pop(run_id, None)
        if before is None:
            known[run_id] = found
            return found
        return replace(before, fence=found.fence, last_owner=found.last_owner)

    with replaced(claims, "claim", claim):
        yield


def no_seq_check() -> Iterator[None]:
    """As before, and a commit does not look where the log ends, nor does the log's key."""
    insert = journal._EVENT.replace("INSERT", "INSERT OR REPLACE")
    with replaced(journal, "_EVENT", insert), contextmanager(state_kept_by_the_worker)():
        yield from _without("seq = ?")


def publish_before_commit() -> Iterator[None]:
    """Watchers are told first."""
    real = Committer._write

    def write(self: Committer, batch: list[Any]) -> None:
        self._publisher.send([item.shown for item in batch if getattr(item, "shown", None)])
        real(self, batch)

    with replaced(Committer, "_write", write):
        yield


def result_without_intent() -> Iterator[None]:
    """Effects start at once, before what is decided is on disk."""

    def take_up(self: Drive, command: Execute) -> None:
        begun = self._host.effects.begin(self._work(command), self._done)
        self._outstanding[command.activation] = begun

    with replaced(Drive, "_take_up", take_up):
        yield


def non_atomic_timer() -> Iterator[None]:
    """A due timer's row is deleted in one transaction, its wish put in by the next."""
    real_put, real_fire = inbox.put_many, Sweeper._fire
    owed: list[Any] = []

    def put_many(hot: Hot, wishes: Any) -> list[tuple[str, str | None]]:
        owed.extend(wishes)
        return [(run_id, None) for run_id, _ in wishes]

    def fire(self: Sweeper, now_us: int) -> int | None:
        following_us = real_fire(self, now_us)
        wishes, owed[:] = list(owed), []
        if wishes:
            with self._runner.rt.db.hot() as hot:
                real_put(hot, wishes)
        return following_us

    with replaced(inbox, "put_many", put_many), replaced(Sweeper, "_fire", fire):
        yield


def no_look_for_orphans() -> Iterator[None]:
    """Sweeps ring for quiet runs alone; nobody asks whose owner has died."""
    real = Hot.all

    def all_(self: Hot, sql: str, *parameters: Any) -> Any:
        return [] if "owner NOT IN" in sql else real(self, sql, *parameters)

    with replaced(Hot, "all", all_):
        yield


def dropped_wake_up() -> Iterator[None]:
    """A run that is given back with unread wishes is not ready."""
    real = journal._update

    def update(*shape: Any, **more: bool) -> str:
        return real(*shape, **more).replace("THEN TRUE ELSE FALSE", "THEN FALSE ELSE FALSE")

    with replaced(journal, "_update", update):
        yield


def forgotten_request_ids() -> Iterator[None]:
    """A wish's request id is forgotten as soon as it was applied, as one with a time to live would be."""

    def clear(hot: Hot, run_id: str, done: int | None) -> None:
        if done is None:
            hot.run("DELETE FROM inbox WHERE run_id = ?", run_id)
        else:
            hot.run("DELETE FROM inbox WHERE run_id = ? AND id <= ?", run_id, done)

    with replaced(inbox, "clear", clear):
        yield


def commit_after_effect_only() -> Iterator[None]:
    """The intent waits in memory for the step's result, and both are committed together."""
    real = Drive._block

    def block(self: Drive) -> Stopped | None:
        if self._to_start:
            self._start_effects()
            return None if self._results else Stopped.BLOCKED
        if self._outstanding and not self._state.is_over:
            return None if self._results or self._has_mail() else Stopped.BLOCKED
        return real(self)

    with replaced(Drive, "_block", block):
        yield


def gone_on_before_its_commit() -> Iterator[None]:
    """A driver that has handed its move over goes on before that is on disk."""
    real = Committer.hand_over

    def hand_over(self: Committer, item: Any) -> None:
        if isinstance(item, HandedOver):
            then, item._then, item.inbox_high = item._then, lambda _: None, 0
            then(True)
        real(self, item)

    with replaced(Committer, "hand_over", hand_over):
        yield


def bodies_repeated_silently() -> Iterator[None]:
    """A step that a dead worker had begun is begun again without a word."""
    from engine.core.inputs import Execute as Begin
    from engine.core.tokens import Phase

    def take_over(self: Drive) -> None:
        for token in self._state.tokens.values():
            if token.phase is Phase.RUNNING:
                node = self._plan.nodes[token.at]
                params = dict(node.config)
                begun = Begin(token.activation, node.id, token.attempt, params, node.timeout_s)
                self._to_start.append(self._work(begun))

    with replaced(Drive, "_take_over", take_over):
        yield


def claim_without_fence() -> Iterator[None]:
    """A claim does not raise the fence."""
    real = Hot.one

    def one(self: Hot, sql: str, *parameters: Any) -> Any:
        return real(self, sql.replace("SET fence = fence + 1, owner", "SET owner"), *parameters)

    with replaced(Hot, "one", one):
        yield


def claim_of_the_living() -> Iterator[None]:
    """A run is adopted from whoever drives it, alive or not."""
    with replaced(claims, "_ALIVE", "SELECT id FROM worker WHERE expires_us > ? AND 1 = 2"):
        yield


def told_before_its_commit() -> Iterator[None]:
    """A step hears that its notes are on disk when they are only in memory: seldom met by chance, so it is aimed at."""
    real = Drive._done

    def done(self: Drive, given: Any, kept: Callable[[], None] | None = None) -> None:
        real(self, given)
        if kept is not None:
            kept()

    with replaced(Drive, "_done", done):
        yield


BITES: dict[str, Callable[[], AbstractContextManager[None]]] = {
    bite.__name__: contextmanager(bite)
    for bite in (
        no_fence_check,
        no_seq_check,
        publish_before_commit,
        result_without_intent,
        non_atomic_timer,
        no_look_for_orphans,
        dropped_wake_up,
        forgotten_request_ids,
        commit_after_effect_only,
        gone_on_before_its_commit,
        bodies_repeated_silently,
        claim_without_fence,
        claim_of_the_living,
    )
}
