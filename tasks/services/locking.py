"""Rows in hand: found by public id and locked until the transaction ends, or told to come again.

A task's row is always locked before its resolution's, a resolution's before its parent's, as the runner does.
"""

import uuid
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection

from tasks.models import Resolution, Task
from tasks.services.errors import Conflict, NotFound

#: How long to wait for somebody else's transaction. A runner's flush takes milliseconds.
_PATIENCE = "3s"
_LOCK_NOT_AVAILABLE = "55P03"
_Row = TypeVar("_Row")


def lock_task(public_id: uuid.UUID) -> Task:
    """The task, locked. Raises NotFound, Conflict. To be called in a transaction."""
    task = _patiently(lambda: Task.objects.select_for_update(no_key=True).filter(public_id=public_id).first())
    if task is None:
        raise NotFound(f"no such task: {public_id}")
    return task


def lock_resolution(public_id: uuid.UUID) -> Resolution:
    """The resolution, locked, with its task. Raises NotFound, Conflict. To be called in a transaction."""
    resolution = _patiently(
        lambda: (
            Resolution.objects.select_for_update(of=("self",), no_key=True)
            .select_related("task__template", "task__version")
            .filter(public_id=public_id)
            .first()
        )
    )
    if resolution is None:
        raise NotFound(f"no such resolution: {public_id}")
    return resolution


def lock_resolution_of(task: Task) -> Resolution | None:
    """The task's resolution, locked; None where it has none. To be called in a transaction."""
    return _patiently(lambda: Resolution.objects.select_for_update(of=("self",), no_key=True).filter(task=task).first())


def _patiently(read: Callable[[], _Row]) -> _Row:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
    try:
        return read()
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == _LOCK_NOT_AVAILABLE:
            raise Conflict("somebody else is changing this at the moment; try again") from None
        raise
