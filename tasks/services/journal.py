"""What happened, appended: every act of a person and every change of state outside a run.

The runner appends the changes of a run itself, in bulk, to the same table (``tasks/runner/flush.py``).
Source: docs/operating.md, "The journal".
"""

import uuid
from typing import Any

from tasks import doorbell
from tasks.engine.gotemplate import dumps
from tasks.models import JournalEntry, JournalKind, Task, clock
from tasks.services.actors import Actor


def record(
    task: Task,
    event: str,
    *,
    kind: JournalKind = JournalKind.ACT,
    by: Actor | None = None,
    step: str = "",
    before: str = "",
    after: str = "",
    detail: Any = None,
) -> None:
    """Append one entry in the running transaction, after which the pages are told; ``by`` None: the engine's doing.

    ``detail`` (any JSON value: the reason given, what exactly was changed) is stored encrypted.
    """
    JournalEntry.objects.create(
        task=task,
        at=clock.now(),
        kind=kind,
        event=event,
        step=step,
        before=before,
        after=after,
        actor=by.username if by else "",
        address=by.address if by else "",
        detail=None if detail is None else dumps(detail),
        key=None if detail is None else uuid.uuid4(),
    )
    doorbell.ring(f"{doorbell.NEWS}:{task.public_id}")


def task_moved(task: Task, *, before: str, event: str, by: Actor | None = None) -> None:
    """Append the task's change of state to the one it has now."""
    record(task, event, kind=JournalKind.TASK, by=by, before=before, after=task.state)


def resolution_moved(task: Task, *, before: str, after: str, event: str, by: Actor | None = None) -> None:
    """Append a change of state of the task's resolution."""
    record(task, event, kind=JournalKind.RESOLUTION, by=by, before=before, after=after)
