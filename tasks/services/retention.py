"""What is kept for how long: finished tasks with all that belongs to them, and what the service notes for itself.

In batches, each a transaction of its own, so that nobody waits for a clean-up. Source: docs/operating.md, "Retention".
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from tasks.config.current import configuration
from tasks.models import Batch, CacheEntry, FailedLogin, IdempotentAnswer, OutboxMessage, Runner, Task, clock
from tasks.services import exporting, logins, maintenance
from tasks.services.idempotency import REMEMBERED
from tasks.states import TaskState

log = logging.getLogger(__name__)

#: Tasks (each with its steps and journal), and rows of other tables, that one transaction deletes.
TASKS_AT_ONCE, ROWS_AT_ONCE = 100, 1000
#: How long is kept what only people look at: runners that have ended, messages that were sent, and that were given up.
RUNNERS_KEPT, SENT_KEPT, GIVEN_UP_KEPT = timedelta(days=7), timedelta(days=7), timedelta(days=30)
#: A batch is made a moment before its tasks.
_BATCH_KEPT = timedelta(hours=1)
FINAL = (TaskState.DONE, TaskState.CANCELLED, TaskState.WONTFIX)
#: A job of the queue ends by itself well before django-q2 would end it.
_JOB_SECONDS = 300.0


def forget_old(now: datetime | None = None, *, seconds: float = _JOB_SECONDS) -> dict[str, int]:
    """Delete what is older than it is kept; what -> how many. Nothing in maintenance mode.

    What is not done after ``seconds`` is left to the next call.
    """
    if maintenance.is_on():
        return {}
    now, until = now or clock.now(), time.monotonic() + seconds
    duties: dict[str, Callable[[], int]] = {
        "tasks": lambda: _forget_tasks(now),
        "batches": lambda: _forget(_orphaned_batches(now)),
        "cache entries": lambda: _forget(CacheEntry.objects.filter(expires_at__lte=now)),
        "idempotent answers": lambda: _forget(IdempotentAnswer.objects.filter(created__lt=now - REMEMBERED)),
        "messages": lambda: _forget(_old_messages(now)),
        "failed log-ins": lambda: _forget(FailedLogin.objects.filter(since__lt=now - logins.SPAN)),
        "runners": lambda: _forget(Runner.objects.filter(ended__lt=now - RUNNERS_KEPT)),
    }
    counted = {}
    for what, duty in duties.items():
        counted[what] = 0
        while time.monotonic() < until and (count := duty()):
            counted[what] += count
    log.info(
        "old things forgotten",
        extra={what.replace(" ", "_").replace("-", ""): count for what, count in counted.items()},
    )
    return counted


def expired_tasks(now: datetime) -> QuerySet[Task]:
    """Tasks that are kept no longer. A child lives as long as its parent is not finished: it may still be asked for."""
    cfg = configuration().cfg
    old = Q(state__in=FINAL, last_activity__lt=now - cfg.completed_task_expiration)
    if cfg.blocked_task_expiration is not None:
        old |= Q(state=TaskState.BLOCKED, last_activity__lt=now - cfg.blocked_task_expiration)
    unfinished_parent = Task.objects.filter(resolution=OuterRef("parent")).exclude(state__in=FINAL)
    return Task.objects.filter(old).filter(~Exists(unfinished_parent))


@transaction.atomic
def _forget_tasks(now: datetime) -> int:
    """One batch, exported before where the operator wants that."""
    # Locked: one that is started over at this moment is not deleted.
    rows = expired_tasks(now).select_for_update(skip_locked=True, of=("self",)).order_by("last_activity", "pk")
    ids = list(rows.values_list("pk", flat=True)[:TASKS_AT_ONCE])
    if not ids:
        return 0
    folder: Path | None = settings.UTASK_EXPORT_PATH
    if folder is not None:
        exporting.append_to_file(folder / f"tasks-{now:%Y-%m-%d}.jsonl", Task.objects.filter(pk__in=ids))
    Task.objects.filter(pk__in=ids).delete()
    return len(ids)


def _orphaned_batches(now: datetime) -> QuerySet[Batch]:
    """Without a task, and nobody is about to make one."""
    at_work = Q(parent__isnull=False) & ~Q(parent__task__state__in=FINAL)
    return Batch.objects.filter(
        ~Exists(Task.objects.filter(batch=OuterRef("pk"))), created__lt=now - _BATCH_KEPT
    ).exclude(at_work)


def _old_messages(now: datetime) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(Q(sent__lt=now - SENT_KEPT) | Q(given_up__lt=now - GIVEN_UP_KEPT))


@transaction.atomic
def _forget(rows: QuerySet[Any]) -> int:
    """One batch of these rows."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:ROWS_AT_ONCE])
    if ids:
        # With the condition once more: a cache entry may have been written anew since.
        rows.filter(pk__in=ids).delete()
    return len(ids)
