"""Prometheus metrics of one process."""

from __future__ import annotations

import platform
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from itertools import accumulate

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from starlette.responses import Response

from .. import __version__
from ..agent.stores.base import Store, StoreError
from ..domain.backend_state import BackendState

__all__ = ["Metrics"]

_PREFIX = "cilium_loadbalancer"
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BOUNDS = (*map(str, _BUCKETS), "+Inf")
_STATES = tuple(state.string() for state in BackendState if state is not BackendState.INVALID)


class _Counted:
    """How long answers of a kind took: all together, and how many of them up to each bound."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.buckets = [0] * len(_BOUNDS)

    def add(self, other: _Counted) -> None:
        self.seconds += other.seconds
        self.buckets = [a + b for a, b in zip(self.buckets, other.buckets, strict=True)]


class Metrics:
    """What one application has done, and what its store holds.

    Requests are counted by the event loop alone, in plain numbers.
    """

    def __init__(self, store: Store) -> None:
        self.in_flight = 0
        """How many requests are being answered."""
        self._counted: defaultdict[tuple[str, int], _Counted] = defaultdict(_Counted)
        self._registry = CollectorRegistry()
        self._registry.register(_Requests(self))
        self._registry.register(_Stored(store))
        ProcessCollector(registry=self._registry)

    def count(self, operation: str, status: int, seconds: float) -> None:
        """Count a request and the seconds that it took."""
        counted = self._counted[operation, status]
        counted.seconds += seconds
        counted.buckets[bisect_left(_BUCKETS, seconds)] += 1

    def families(self) -> Iterable[Metric]:
        """What has been counted."""
        answers = CounterMetricFamily(
            f"{_PREFIX}_http_requests", "Requests answered.", labels=("operation", "status")
        )
        of_operations: defaultdict[str, _Counted] = defaultdict(_Counted)
        for (operation, status), counted in sorted(self._counted.items()):
            answers.add_metric((operation, str(status)), sum(counted.buckets))
            of_operations[operation].add(counted)
        seconds = HistogramMetricFamily(
            f"{_PREFIX}_http_request_duration_seconds",
            "Time from a request to the end of its answer.",
            labels=("operation",),
        )
        for operation, counted in of_operations.items():
            buckets = list(zip(_BOUNDS, accumulate(counted.buckets), strict=True))
            seconds.add_metric((operation,), buckets, counted.seconds)
        in_flight = GaugeMetricFamily(
            f"{_PREFIX}_http_requests_in_flight",
            "Requests that are being answered.",
            value=self.in_flight,
        )
        build = InfoMetricFamily(
            f"{_PREFIX}_build",
            "The version of the server and of Python.",
            value={"version": __version__, "python": platform.python_version()},
        )
        return answers, seconds, in_flight, build

    def response(self) -> Response:
        """All metrics as text."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)


class _Requests(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics.families()


class _Stored(Collector):
    """The numbers of services and backends in the store, looked up when metrics are asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counted: tuple[bytes, list[int]] = b"", [0] * len(_STATES)

    def describe(self) -> Iterable[Metric]:
        return _stored_families()

    def collect(self) -> Iterable[Metric]:
        try:
            count, text = self._store.read(
                lambda view: (view.service_count(), view.services_json())
            )
        except StoreError:
            return []
        counted, states = self._counted
        if counted is not text:
            states = _backends_by_state(text)
            self._counted = text, states
        services, backends = _stored_families()
        services.add_metric((), count)
        for state, number in zip(_STATES, states, strict=True):
            backends.add_metric((state,), number)
        return services, backends


def _stored_families() -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
    return (
        GaugeMetricFamily(f"{_PREFIX}_services", "Services stored.", labels=()),
        GaugeMetricFamily(
            f"{_PREFIX}_backends",
            "Backends of all services, by state; one that several services have counts in each.",
            labels=("state",),
        ),
    )


def _backends_by_state(text: bytes) -> list[int]:
    """How many backends of the text of all services are in each state.

    The text has every service twice, as spec and as what is realized. Within texts of its own,
    such as names, a quotation mark stands behind a backslash.
    """
    return [text.count(b'"state":"%b"' % state.encode()) // 2 for state in _STATES]
