"""What a drive needs of the worker it is driven by."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from engine.core.inputs import Blame
from engine.runner.committer import Committer
from engine.runner.crashes import Crashes
from engine.runner.effects import Effects
from engine.runtime import Runtime
from engine.store.claims import Claimed

if TYPE_CHECKING:
    from engine.runner.drive import Drive


class Host(Protocol):
    """A worker, as its drives see it."""

    rt: Runtime
    worker_id: str
    committer: Committer
    effects: Effects
    crashes: Crashes
    is_stopping: bool

    def may_start_effects(self) -> bool: ...
    def has_kept(self, claimed: Claimed) -> bool: ...
    def submit(self, work: Callable[[], None]) -> None: ...
    def is_crowded(self) -> bool: ...
    def is_shared(self) -> bool: ...
    def is_full(self) -> bool: ...
    def queue(self, run_id: str) -> None: ...
    def blame_for(self, last_owner: str | None) -> Blame: ...
    def let_go(self, run_id: str, drive: Drive, *, again: bool) -> None: ...
    def expect(self, due_us: int) -> None: ...
    def freed(self, room_id: str) -> None: ...
