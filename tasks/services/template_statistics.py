"""How much each template is used, and how it goes: over the tasks that moved in the last weeks.

A task counts by its last activity, as in ``throughput``; those are the newest by an index, however many there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, F, Q

from tasks.services import task_lists
from tasks.services.actors import Actor
from tasks.services.moments import SecondsBetween
from tasks.states import TaskState

DAYS = 30
#: States that say how a task went. Rejected and cancelled ones say nothing of the template.
_JUDGED = (TaskState.DONE, TaskState.BLOCKED)


@dataclass(frozen=True, slots=True)
class Usage:
    """The tasks of one template that the actor sees, by state; ``mean``: from request to end, of those DONE."""

    counts: Mapping[str, int] = field(default_factory=dict)
    mean: timedelta | None = None

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def failure_percent(self) -> float | None:
        """Of those that ended well or were blocked, how many are blocked; None: there are none."""
        judged = sum(self.counts.get(state, 0) for state in _JUDGED)
        return 100 * self.counts.get(TaskState.BLOCKED, 0) / judged if judged else None


NONE = Usage()


def usage(actor: Actor, now: datetime, *, template: str = "") -> dict[int, Usage]:
    """Template's primary key -> usage in the last ``DAYS`` days; ``template``: of this one alone. One query."""
    tasks = task_lists.visible_tasks(actor).filter(last_activity__gte=now - timedelta(days=DAYS))
    if template:
        tasks = tasks.filter(template__name=template)
    took = SecondsBetween(F("created"), F("last_activity"))
    rows: Any = (
        tasks.order_by()
        .values("template_id", "state")
        .annotate(number=Count("pk"), mean=Avg(took, filter=Q(state=TaskState.DONE)))
        .values_list("template_id", "state", "number", "mean")
    )
    counts: dict[int, dict[str, int]] = {}
    means: dict[int, timedelta] = {}
    for key, state, number, mean in rows:
        counts.setdefault(key, {})[state] = number
        if state == TaskState.DONE:
            means[key] = timedelta(seconds=round(mean, 3))
    return {key: Usage(found, means.get(key)) for key, found in counts.items()}
