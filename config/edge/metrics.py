"""What this process counts, for Prometheus: `/metrics` shows it, in this process's own registry."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from governance.deciding import startup

REGISTRY = CollectorRegistry()
ANSWERS = Counter("toolgate_answers", "Answers of deciding routes.", ("route", "status"), registry=REGISTRY)
ANSWER_SECONDS = Histogram(
    "toolgate_answer_seconds",
    "Wall time of a deciding route's answer.",
    ("route",),
    buckets=(0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
    registry=REGISTRY,
)


class RuntimeCollector(Collector):
    """How this process stands at the moment of the scrape: release, journal, switches, limits, directory."""

    def collect(self) -> Iterator[Metric]:
        """Nothing while no runtime is running, as in a command."""
        try:
            runtime = startup.current()
        except RuntimeError:
            return
        now, journal, snapshot = time.time(), runtime.journal.status(), runtime.snapshot
        confirmed = runtime.world.confirmed_at
        counters: tuple[tuple[str, str, float], ...] = (
            ("journal_records", "Records that this process's journal took since it was opened.", journal.n),
            ("journal_refused", "Calls denied because their record could not be made durable.", journal.refused),
            (
                "journal_unrecorded",
                "Answers given without a record, in mode open.",
                journal.unrecorded,
            ),
        )
        gauges: tuple[tuple[str, str, float], ...] = (
            ("release", "Number of the release in force.", snapshot.release),
            ("confirmed_age_seconds", "Since release, switches and directory were confirmed; -1: never.",
             -1.0 if confirmed is None else now - confirmed),
            ("switches", "Kill switches that are on.", sum(map(len, runtime.world.switches.values()))),
            ("journal_bytes", "Bytes of journal that are not shipped yet.", journal.used),
            ("journal_healthy", "1 while the journal can be written.", int(journal.healthy)),
            ("limits_degraded", "1 while this process spends its share because Redis cannot be reached.",
             int(runtime.limits.degraded)),
            ("principals", "Principals in this process's directory.", len(runtime.directory.state.principals)),
        )  # fmt: skip
        for name, about, value in counters:
            yield CounterMetricFamily(f"toolgate_{name}", about, value=value)
        for name, about, value in gauges:
            yield GaugeMetricFamily(f"toolgate_{name}", about, value=value)


REGISTRY.register(RuntimeCollector())


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
