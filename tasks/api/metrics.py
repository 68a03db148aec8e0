"""Numbers for Prometheus, counted when they are asked for. Source: docs/api.md, "Metrics"."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from tasks.api.service_metrics import Service
from tasks.models import clock
from tasks.services import statistics


@dataclass
class _Sum:
    count: int = 0
    seconds: float = 0.0

    def add(self, span: timedelta) -> None:
        self.count += 1
        self.seconds += span.total_seconds()


class _Times:
    """How long tasks took, summed up since this process was first asked."""

    _NAMES = {
        "utask_valid_times": "Seconds from the creation of a task to that of its resolution.",
        "utask_complete_times": "Seconds from the creation of a task to DONE.",
        "utask_exec_times": "Seconds from the creation of a resolution to DONE.",
    }

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen: int | None = None
        self._sums: dict[tuple[str, str], _Sum] = {}

    def families(self) -> Iterator[Metric]:
        with self._lock:
            self._catch_up()
            for name, help_text in self._NAMES.items():
                family = SummaryMetricFamily(name, help_text, labels=["template"])
                for (which, template), total in sorted(self._sums.items()):
                    if which == name:
                        family.add_metric([template], total.count, total.seconds)
                yield family

    def _catch_up(self) -> None:
        if self._seen is None:
            self._seen = statistics.newest_entry()
            return
        self._seen, times = statistics.times_since(self._seen, clock.now())
        for time in times:
            spans = zip(self._NAMES, (time.valid, time.complete, time.running), strict=True)
            for name, span in spans:
                if span is not None:
                    self._sums.setdefault((name, time.template), _Sum()).add(span)


class _Tasks(Collector):
    """The gauge of tasks and the sums of times."""

    def __init__(self) -> None:
        self._times = _Times()

    def collect(self) -> Iterator[Metric]:
        gauge = GaugeMetricFamily("utask_task_state", "Number of tasks.", labels=["status", "template", "group"])
        for (template, group), states in sorted(statistics.tasks_by_template_and_group().items()):
            for state, number in states.items():
                gauge.add_metric([state, template, group], number)
        yield gauge
        yield from self._times.families()


_registry = CollectorRegistry()
_registry.register(_Tasks())
_registry.register(Service())


def exposition() -> bytes:
    """Everything, in the text format of Prometheus."""
    return generate_latest(_registry) + generate_latest(REGISTRY)
