"""Rows in hand: found by public id and locked until the transaction ends, or told to come again.

Resolutions are locked first, in the order of their ids, then the task, as the runner does: two that want the same rows
cannot wait for each other.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet

from tasks.models import Resolution, Task
from tasks.services.errors import Conflict, NotFound

#: How long to wait for somebody else's transaction. A runner's flush takes milliseconds.
_PATIENCE = "3s"
#: Lock not available in time; a deadlock.
_IN_VAIN = frozenset({"55P03", "40P01"})
_COME_AGAIN = "somebody else is changing this at the moment; try again"
#: How often resolutions may come and go while the lock of their task is waited for.
_MOST_CHANGES = 5
_Row = TypeVar("_Row")


def lock_task(public_id: uuid.UUID, *, wakes: bool = False) -> Task:
    """The task, locked, and before it its resolution.

    ``wakes``: the resolution that waits for the task is locked too, since it may be woken.
    Raises NotFound, Conflict. To be called in a transaction.
    """
    concerned = Resolution.objects.filter(
        Q(task__public_id=public_id) | (Q(children__public_id=public_id) if wakes else Q())
    )
    for _ in range(_MOST_CHANGES):
        with suppress(_Changed), transaction.atomic():
            locked = _lock_resolutions(concerned)
            task = _patiently(lambda: Task.objects.select_for_update(no_key=True).filter(public_id=public_id).first())
            if task is None:
                raise NotFound(f"no such task: {public_id}")
            if locked != _ids(concerned):
                # Waiting for the new one with the task in hand is the wrong order: let go of both, and begin again.
                raise _Changed
            return task
    raise Conflict(_COME_AGAIN)


def lock_resolution(public_id: uuid.UUID, *, wakes: bool = False) -> Resolution:
    """The resolution, locked, with its task. ``wakes``: as for ``lock_task``.

    Raises NotFound, Conflict. To be called in a transaction.
    """
    concerned = Q(public_id=public_id) | (Q(children__resolution__public_id=public_id) if wakes else Q())
    _lock_resolutions(Resolution.objects.filter(concerned))
    resolution = (
        Resolution.objects.select_related("task__template", "task__version").filter(public_id=public_id).first()
    )
    if resolution is None:
        raise NotFound(f"no such resolution: {public_id}")
    return resolution


def lock_resolution_of(task: Task) -> Resolution | None:
    """The resolution of a locked task, locked; None where it has none. To be called in a transaction.

    It was locked with the task (``lock_task``), so nobody is waited for.
    """
    return _patiently(lambda: Resolution.objects.select_for_update(of=("self",), no_key=True).filter(task=task).first())


class _Changed(Exception):
    """A resolution came or went while its task's lock was waited for."""


def _ids(concerned: QuerySet[Resolution]) -> set[int]:
    return set(concerned.order_by().values_list("pk", flat=True).distinct())


def _lock_resolutions(concerned: QuerySet[Resolution]) -> set[int]:
    """Lock these, in the order of their ids; the ids of those that are still there."""
    ids = _ids(concerned)
    if connection.features.has_select_for_update:
        rows = Resolution.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
        return set(_patiently(lambda: list(rows.values_list("pk", flat=True))))
    return ids


def _patiently(read: Callable[[], _Row]) -> _Row:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
    try:
        return read()
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") in _IN_VAIN:
            raise Conflict(_COME_AGAIN) from None
        raise
