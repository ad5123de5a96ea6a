"""What operations read: a histogram a stage for Prometheus, and recent medians for the owner's page."""

import threading
from collections import deque
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
RECENT = 1000


class Telemetry:
    """Counters of one application, in a registry of their own. Safe between threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "bowerbird_requests", "Requests answered.", ["route", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "bowerbird_request_seconds", "Time to answer.", ["route"], buckets=BUCKETS, registry=self.registry
        )
        self.listings = Gauge("bowerbird_listings", "Live listings in the index.", registry=self.registry)
        self.lag = Gauge(
            "bowerbird_revision_lag", "Revisions the index is behind the catalogue.", registry=self.registry
        )
        self.events = Counter(
            "bowerbird_events",
            "Events received, by what became of them.",
            ["outcome"],
            registry=self.registry,
        )
        self.waiting_pages = Gauge(
            "bowerbird_waiting_pages", "Replies served that wait to be logged.", registry=self.registry
        )
        self.dropped_pages = Gauge(
            "bowerbird_dropped_pages", "Replies not logged since the start.", registry=self.registry
        )
        self._stages = Histogram(
            "bowerbird_stage_seconds", "Time of a stage.", ["stage"], buckets=BUCKETS, registry=self.registry
        )
        self._recent: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def observe_stages(self, stages_ms: dict[str, float]) -> None:
        """Count the stages of one query, in milliseconds."""
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
