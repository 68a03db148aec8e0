"""Who waits for a task, and telling him: in the transaction that makes the task final, blocked or gone.

A parent is woken by a mark in its own row, so a wake-up is neither lost in a crash nor overrun by a run that goes on at
the same time: the end of that run sees the mark. Rows are locked in the order of their ids, here and in the runner's
flush, so that two ends of children cannot wait for each other.
Source: docs/engine.md, "Waiting and waking".
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    Expression,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest

from tasks.models import Resolution, Task, clock
from tasks.states import ResolutionState, TaskState

#: A task in one of these is over; a batch is when all its tasks are.
FINAL_TASK_STATES = frozenset({TaskState.DONE, TaskState.CANCELLED, TaskState.WONTFIX})
#: A task that reaches one of these has something to say to the step that waits for it.
TELLING_TASK_STATES = FINAL_TASK_STATES | {TaskState.BLOCKED}

_SLEEPING = (ResolutionState.WAITING, ResolutionState.ERROR)
_OVER = (ResolutionState.DONE, ResolutionState.CANCELLED)
_WOKEN = "woken; the next run begins at once"


def wake(resolution_ids: Collection[int]) -> int:
    """Mark these resolutions as woken; those that wait, or are to be retried, are due now. Answers how many were found.

    RUNNING ones look again at the end of their run; PAUSED and blocked ones keep the mark for their next run.
    """
    if not resolution_ids:
        return 0
    now = clock.now()
    sleeping = Q(state__in=_SLEEPING, runner__isnull=True)
    return (
        Resolution.objects.filter(pk__in=resolution_ids)
        .exclude(state__in=_OVER)
        .update(
            woken_at=_strictly_later(now),
            due_at=Case(When(sleeping, then=Value(now)), default=F("due_at")),
            next_retry=Case(When(sleeping, then=Value(now)), default=F("next_retry")),
            waiting_for=Case(When(sleeping, then=Value(_WOKEN, output_field=TextField())), default=F("waiting_for")),
        )
    )


def _strictly_later(now: datetime) -> Expression:
    """A moment that differs from the mark that is there, so that a run can tell a new one from the one it saw."""
    if connection.vendor == "sqlite":
        return Value(now)  # one writer at a time, and none is done within a microsecond
    later = ExpressionWrapper(F("woken_at") + Value(timedelta(microseconds=1)), output_field=DateTimeField())
    return Greatest(Value(now), Coalesce(later, Value(now)))


def parents_to_wake(tasks: QuerySet[Task]) -> QuerySet[Task, tuple[int]]:
    """Ids of the resolutions that wait for one of these tasks and have reason to look again.

    A single child tells when it is over or blocked; the children of a batch when all of them are over. To be asked
    after the tasks' states were written and with the parents' rows locked (``lock``), else two that end at once may
    each see the other unfinished.
    """
    unfinished = Task.objects.filter(batch=OuterRef("batch"), state__in=set(TaskState) - FINAL_TASK_STATES)
    alone = Q(batch__isnull=True, state__in=TELLING_TASK_STATES)
    together = Q(batch__isnull=False) & ~Exists(unfinished)
    return tasks.filter(alone | together, parent__isnull=False).values_list("parent_id").distinct()


def lock(resolution_ids: Iterable[int]) -> None:
    """Lock these resolutions' rows, in the order of their ids, until the transaction ends."""
    ids = sorted(set(resolution_ids))
    if ids and connection.features.has_select_for_update:
        list(
            Resolution.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True).values_list("pk").all()
        )


def wake_parents_of(task: Task) -> None:
    """Wake whoever waits for this task, whose new state was just written; its parent's row is locked on the way."""
    if task.parent_id is not None:
        lock([task.parent_id])
        wake([parent for (parent,) in parents_to_wake(Task.objects.filter(pk=task.pk))])
