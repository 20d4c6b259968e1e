"""What Prometheus is told: requests by route as this process answered them, and the installation's load."""

import time
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.core.run import RunStatus
from engine.services.health import Load

BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters of this process; the load is read when it is asked for."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "openrooms_http_requests", "API requests", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "openrooms_http_request_seconds",
            "Time until an API answer began",
            ["method", "route"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self._runs = self._gauge("openrooms_runs", "Runs by status", "status")
        self._workers = self._gauge("openrooms_workers", "Worker processes alive")
        self._threads = self._gauge("openrooms_worker_threads", "Threads of workers alive")
        self._queue = self._gauge("openrooms_queue_length", "Runs that wait for a worker; -1 without Redis")
        self._failures = self._gauge("openrooms_redis_failures", "Commands of this process that Redis missed")

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self, load: Load) -> bytes:
        for status in RunStatus:
            self._runs.labels(status.value).set(load.runs.get(status.value, 0))
        self._workers.set(load.workers)
        self._threads.set(load.worker_threads)
        self._queue.set(-1 if load.queue_length is None else load.queue_length)
        self._failures.set(load.redis_failures)
        return generate_latest(self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)


class CountRequests:
    """Counts by the route's template, never by the address: labels stay few."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def count_and_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                route: Any = getattr(scope.get("route"), "path_format", "unknown")
                took_s = time.perf_counter() - begun
                self._metrics.count(scope["method"], route, message["status"], took_s)
            await send(message)

        await self._app(scope, receive, count_and_send)
