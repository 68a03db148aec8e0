"""How many tasks there are: by state, and by template and group as the metrics tell it.

Source: docs/api.md, "Metrics".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, Max, OuterRef

from tasks.models import JournalEntry, JournalKind, MemberKind, MemberRole, Task, TaskMember, TaskTag, TemplateResolver
from tasks.states import TaskState

#: Always told, 0 included; the others only while there are some.
ALWAYS = (
    TaskState.TODO,
    TaskState.BLOCKED,
    TaskState.RUNNING,
    TaskState.WONTFIX,
    TaskState.DONE,
    TaskState.CANCELLED,
)
#: Entries of the journal are counted once they are so old: by then no transaction that began before them is open.
_SETTLED = timedelta(seconds=10)


def tasks_by_state(tags: Mapping[str, str]) -> dict[str, int]:
    """State -> number of all tasks with these tags."""
    tasks = Task.objects.all()
    for key, value in tags.items():
        tasks = tasks.filter(Exists(TaskTag.objects.filter(task=OuterRef("pk"), key=key, value=value)))
    counted = dict(tasks.order_by().values_list("state").annotate(Count("pk")))
    return {**dict.fromkeys(map(str, ALWAYS), 0), **counted}


def tasks_by_template_and_group() -> dict[tuple[str, str], dict[str, int]]:
    """(template, group that may resolve) -> state -> number of tasks.

    The groups are the task's own, else its template's, else "". A task with two groups counts in both. Three queries.
    """
    own = TaskMember.objects.filter(role=MemberRole.RESOLVER, kind=MemberKind.GROUP)
    found: dict[tuple[str, str], dict[str, int]] = {}

    def add(template: str, group: str, state: str, number: int) -> None:
        states = found.setdefault((template, group), dict.fromkeys(map(str, ALWAYS), 0))
        states[state] = states.get(state, 0) + number

    named = own.values_list("task__template__name", "name", "task__state").annotate(Count("pk")).order_by()
    for template, group, state, number in named:
        add(template, group, state, number)
    groups: dict[int, list[str]] = {}
    for template_id, group in TemplateResolver.objects.filter(kind=MemberKind.GROUP).values_list("template", "name"):
        groups.setdefault(template_id, []).append(group)
    unnamed = (
        Task.objects.filter(~Exists(own.filter(task=OuterRef("pk"))))
        .values_list("template", "template__name", "state")
        .annotate(Count("pk"))
        .order_by()
    )
    for template_id, template, state, number in unnamed:
        for group in groups.get(template_id, [""]):
            add(template, group, state, number)
    return found


@dataclass(frozen=True, slots=True)
class Ended:
    """How long one task took, as far as the event says."""

    template: str
    valid: timedelta | None = None
    complete: timedelta | None = None
    running: timedelta | None = None


def newest_entry() -> int:
    """The number of the journal's newest entry; 0 where it is empty."""
    return JournalEntry.objects.aggregate(newest=Max("pk"))["newest"] or 0


def times_since(entry: int, now: datetime) -> tuple[int, list[Ended]]:
    """What ended after this entry of the journal, and the last entry that was looked at."""
    rows = JournalEntry.objects.filter(pk__gt=entry)
    last = rows.filter(at__lt=now - _SETTLED).aggregate(last=Max("pk"))["last"] or entry
    rows = rows.filter(pk__lte=last)
    created = rows.filter(kind=JournalKind.RESOLUTION, event="created")
    done = rows.filter(kind=JournalKind.TASK, after=TaskState.DONE).exclude(before=TaskState.DONE)
    times = [
        Ended(template, valid=at - asked)
        for template, at, asked in created.values_list("task__template__name", "at", "task__created")
    ]
    times += [
        Ended(template, complete=at - asked, running=at - resolved if resolved else None)
        for template, at, asked, resolved in done.values_list(
            "task__template__name", "at", "task__created", F("task__resolution__created")
        )
    ]
    return last, times
