"""Home: what waits for me, what runs, what failed today, how many there are, how it went these two weeks."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe

from tasks.admin.page import Page
from tasks.drawing import Bar, bar_chart, look_of
from tasks.models import clock
from tasks.services import home, throughput
from tasks.services.throughput import Day

_SHOWN, _DAYS = 8, 14


class Home(Page):
    """The first page."""

    title = "Home"
    template = "pages/home.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        # A page that keeps itself fresh does not draw its charts again.
        charts = {} if request.headers.get("X-Requested-With") == "XMLHttpRequest" else self._charts(request)
        return self.show(
            unresolved=home.unresolved(self.actor, size=_SHOWN),
            blocked=home.blocked(self.actor, size=_SHOWN),
            at_work=home.at_work(self.actor, size=_SHOWN),
            failed=home.failed_since(self.actor, today, size=_SHOWN),
            counts=home.counts_by_state(self.actor),
            today=today,
            **charts,
        )

    def _charts(self, request: HttpRequest) -> dict[str, Any]:
        names = throughput.template_names(self.actor)
        chosen = request.GET.get("template", "")
        chosen = chosen if chosen in names else ""
        days = throughput.last_days(self.actor, clock.now(), days=_DAYS, template=chosen)
        unit, size = _unit(days)
        return {
            "charts": True,
            "names": names,
            "chosen": chosen,
            "ended": sum(sum(day.counts.values()) for day in days),
            "throughput_chart": _throughput(days),
            "duration_unit": unit,
            "duration_chart": _durations(days, unit, size),
            "states": throughput.COUNTED,
        }


def _label(day: Day) -> str:
    return f"{day.day.day}.{day.day.month}."


def _throughput(days: Sequence[Day]) -> SafeString:
    bars = [
        Bar(_label(day), [(look_of(state).family, state, day.counts.get(state, 0)) for state in throughput.COUNTED])
        for day in days
    ]
    drawn = bar_chart(bars, title="Tasks that ended or stopped, by day", unit="tasks", counted=True)
    return mark_safe(drawn)  # noqa: S308 - drawn and escaped by us  # nosec B308 B703


def _unit(days: Sequence[Day]) -> tuple[str, int]:
    """A unit in which the longest mean is a number to read, and its seconds."""
    longest = max((day.mean for day in days if day.mean), default=timedelta()).total_seconds()
    return next(
        ((name, size) for name, size in (("hours", 3600), ("minutes", 60)) if longest > 2 * size), ("seconds", 1)
    )


def _durations(days: Sequence[Day], unit: str, size: int) -> SafeString:
    bars = [
        Bar(_label(day), [("runs", "mean", round(day.mean.total_seconds() / size, 2) if day.mean else 0)])
        for day in days
    ]
    drawn = bar_chart(bars, title=f"Mean time from request to end ({unit}), by day", unit=unit)
    return mark_safe(drawn)  # noqa: S308 - drawn and escaped by us  # nosec B308 B703
