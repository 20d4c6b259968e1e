"""This worker's heartbeat: while its row is fresh its runs are its own, and it may begin what can't be undone."""

from __future__ import annotations

import logging
import os
import socket
import threading

from engine.core.errors import OpenRoomsError
from engine.runtime import Runtime
from engine.store import workers
from engine.unrepeated import Unrepeated

log = logging.getLogger(__name__)
log.addFilter(Unrepeated())

RENEW_S = 2.0
AGAIN_S = 0.1
"""Between two tries to get a lease back that has run out."""
OTHERS_US = 3_000_000
"""Longer than RENEW_S: by then every worker that lives has tried."""
APART_US = 1_000_000
"""By how much clocks of machines may differ: a lease that ends later than this after the last that could be is no lease of now."""


class Lease:
    """Renews the row from a thread of its own: nothing that blocks elsewhere may cost the lease."""

    def __init__(self, rt: Runtime, worker_id: str, threads: int) -> None:
        self._rt = rt
        self._worker_id = worker_id
        self._threads = threads
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)
        self._until_us = 0
        self._others_us = 0
        self._buried: set[str] = set()
        self._strange: dict[str, tuple[int, int]] = {}
        """Workers whose leases end later than any can by this clock: when they end, and since when they do."""

    @property
    def is_held(self) -> bool:
        """Whether this worker may still begin what can't be undone."""
        return self._rt.now_us() < self._until_us

    @property
    def may_take_over(self) -> bool:
        """Whether a worker whose lease has run out is dead. When ours had, too, what kept us from renewing it, as a full disk
        or a machine that slept, kept others: they get time to come back.
        """
        return self._rt.now_us() >= self._others_us

    def start(self) -> None:
        """Enter the row and keep it fresh."""
        self._register(self._rt.now_us() + workers.LEASE_US)
        self._thread.start()

    def stop(self) -> None:
        """Stop renewing; the runs that are still this worker's are let go, then its row ends."""
        self._stopping.set()
        self._thread.join(5)
        self._until_us = 0
        try:
            with self._rt.db.hot() as hot:
                workers.leave(hot, self._worker_id)
        except OpenRoomsError:
            log.warning("the database is away: this worker's lease ends by itself")

    def _register(self, until_us: int) -> None:
        me = workers.Worker(
            id=self._worker_id,
            host=socket.gethostname(),
            pid=os.getpid(),
            threads=self._threads,
            started_us=self._rt.now_us(),
            expires_us=until_us,
        )
        with self._rt.db.write() as session:
            workers.register(session, me)
        self._until_us = until_us

    def _run(self) -> None:
        while not self._stopping.wait(RENEW_S if self.is_held else AGAIN_S):
            try:
                self._renew()
                self._follow()
                if self.may_take_over:
                    self._bury_the_dead()
            except OpenRoomsError as error:
                log.warning("lease: %s", error)
            except Exception:
                log.exception("lease")

    def _renew(self) -> None:
        until_us = self._rt.now_us() + workers.LEASE_US
        with self._rt.db.write() as session:  # on PostgreSQL it waits for no group that waits for a row
            is_known = workers.renew(session, self._worker_id, until_us)
        if not self.is_held:
            self._others_us = self._rt.now_us() + OTHERS_US
        if is_known:
            self._until_us = until_us
        else:
            self._register(until_us)

    def _follow(self) -> None:
        """A lease that ends later than any can is of a worker whose clock is ahead, if it is renewed: this machine was stopped by
        what it runs on, and goes on where they are. If it is not, who held it died before the clock was set back.
        """
        now_us = self._rt.now_us()
        with self._rt.db.look() as hot:
            found = workers.ending_after(hot, now_us + workers.LEASE_US + APART_US)
        known, self._strange = self._strange, {}
        for worker_id, until_us in found.items():
            before_us, since_us = known.get(worker_id, (until_us, now_us))
            if until_us > before_us:
                log.warning("the clock of this machine is behind that of others: it is put forward")
                self._rt.clock.put_forward(self._rt.db, until_us - workers.LEASE_US - now_us)
                return self._renew()
            if now_us - since_us < workers.LEASE_US:
                self._strange[worker_id] = (until_us, since_us)
                continue
            with self._rt.db.write() as session:
                workers.expire(session, worker_id=worker_id)
        return None

    def _bury_the_dead(self) -> None:
        """Cut the connections of workers that have been silent too long: one that is stopped in the middle of a
        transaction would keep its runs locked until it goes on.
        """
        with self._rt.db.look() as hot:
            dead = workers.connections_of_dead(hot, self._rt.now_us())
        for name in set(dead) - self._buried:
            with self._rt.db.look() as hot:
                workers.cut_connections(hot, name)
        self._buried = set(dead)
