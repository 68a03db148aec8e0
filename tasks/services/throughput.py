"""What was done on each of the last days, and how long it took: by state, for one template or all.

A task counts on the day of its last activity, which for one that is over is the day of its end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Avg, Count, F

from tasks.models import Template
from tasks.services import task_lists
from tasks.services.actors import Actor
from tasks.services.moments import DayOf, SecondsBetween
from tasks.states import TaskState

#: States in which a task counts: it came to an end, or it stopped.
COUNTED = (TaskState.DONE, TaskState.BLOCKED, TaskState.CANCELLED, TaskState.WONTFIX)


@dataclass(frozen=True, slots=True)
class Day:
    """One day (UTC): tasks by state, and the mean time from request to end of those that are DONE (None: none)."""

    day: date
    counts: Mapping[str, int] = field(default_factory=dict)
    mean: timedelta | None = None


def last_days(actor: Actor, now: datetime, *, days: int, template: str = "") -> Sequence[Day]:
    """The last ``days`` days, the present one last. One query."""
    first = (now - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    tasks = task_lists.visible_tasks(actor).filter(last_activity__gte=first, state__in=COUNTED)
    if template:
        tasks = tasks.filter(template__name=template)
    took = SecondsBetween(F("created"), F("last_activity"))
    rows = (
        tasks.order_by()
        .annotate(day=DayOf(F("last_activity")))
        .values("day", "state")
        .annotate(number=Count("pk"), mean=Avg(took))
        .values_list("day", "state", "number", "mean")
    )
    counts: dict[str, dict[str, int]] = {}
    means: dict[str, timedelta] = {}
    for day, state, number, mean in rows:
        counts.setdefault(day, {})[state] = number
        if state == TaskState.DONE:
            means[day] = timedelta(seconds=round(mean, 3))
    named = [(first + timedelta(days=offset)).date() for offset in range(days)]
    return [Day(day, counts.get(day.isoformat(), {}), means.get(day.isoformat())) for day in named]


def template_names(actor: Actor) -> list[str]:
    """Templates that may be chosen, by name; hidden ones for administrators."""
    rows = Template.objects.filter(current__isnull=False).order_by("name")
    if not actor.is_admin:
        rows = rows.filter(hidden=False, archived=False)
    return list(rows.values_list("name", flat=True))
