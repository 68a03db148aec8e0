"""What happens by the clock through django-q2: few things, for the runners find what is due by themselves."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connections, transaction
from django.utils import timezone
from django_q.models import Failure, Schedule

#: Names of our own rows begin so; an operator's rows are left alone.
PREFIX = "µTask: "
#: How long the record of a failed job is kept.
FAILURES_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Scheduled:
    """One thing to do again and again."""

    name: str
    function: str
    arguments: tuple[Any, ...]
    every: timedelta


SCHEDULES = (
    # Behind every bell: a runner that missed a ring and slept over its own look is woken.
    Scheduled("wake the runners", "tasks.doorbell.ring", ("runnable",), timedelta(minutes=1)),
    Scheduled("forget what is over", "tasks.services.retention.forget_old", (), timedelta(minutes=10)),
    Scheduled("forget old sessions", "django.core.management.call_command", ("clearsessions",), timedelta(days=1)),
    Scheduled("forget old failures", "tasks.cluster.schedules.forget_failures", (), timedelta(days=1)),
)


def ensure_schedules() -> None:
    """Bring our rows of django-q2's schedule up to the table above; when each is due next is left as it is."""
    with transaction.atomic():
        _one_at_a_time()
        kept = []
        for wanted in SCHEDULES:
            row, _ = Schedule.objects.update_or_create(
                name=PREFIX + wanted.name,
                defaults={
                    "func": wanted.function,
                    "args": repr(wanted.arguments),
                    "schedule_type": Schedule.MINUTES,
                    "minutes": int(wanted.every.total_seconds() // 60),
                    "repeats": -1,
                },
            )
            kept.append(row.pk)
        Schedule.objects.filter(name__startswith=PREFIX).exclude(pk__in=kept).delete()


def forget_failures() -> None:
    """Delete the records of jobs that failed long ago."""
    Failure.objects.filter(stopped__lt=timezone.now() - FAILURES_KEPT).delete()


def _one_at_a_time() -> None:
    """Clusters that start together write one after the other; on SQLite a transaction that writes is alone anyway."""
    connection = connections["default"]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('utask schedules'))")
