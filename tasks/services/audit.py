"""Who did what to any task: acts of people in all journals, newest first. Source: docs/operating.md, "The journal"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tasks.engine.gotemplate import loads
from tasks.models import JournalEntry, JournalKind, Task
from tasks.services.actors import Actor
from tasks.services.permissions import require_admin


@dataclass(frozen=True, slots=True)
class Done:
    """One act. ``detail``: what exactly was changed, beside the reason; None where there is nothing to say."""

    number: int
    at: datetime
    event: str
    actor: str
    address: str
    task: Task
    step: str
    before: str
    after: str
    reason: str
    detail: Any


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows the list; all that is given must hold. ``before``: only entries with a smaller number."""

    actor: str = ""
    event: str = ""
    until: datetime | None = None
    before: int | None = None


def acts(actor: Actor, wanted: Wanted, *, size: int) -> Sequence[Done]:
    """At most ``size`` acts. One query. Raises AdministratorsOnly."""
    require_admin(actor)
    rows = JournalEntry.objects.filter(kind=JournalKind.ACT).select_related("task")
    if wanted.actor:
        rows = rows.filter(actor=wanted.actor)
    if wanted.event:
        rows = rows.filter(event=wanted.event)
    if wanted.until is not None:
        rows = rows.filter(at__lt=wanted.until)
    if wanted.before is not None:
        rows = rows.filter(pk__lt=wanted.before)
    heavy = ("task__input", "task__result", "task__result_error")
    return [_done(row) for row in rows.defer(*heavy).order_by("-pk")[:size]]


def _done(row: JournalEntry) -> Done:
    detail = None if row.detail is None else loads(row.detail)
    reason = ""
    if isinstance(detail, dict):
        reason = str(detail.get("reason", ""))
        detail = {name: value for name, value in detail.items() if name != "reason"} or None
    return Done(
        number=row.pk,
        at=row.at,
        event=row.event,
        actor=row.actor,
        address=row.address,
        task=row.task,
        step=row.step,
        before=row.before,
        after=row.after,
        reason=reason,
        detail=detail,
    )
