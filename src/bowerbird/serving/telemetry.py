"""What operations read: a histogram a stage for Prometheus, and recent medians for the owner's page."""

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from bowerbird import __version__
from bowerbird.serving.request_notes import current_notes

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
RECENT = 1000


class _Counts(Collector):
    """The counters and histograms of all processes that write into one folder."""

    def __init__(self, folder: Path) -> None:
        collector: Any = MultiProcessCollector  # it has no types
        self._files = collector(CollectorRegistry(), str(folder))

    def collect(self) -> Iterator[Metric]:
        """Their sums; what gauges say is known to this process as well."""
        return (metric for metric in self._files.collect() if metric.type in ("counter", "histogram"))


class Telemetry:
    """Counters of one application, in registries of their own. Safe between threads.

    Args:
        shared: the folder that this process counts in beside others, whose counts are told with its own.
    """

    def __init__(self, shared: Path | None = None) -> None:
        self.registry, self._state = CollectorRegistry(), CollectorRegistry()
        self._shared = None if shared is None else _Counts(shared)
        self.requests = Counter(
            "bowerbird_requests", "Requests answered.", ["route", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "bowerbird_request_seconds", "Time to answer.", ["route"], buckets=BUCKETS, registry=self.registry
        )
        self.listings = Gauge("bowerbird_listings", "Live listings in the index.", registry=self._state)
        self.lag = Gauge(
            "bowerbird_revision_lag", "Revisions the index is behind the catalogue.", registry=self._state
        )
        self.events = Counter(
            "bowerbird_events",
            "Events received, by what became of them.",
            ["outcome"],
            registry=self.registry,
        )
        self.waiting_pages = Gauge(
            "bowerbird_waiting_pages", "Replies served that wait to be logged.", registry=self._state
        )
        self.dropped_pages = Counter(
            "bowerbird_dropped_pages", "Replies not logged since the start.", registry=self.registry
        )
        self._add_state()
        self._stages = Histogram(
            "bowerbird_stage_seconds", "Time of a stage.", ["stage"], buckets=BUCKETS, registry=self.registry
        )
        self._recent: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def _add_state(self) -> None:
        """What is read when it is asked for, and the process's own memory, processor time and files."""
        gauges = {
            "in_progress": ("bowerbird_requests_in_progress", "Requests that are being answered."),
            "fresh_rows": ("bowerbird_fresh_rows", "Rows added since the index generation was built."),
            "generation_created": (
                "bowerbird_generation_created_timestamp_seconds",
                "When the index generation in use was built.",
            ),
            "disk_free": ("bowerbird_disk_free_bytes", "Room on the disk of the home."),
            "models_refused": ("bowerbird_models_refused", "Learned models in use that cannot be used."),
            "degraded": ("bowerbird_degraded", "1 while the index cannot follow the catalogue."),
            "database_up": ("bowerbird_database_up", "1 while the database answers."),
        }
        made = {name: Gauge(*given, registry=self._state) for name, given in gauges.items()}
        self.in_progress, self.fresh_rows = made["in_progress"], made["fresh_rows"]
        self.generation_created, self.disk_free = made["generation_created"], made["disk_free"]
        self.models_refused, self.degraded = made["models_refused"], made["degraded"]
        self.database_up = made["database_up"]
        version = Gauge("bowerbird_info", "1, with the version.", ["version"], registry=self._state)
        version.labels(__version__).set(1)
        ProcessCollector(registry=self._state)
        self.reader = ThreadPoolExecutor(1, "bowerbird-metrics")  # what the gauges are read by

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._state) + generate_latest(self._shared or self.registry)

    def observe_stages(self, stages_ms: dict[str, float]) -> None:
        """Count the stages of one query, in milliseconds."""
        notes = current_notes()
        if notes is not None:
            notes.stages.update(stages_ms)
        for stage, ms in stages_ms.items():
            self._stages.labels(stage).observe(ms / 1000)
            with self._lock:
                self._recent.setdefault(stage, deque(maxlen=RECENT)).append(ms)

    def recent_stages(self) -> list[dict[str, Any]]:
        """Median and 99th percentile of each stage over the latest queries."""
        with self._lock:
            recent = {stage: np.array(times) for stage, times in self._recent.items()}
        return [
            {
                "stage": stage,
                "p50_ms": round(float(np.median(times)), 3),
                "p99_ms": round(float(np.quantile(times, 0.99)), 3),
                "count": len(times),
            }
            for stage, times in recent.items()
        ]
