"""Numbers of the service itself, for metrics and health: what waits, who works, how long steps take.

Source: docs/operating.md, "Metrics and health".
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Max, Min, QuerySet

from tasks.crypto.errors import CipherError
from tasks.models import JournalEntry, JournalKind, Resolution, Runner, clock
from tasks.services import key_usage, outbox
from tasks.services.templates import definition_of

log = logging.getLogger(__name__)

#: A runner that was not heard of for so long is taken for dead by the others.
SILENT = timedelta(seconds=10)
#: Entries of the journal are looked at once they are so old: by then no transaction that began before them is open.
_SETTLED = timedelta(seconds=10)
#: Entries that one look goes through.
_MOST = 50_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is due and held by nobody, and who could take it."""

    due: int
    oldest_due: timedelta
    runners: int
    capacity: int
    load: int
    messages: Mapping[str, int]
    given_up: Mapping[str, int]


def waiting() -> Waiting:
    """As it is now. Four queries."""
    now = clock.now()
    due = Resolution.objects.filter(due_at__lte=now, runner__isnull=True).aggregate(Count("pk"), Min("due_at"))
    alive = list(_alive(now).values_list("capacity", "load"))
    messages, given_up, _ = outbox.waiting()
    return Waiting(
        due=due["pk__count"],
        oldest_due=now - due["due_at__min"] if due["due_at__min"] else timedelta(),
        runners=len(alive),
        capacity=sum(capacity for capacity, _ in alive),
        load=sum(load for _, load in alive),
        messages=messages,
        given_up=given_up,
    )


@dataclass(frozen=True, slots=True)
class Happened:
    """What the journal tells since it was last looked at."""

    last: int
    #: (action, how long one try took).
    steps: list[tuple[str, timedelta]]
    taken_over: int


def newest_entry() -> int:
    """The number of the journal's newest entry; 0 where it is empty."""
    return JournalEntry.objects.aggregate(newest=Max("pk"))["newest"] or 0


def happened_since(entry: int) -> Happened:
    """Steps that ended and resolutions that were taken over after this entry of the journal."""
    rows = JournalEntry.objects.filter(pk__gt=entry, pk__lte=entry + _MOST)
    last = rows.filter(at__lt=clock.now() - _SETTLED).aggregate(last=Max("pk"))["last"]
    if last is None:
        # A stretch of numbers without rows is passed over once newer ones are settled.
        return Happened(entry if newest_entry() <= entry + _MOST else entry + _MOST, [], 0)
    rows = rows.filter(pk__lte=last)
    steps = rows.filter(kind=JournalKind.STEP, duration__isnull=False)
    return Happened(
        last,
        [
            (_action_of(version, step), taken)
            for version, step, taken in steps.values_list("task__version", "step", "duration")
            if taken is not None
        ],
        rows.filter(kind=JournalKind.RESOLUTION, event="runner died").count(),
    )


def _action_of(version: int, step: str) -> str:
    """The action that the template names for this step; a loop's children are named after it."""
    steps = definition_of(version).steps
    found = steps.get(step) or steps.get(step.rpartition("-")[0])
    return found.action.type if found is not None else "unknown"


def readiness() -> dict[str, bool]:
    """What the service needs to work, and whether it is there. Nothing is raised."""
    found = dict.fromkeys(("database", "migrations", "keys", "runners"), False)
    try:
        executor = MigrationExecutor(connection)
        found["database"] = True
        found["migrations"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        if found["migrations"]:
            found["runners"] = _alive(clock.now()).exists()
            found["keys"] = not key_usage.missing_keys()
    except (Error, CipherError):
        log.warning("not ready", exc_info=True)
    return found


def _alive(now: datetime) -> QuerySet[Runner]:
    return Runner.objects.filter(ended__isnull=True, heartbeat__gt=now - SILENT)
