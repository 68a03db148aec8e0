"""Leases: who holds which resolution, and how it changes hands.

A runner has a row with a heartbeat, and a lock that ends with its process (``presence``). What it holds carries its id.
Claim and start are one transaction, so that nobody acts between them. Source: docs/running.md, "Leases".
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from tasks.models import JournalEntry, JournalKind, Resolution, ResourceSlot, Runner, Task
from tasks.runner import presence
from tasks.runner.limits import Limits
from tasks.runner.reading import columns_of, instances, select
from tasks.states import ResolutionState

log = logging.getLogger(__name__)

HEARTBEAT = timedelta(seconds=2)
#: Whoever has not been heard of for so long is dead, whatever its lock says (a frozen process keeps it).
SILENCE = timedelta(seconds=10)
#: A lock must be seen free for so long: a runner that only lost its session comes back within it.
ABSENCE = timedelta(seconds=0.6)
#: Runners that die in a row over one resolution, before it is set aside.
POISON_DEATHS = 3

_CUT_OFF = "its runner is gone; the next free runner goes on with it at once"


def register(*, instance: str, host: str, pid: int, region: str, capacity: int, now: datetime) -> int:
    """Enter a new runner; the answer is its id."""
    row = Runner.objects.create(
        instance=instance, host=host, pid=pid, region=region, capacity=capacity, started=now, heartbeat=now
    )
    return row.pk


def retire(runner_id: int, now: datetime) -> None:
    """The runner ends cleanly: it holds nothing any more."""
    Runner.objects.filter(pk=runner_id, ended__isnull=True).update(ended=now, heartbeat=now, load=0)


@dataclass(frozen=True)
class Wanted:
    """What a runner can take now."""

    region: str
    #: How many at all, and how many of those may come from dead runners.
    most: int
    most_cut_off: int
    #: None under suspicion of killing runners: one is in hand already.
    no_suspect: bool = False


@dataclass(frozen=True)
class Claimed:
    """A resolution with its task, and what else there is to be read of them: often nothing."""

    row: Resolution
    has_members: bool
    has_tags: bool
    has_steps: bool


def claim(wanted: Wanted, limits: Limits, now: datetime) -> list[Claimed]:
    """Resolutions that are due and may start, oldest first; their rows are locked.

    Part of the claiming transaction: nothing is written of them yet but slots of limited templates.
    """
    limited = limits.limited_templates
    found = _claim_cut_off(wanted, limited, now)
    rest = wanted.most - len(found)
    if rest > 0:
        found += _locked("r.state <> 'CRASHED'" + _not_limited(limited), wanted.region, now, rest, (*limited,))
    if limited and wanted.most > len(found):
        found += _claim_limited(wanted, limits, now, found)
    limits.hold_templates(each.row for each in found)
    return found


def _due(region: str, now: datetime) -> QuerySet[Resolution]:
    return Resolution.objects.filter(Q(region="") | Q(region=region), due_at__lte=now, runner__isnull=True)


#: LIMIT in the place of EXISTS: PostgreSQL would read whole tables to answer that for fifty rows at once.
_CLAIMABLE = f"""
    SELECT {columns_of(Resolution, "r")}, {columns_of(Task, "t")},
        (SELECT 1 FROM tasks_taskmember m WHERE m.task_id = t.id LIMIT 1),
        (SELECT 1 FROM tasks_tasktag g WHERE g.task_id = t.id LIMIT 1),
        (SELECT 1 FROM tasks_step s WHERE s.resolution_id = r.id LIMIT 1)
    FROM tasks_resolution r JOIN tasks_task t ON t.id = r.task_id
    WHERE r.due_at <= %s AND r.runner_id IS NULL AND r.region IN ('', %s) AND {{condition}}
    ORDER BY r.due_at, r.id LIMIT %s
