"""What somebody sees first: what waits for him, what runs, what failed today, how many there are of each state."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Count

from tasks.models import Task
from tasks.services import task_lists
from tasks.services.actors import Actor
from tasks.services.task_lists import ListType, TaskFilter
from tasks.states import TaskState

#: Numbers are counted no further: "99+" says as much.
MOST_WAITING = 100


def _resolvable(actor: Actor) -> ListType:
    """An administrator may resolve everything, so everything that nobody resolved waits for him."""
    return ListType.ALL if actor.is_admin else ListType.RESOLVABLE


def unresolved_filter(actor: Actor) -> TaskFilter:
    """Tasks that the actor may resolve and nobody has."""
    return TaskFilter(type=_resolvable(actor), states=(TaskState.TODO,), unresolved=True)


def blocked_filter(actor: Actor) -> TaskFilter:
    """Tasks that went wrong and that the actor may mend."""
    return TaskFilter(type=_resolvable(actor), states=(TaskState.BLOCKED,))


def count_waiting(actor: Actor) -> int:
    """How many tasks wait for the actor: to be resolved, or to be mended."""
    return sum(
        task_lists.count_tasks(actor, wanted, at_most=MOST_WAITING)
        for wanted in (unresolved_filter(actor), blocked_filter(actor))
    )


def unresolved(actor: Actor, *, size: int) -> list[Task]:
    """Tasks to be resolved by the actor, newest first."""
    return task_lists.page_of_tasks(actor, unresolved_filter(actor), size=size)


def blocked(actor: Actor, *, size: int) -> list[Task]:
    """Tasks to be mended by the actor, newest first."""
    return task_lists.page_of_tasks(actor, blocked_filter(actor), size=size)


def at_work(actor: Actor, *, size: int) -> list[Task]:
    """Tasks that run or wait for something."""
    states = (TaskState.RUNNING, TaskState.WAITING)
    return task_lists.page_of_tasks(actor, TaskFilter(type=ListType.ALL, states=states), size=size)


def failed_since(actor: Actor, since: datetime, *, size: int) -> list[Task]:
    """Tasks that were blocked since then and still are."""
    wanted = TaskFilter(type=ListType.ALL, states=(TaskState.BLOCKED,), after=since)
    return task_lists.page_of_tasks(actor, wanted, size=size)


def counts_by_state(actor: Actor) -> Mapping[str, int]:
    """Every state of tasks -> how many the actor sees. One query."""
    counted = task_lists.visible_tasks(actor).order_by().values_list("state").annotate(Count("pk"))
    return {**dict.fromkeys(map(str, TaskState), 0), **dict(counted)}
