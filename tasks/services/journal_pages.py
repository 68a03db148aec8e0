"""The journal of one task, as people read it. Source: docs/api.md, "Journal"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tasks.engine.gotemplate import loads
from tasks.models import JournalEntry, Task
from tasks.services import permissions
from tasks.services.actors import Actor
from tasks.services.permissions import Operation


@dataclass(frozen=True, slots=True)
class Told:
    """One entry. ``detail`` is None, and ``address`` empty, for those who may not see them."""

    number: int
    at: datetime
    kind: str
    event: str
    step: str
    before: str
    after: str
    attempt: int | None
    duration: timedelta | None
    actor: str
    address: str
    detail: Any


def page_of_journal(actor: Actor, task: Task, *, size: int, after: int = 0) -> Sequence[Told]:
    """At most ``size`` entries behind the one numbered ``after``, oldest first. Raises PermissionDenied.

    Details are for those who may read outputs of steps; from where somebody acted is told to administrators.
    """
    resolution = getattr(task, "resolution", None)
    permissions.require(actor, Operation.READ_TASK, task, resolution)
    details = permissions.may(actor, Operation.READ_DETAILS, task, resolution)
    rows = JournalEntry.objects.filter(task=task, pk__gt=after).order_by("pk")[:size]
    return [_told(row, details=details, addresses=actor.is_admin) for row in rows]


def newest_of_journal(actor: Actor, task: Task, *, size: int, step: str | None = None) -> Sequence[Told]:
    """The last ``size`` entries, of the whole task or of one step, newest first; otherwise as ``page_of_journal``."""
    resolution = getattr(task, "resolution", None)
    permissions.require(actor, Operation.READ_TASK, task, resolution)
    details = permissions.may(actor, Operation.READ_DETAILS, task, resolution)
    rows = JournalEntry.objects.filter(task=task)
    if step is not None:
        rows = rows.filter(step=step)
    return [_told(row, details=details, addresses=actor.is_admin) for row in rows.order_by("-pk")[:size]]


def _told(row: JournalEntry, *, details: bool, addresses: bool) -> Told:
    return Told(
        number=row.pk,
        at=row.at,
        kind=row.kind,
        event=row.event,
        step=row.step,
        before=row.before,
        after=row.after,
        attempt=row.attempt,
        duration=row.duration,
        actor=row.actor,
        address=row.address if addresses else "",
        detail=loads(row.detail) if details and row.detail is not None else None,
    )
