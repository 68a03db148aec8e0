"""Numbers of the service itself, beside the original's. Source: docs/operating.md, "Metrics and health"."""

from collections.abc import Iterator, Mapping
from threading import Lock

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from tasks.services import service_numbers

#: Upper bounds, in seconds: from an echo to what takes an hour.
BUCKETS = (0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 3600.0)


class _Histogram:
    """Durations of one action."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        self.seconds += seconds
        self.counts[next((n for n, bound in enumerate(BUCKETS) if seconds <= bound), len(BUCKETS))] += 1

    def buckets(self) -> list[tuple[str, float]]:
        """Bound and number of all that are within it, as Prometheus wants them."""
        within, found = 0, []
        for bound, count in zip([*map(str, BUCKETS), "+Inf"], self.counts, strict=True):
            within += count
            found.append((bound, float(within)))
        return found


class Service(Collector):
    """What waits now; what happened since this process was first asked."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen: int | None = None
        self._steps: dict[str, _Histogram] = {}
        self._taken_over = 0

    def collect(self) -> Iterator[Metric]:
        """Counted when it is asked for."""
        now = service_numbers.waiting()
        yield _gauge("utask_resolutions_due", "Resolutions that are due and that no runner holds.", now.due)
        yield _gauge(
            "utask_oldest_due_seconds", "Since when the oldest of them is due.", now.oldest_due.total_seconds()
        )
        yield _gauge("utask_runners", "Runners at work.", now.runners)
        yield _gauge("utask_runner_capacity", "Resolutions that they could hold.", now.capacity)
        yield _gauge("utask_runner_load", "Resolutions that they hold.", now.load)
        yield _by_backend("utask_outbox_messages", "Messages that wait to be sent.", now.messages)
        yield _by_backend("utask_outbox_given_up", "Messages that were given up.", now.given_up)
        with self._lock:
            self._catch_up()
            taken_over = CounterMetricFamily(
                "utask_lease_takeovers", "Resolutions taken over from runners that died, since first asked."
            )
            taken_over.add_metric([], self._taken_over)
            yield taken_over
            steps = HistogramMetricFamily(
                "utask_step_duration_seconds", "How long one try of a step took, since first asked.", labels=["action"]
            )
            for action, found in sorted(self._steps.items()):
                steps.add_metric([action], found.buckets(), found.seconds)
            yield steps

    def _catch_up(self) -> None:
        if self._seen is None:
            self._seen = service_numbers.newest_entry()
            return
        found = service_numbers.happened_since(self._seen)
        self._seen = found.last
        self._taken_over += found.taken_over
        for action, duration in found.steps:
            self._steps.setdefault(action, _Histogram()).add(duration.total_seconds())


def _gauge(name: str, words: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, words)
    family.add_metric([], value)
    return family


def _by_backend(name: str, words: str, numbers: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=["backend"])
    for backend, number in sorted(numbers.items()):
        family.add_metric([backend], number)
    return family
