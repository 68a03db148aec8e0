"""How far a batch is, as far as somebody sees its tasks. Plain values out."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from tasks.models import Batch, Step, Task
from tasks.services import permissions, task_lists
from tasks.services.actors import Actor
from tasks.services.errors import NotFound
from tasks.services.permissions import Operation
from tasks.services.waking import FINAL_TASK_STATES
from tasks.states import TaskState

#: In which order states are told: what needs somebody first, what has not begun last.
_ORDER = (
    TaskState.BLOCKED,
    TaskState.DONE,
    TaskState.CANCELLED,
    TaskState.WONTFIX,
    TaskState.RUNNING,
    TaskState.WAITING,
    TaskState.DELAYED,
    TaskState.TODO,
)


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """One batch: its tasks that the reader sees, counted by state (none of 0), worst first."""

    public_id: uuid.UUID
    created: datetime
    counts: Mapping[str, int]
    #: Whether tasks of others may be among it that are not counted here.
    is_partial: bool
    #: How many of its tasks were deleted since; 0 for those who do not see all of them.
    deleted: int
    #: The task whose step makes the tasks, for one who may read it, and the step's name.
    maker: Task | None
    maker_step: str
    #: The state of that step: more tasks may follow until it is over.
    maker_state: str

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def over(self) -> int:
        """How many will not move any more."""
        return sum(number for state, number in self.counts.items() if state in FINAL_TASK_STATES)


def progress_of_batch(actor: Actor, public_id: uuid.UUID) -> BatchProgress:
    """How far the batch is. A fixed number of queries, whatever its size. Raises NotFound."""
    batch = Batch.objects.filter(public_id=public_id).first()
    if batch is None:
        raise NotFound(f"no such batch: {public_id}")
    seen = task_lists.visible_tasks(actor, Task.objects.filter(batch=batch))
    counted = dict(seen.order_by().values_list("state").annotate(Count("pk")))
    counts = {str(state): counted[state] for state in _ORDER if counted.get(state)}
    maker = _maker(actor, batch)
    return BatchProgress(
        public_id=batch.public_id,
        created=batch.created,
        counts=counts,
        is_partial=not actor.is_admin,
        deleted=max(batch.started - sum(counts.values()), 0) if actor.is_admin else 0,
        maker=maker,
        maker_step=batch.parent_step if maker is not None else "",
        maker_state=_state_of_step(batch) if maker is not None else "",
    )


def _maker(actor: Actor, batch: Batch) -> Task | None:
    if batch.parent_id is None:
        return None
    task = (
        Task.objects.select_related("template", "resolution")
        .prefetch_related("members", "template__resolvers")
        .get(resolution=batch.parent_id)
    )
    return task if permissions.may(actor, Operation.READ_TASK, task, task.resolution) else None


def _state_of_step(batch: Batch) -> str:
    step = Step.objects.filter(resolution=batch.parent_id, name=batch.parent_step)
    return step.values_list("state", flat=True).first() or ""
