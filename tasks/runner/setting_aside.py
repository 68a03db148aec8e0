"""Resolutions that cannot be started or written at all: blocked with the reason, so that they keep nobody else waiting.

Only rows are touched, since it is the engine's values, or their way into rows, that failed.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from tasks.models import JournalEntry, JournalKind, Resolution, ResourceSlot, Task
from tasks.states import ResolutionState, TaskState


@transaction.atomic
def set_aside(resolution_id: int, reason: str, now: datetime) -> None:
    """BLOCKED_TOCHECK, whatever it was, held by nobody."""
    row = Resolution.objects.select_for_update().select_related(None).get(pk=resolution_id)
    before = row.state
    Resolution.objects.filter(pk=resolution_id).update(
        state=ResolutionState.BLOCKED_TOCHECK,
        runner=None,
        lease=F("lease") + 1,
        due_at=None,
        next_retry=None,
        last_stop=now,
        waiting_for=f"blocked: {reason}; mend that, then run the resolution",
    )
    ResourceSlot.objects.filter(resolution_id=resolution_id).delete()
    task_before = Task.objects.values_list("state", flat=True).get(pk=row.task_id)
    Task.objects.filter(pk=row.task_id).update(state=TaskState.BLOCKED, last_activity=now)
    JournalEntry.objects.bulk_create(
        [
            JournalEntry(
                task_id=row.task_id,
                at=now,
                kind=JournalKind.RESOLUTION,
                event="set aside",
                before=before,
                after=ResolutionState.BLOCKED_TOCHECK,
            ),
            JournalEntry(
                task_id=row.task_id,
                at=now,
                kind=JournalKind.TASK,
                event="set aside",
                before=task_before,
                after=TaskState.BLOCKED,
            ),
        ]
    )


@transaction.atomic
def give_back(resolution_id: int, lease: int, now: datetime) -> None:
    """Let another start over from what is written, as after a crash; nothing happens where the lease is lost."""
    Resolution.objects.filter(pk=resolution_id, lease=lease).update(
        state=ResolutionState.CRASHED,
        runner=None,
        lease=F("lease") + 1,
        due_at=now,
        waiting_for="given back by its runner; the next free runner goes on with it at once",
    )
    ResourceSlot.objects.filter(resolution_id=resolution_id).delete()
