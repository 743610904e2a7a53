"""What this process counts, for Prometheus: `/metrics` shows it, in this process's own registry."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()
ANSWERS = Counter("toolgate_answers", "Answers of deciding routes.", ("route", "status"), registry=REGISTRY)
ANSWER_SECONDS = Histogram(
    "toolgate_answer_seconds",
    "Wall time of a deciding route's answer.",
    ("route",),
    buckets=(0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
    registry=REGISTRY,
)


class LaneMeter:
    """Counts what the inline lane answered; label children are looked up once."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, int], Counter] = {}
        self._seconds: dict[str, Histogram] = {}

    def answered(self, route: str, status: int, seconds: float) -> None:
        """One answer."""
        counter = self._answers.get((route, status))
        if counter is None:
            counter = self._answers[route, status] = ANSWERS.labels(route, str(status))
        counter.inc()
        histogram = self._seconds.get(route)
        if histogram is None:
            histogram = self._seconds[route] = ANSWER_SECONDS.labels(route)
        histogram.observe(seconds)
