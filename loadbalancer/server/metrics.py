"""Prometheus metrics of one process."""

from __future__ import annotations

import time
from collections.abc import Iterable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..agent.stores.base import Store, StoreError

__all__ = ["Metrics", "MetricsMiddleware"]

_PREFIX = "cilium_loadbalancer"
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The metrics of one application, in a registry of their own."""

    def __init__(self, store: Store) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            f"{_PREFIX}_http_requests",
            "Requests answered.",
            ("method", "path", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            f"{_PREFIX}_http_request_duration_seconds",
            "Time from a request to the end of its answer.",
            ("method", "path"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            f"{_PREFIX}_http_requests_in_flight",
            "Requests that are being answered.",
            registry=self.registry,
        )
        self.registry.register(_Stored(store))
        # Found by one look-up each; there are few of them, as there are few labels.
        self._counters: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}

    def count(self, method: str, path: str, status: str, seconds: float) -> None:
        """Count a request that took so long."""
        found = self._counters.get((method, path, status))
        if found is None:
            requests = self.requests.labels(method, path, status)
            found = self._counters[method, path, status] = (
                requests,
                self.seconds.labels(method, path),
            )
        found[0].inc()
        found[1].observe(seconds)

    def response(self) -> Response:
        """All metrics as text."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


class _Stored(Collector):
    """What is in the store, looked up when it is asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def describe(self) -> Iterable[Metric]:
        return [GaugeMetricFamily(f"{_PREFIX}_services", "Services stored.")]

    def collect(self) -> Iterable[Metric]:
        try:
            count = self._store.read(lambda view: view.service_count())
        except StoreError:
            return []
        return [GaugeMetricFamily(f"{_PREFIX}_services", "Services stored.", value=count)]


class MetricsMiddleware:
    """Counts and times what passes through it."""

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: frozenset[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = "500"

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        method = scope["method"] if scope["method"] in _METHODS else "other"
        path = self._label(scope["path"])
        in_flight = self._metrics.in_flight
        start = time.perf_counter()
        in_flight.inc()
        try:
            await self._app(scope, receive, watch)
        finally:
            in_flight.dec()
            self._metrics.count(method, path, status, time.perf_counter() - start)

    def _label(self, path: str) -> str:
        """The path without the id: whatever clients ask for, there are few labels."""
        if path in self._paths:
            return path
        if path.startswith("/v1/service/"):
            return "/v1/service/{id}"
        return "other"