"""  # noqa: S608 - columns of our own
_LOCKED = " FOR NO KEY UPDATE OF r SKIP LOCKED"


def _locked(
    condition: str, region: str, now: datetime, most: int, parameters: tuple[object, ...] = ()
) -> list[Claimed]:
    """Of those that are due and fit, the oldest that nobody has locked, and their tasks."""
    sql = _CLAIMABLE.format(condition=condition)
    if connection.features.has_select_for_update_skip_locked:
        sql += _LOCKED
    rows = select(sql, (now, region, *parameters, most))
    found = instances(Resolution, rows)
    width = len(Resolution._meta.concrete_fields)
    claimed = []
    for resolution, task, row in zip(found, instances(Task, rows, width), rows, strict=True):
        resolution.task = task
        claimed.append(Claimed(resolution, *map(bool, row[-3:])))
    return claimed


def _not_limited(limited: Mapping[str, int]) -> str:
    return f" AND r.template_name NOT IN ({', '.join(['%s'] * len(limited))})" if limited else ""


def _claim_cut_off(wanted: Wanted, limited: Mapping[str, int], now: datetime) -> list[Claimed]:
    """Those whose runner died. Of those that are perhaps to blame for it, only one at a time is in hand."""
    most = min(wanted.most, wanted.most_cut_off)
    if most <= 0:
        return []
    cut_off = "r.state = 'CRASHED'" + _not_limited(limited)
    names, harmless = (*limited,), POISON_DEATHS - 1
    found = _locked(f"{cut_off} AND r.deaths < {harmless}", wanted.region, now, most, names)
    if len(found) < most and not wanted.no_suspect:
        found += _locked(f"{cut_off} AND r.deaths >= {harmless}", wanted.region, now, 1, names)
    return found


def _claim_limited(wanted: Wanted, limits: Limits, now: datetime, taken: Sequence[Claimed]) -> list[Claimed]:
    due = _due(wanted.region, now)
    names = due.filter(template_name__in=limits.limited_templates).values_list("template_name", flat=True)
    waiting = sorted(set(names.distinct()))
    found: list[Claimed] = []
    for name, free in limits.free_for_templates(waiting).items() if waiting else ():
        take = min(free, wanted.most - len(taken) - len(found))
        if take > 0:
            found += _locked("r.template_name = %s", wanted.region, now, take, (name,))
        left = due.filter(template_name=name).exclude(pk__in=[each.row.pk for each in found])
        _say_why(left, name, limits.limited_templates[name])
    return found


def _say_why(due: QuerySet[Resolution], template: str, limit: int) -> None:
    why = (
        f"waits for a slot of the resource template:{template} (limit {limit}), taken when a task of it ends"
        if limit
        else f"the resource template:{template} has the limit 0: no task of it starts until that is raised"
    )
    Resolution.objects.filter(pk__in=due.exclude(waiting_for=why).values("pk")[:1000]).update(waiting_for=why)


# --- Death -----------------------------------------------------------------------------------------------------------


class Watch:
    """Looks after the other runners; each runner has one."""

    def __init__(self) -> None:
        #: Since when the lock of a runner has been seen free.
        self._absent_since: dict[int, datetime] = {}

    def dead(self, own_id: int, now: datetime) -> list[Runner]:
        """Runners that are dead by now: silent for long, or without their lock for a while."""
        others = list(Runner.objects.filter(ended__isnull=True).exclude(pk=own_id))
        absent = presence.without_lock([runner.pk for runner in others])
        self._absent_since = {id: self._absent_since.get(id, now) for id in absent}
        return [
            runner
            for runner in others
            if now - runner.heartbeat >= SILENCE
            or (runner.pk in absent and now - self._absent_since[runner.pk] >= ABSENCE)
        ]


@transaction.atomic
def take_over(dead: Runner, now: datetime) -> int:
    """Declare a runner dead and make what it held claimable. Answers how many; 0 when another was first.

    The steps it cut off are looked at by whoever claims the resolution.
    """
    ended = Runner.objects.filter(pk=dead.pk, ended__isnull=True, heartbeat=dead.heartbeat).update(ended=now)
    if not ended:
        return 0
    held = Resolution.objects.filter(runner_id=dead.pk)
    ids = _release(held, now)
    ResourceSlot.objects.filter(runner_id=dead.pk).delete()
    presence.forget(dead.pk)
    log.warning("runner is dead", extra={"runner": dead.pk, "host": dead.host, "pid": dead.pid, "held": len(ids)})
    return len(ids)


def died_lately(since: datetime) -> bool:
    """Whether a runner was declared dead since; one that retires has been heard of at its end."""
    return Runner.objects.filter(ended__gte=since, heartbeat__lt=F("ended")).exists()


def _release(held: QuerySet[Resolution], now: datetime) -> Collection[int]:
    rows = list(held.order_by("pk").values_list("pk", "task_id", "state"))
    ids = [pk for pk, _, _ in rows]
    Resolution.objects.filter(pk__in=ids).update(
        runner=None,
        lease=F("lease") + 1,
        deaths=F("deaths") + 1,
        state=ResolutionState.CRASHED,
        # Before all that waits for its first start.
        due_at=F("created"),
        waiting_for=_CUT_OFF,
    )
    JournalEntry.objects.bulk_create(
        JournalEntry(
            task_id=task_id,
            at=now,
            kind=JournalKind.RESOLUTION,
            event="runner died",
            before=before,
            after=ResolutionState.CRASHED,
        )
        for _, task_id, before in rows
    )
    return ids


def still_held(runner_id: int, leases: Sequence[tuple[int, int]]) -> set[int]:
    """Which of these (resolution, lease) the runner still holds; a forced pause takes one away."""
    found = dict(Resolution.objects.filter(runner_id=runner_id).values_list("pk", "lease"))
    return {resolution for resolution, lease in leases if found.get(resolution) == lease}
