"""Resource limits: slots in rows, so that they hold over all processes and machines, and end with their holder.

A slot is taken in the transaction that makes the step RUNNING, and given back in that of its result; nobody waits with
a thread in hand. A name without limit costs nothing. Source: docs/actions.md, "Resources".
"""

import time
from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from django.db import connection
from django.db.models import Count, QuerySet

from tasks.models import Resolution, ResourceSlot
from tasks.runner import statements
from tasks.runner.statements import Table

#: First key of the advisory locks that make takers of one resource take turns: "slot" as a number.
_LOCK_SPACE = 0x736C6F74

_TABLE = Table(ResourceSlot, ("resource", "scope", "runner_id", "resolution_id", "step"))
_OF_STEP = Table(ResourceSlot, ("resolution_id", "step"))
#: How often those who wait are tried for, behind the bell.
_TRY_SECONDS = 0.2
#: Held by a resolution as a whole.
WHOLE = ""

TEMPLATE_PREFIX = "template:"


@dataclass(frozen=True)
class Claim:
    """Slots that one step needs all of, to begin."""

    resolution_id: int
    step: str
    serial: int
    names: tuple[str, ...]
    since: datetime

    def is_late(self, now: datetime, patience: timedelta | None) -> bool:
        """Whether it has waited as long as it may."""
        return patience is not None and now - self.since >= patience


class Limits:
    """What this runner knows of limits: how many slots there are, and who of its own waits for some."""

    def __init__(self, limits: Mapping[str, int], runner_id: int, scope: str = "") -> None:
        self.limits = limits
        self._runner_id = runner_id
        #: "": one limit for all; else the instance for which it counts.
        self._scope = scope
        self.waiting: deque[Claim] = deque()
        #: When to try again for those who wait; a bell that tells of freed slots comes before.
        self._next_try = 0.0
        self._to_free: list[tuple[int, str]] = []
        self._held: set[tuple[int, str]] = set()

    def limited(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those that have a limit, sorted, each once."""
        return tuple(sorted({name for name in names if name in self.limits}))

    def refused(self, names: Iterable[str]) -> list[str]:
        """Those of which nobody ever gets a slot."""
        return [name for name in names if self.limits[name] <= 0]

    def free(self, resolution_id: int, step: str) -> None:
        """Give the step's slots back with the next flush."""
        if (resolution_id, step) in self._held:
            self._to_free.append((resolution_id, step))

    def forget(self, resolution_id: int) -> None:
        """The resolution is not ours any more; its slots went with the lease."""
        self.waiting = deque(claim for claim in self.waiting if claim.resolution_id != resolution_id)
        self._held = {key for key in self._held if key[0] != resolution_id}

    def drop(self, serial: int, resolution_id: int) -> None:
        """The step does not wait any more."""
        self.waiting = deque(
            claim for claim in self.waiting if (claim.resolution_id, claim.serial) != (resolution_id, serial)
        )

    @property
    def has_work(self) -> bool:
        """Whether a flush has something to give back or to try for."""
        return bool(self._to_free) or (bool(self.waiting) and time.monotonic() >= self._next_try)

    def wait(self, claim: Claim) -> None:
        """One more waits for slots."""
        self.waiting.append(claim)
        self.try_again()

    def try_again(self) -> None:
        """Slots may have been given back somewhere."""
        self._next_try = 0.0

    def write(self, most: int) -> "Granted":
        """Give back what is done with and take what can be had, first come first served. Part of a transaction.

        ``most``: how many steps can begin at all.
        """
        freed = list(self._to_free)
        _OF_STEP.delete(freed)
        granted = self._take(list(self.waiting), most) if self.waiting and most > 0 else []
        self._next_try = time.monotonic() + _TRY_SECONDS
        return Granted(granted, freed)

    def committed(self, done: "Granted") -> None:
        """The transaction in which ``done`` was written is committed."""
        self._to_free = [key for key in self._to_free if key not in set(done.freed)]
        self._held.difference_update(done.freed)
        self._held.update((claim.resolution_id, claim.step) for claim in done.claims)
        taken = {(claim.resolution_id, claim.serial) for claim in done.claims}
        self.waiting = deque(claim for claim in self.waiting if (claim.resolution_id, claim.serial) not in taken)

    def _take(self, claims: Sequence[Claim], most: int) -> list[Claim]:
        names = sorted({name for claim in claims for name in claim.names})
        taken = self._counted(names)
        granted: list[Claim] = []
        rows = []
        for claim in claims:
            if len(granted) < most and all(taken[name] < self.limits[name] for name in claim.names):
                taken.update(claim.names)
                granted.append(claim)
                rows += [(name, self._scope, self._runner_id, claim.resolution_id, claim.step) for name in claim.names]
        _TABLE.insert(rows)
        return granted

    def _counted(self, names: Sequence[str]) -> Counter[str]:
        """Slots taken of each, by all; others who count wait until our transaction is over."""
        _take_turns(names)
        counted = ResourceSlot.objects.filter(resource__in=names, scope=self._scope)
        return Counter(dict(counted.values_list("resource").annotate(Count("id")).order_by()))

    # --- Templates, of which only so many resolutions may run ---------------------------------------------------------

    @property
    def limited_templates(self) -> dict[str, int]:
        """Name of the template -> resolutions at once."""
        cut = len(TEMPLATE_PREFIX)
        return {name[cut:]: limit for name, limit in self.limits.items() if name.startswith(TEMPLATE_PREFIX)}

    def free_for_templates(self, names: Collection[str]) -> dict[str, int]:
        """How many more resolutions of each of these templates may begin; to be asked in the claiming transaction."""
        resources = sorted(TEMPLATE_PREFIX + name for name in names)
        taken = self._counted(resources)
        return {
            resource[len(TEMPLATE_PREFIX) :]: max(0, self.limits[resource] - taken[resource]) for resource in resources
        }

    def hold_templates(self, claimed: Iterable[Resolution]) -> None:
        """Take a slot for each of these resolutions whose template has a limit."""
        limited = self.limited_templates
        _TABLE.insert(
            [
                (TEMPLATE_PREFIX + row.template_name, self._scope, self._runner_id, row.pk, WHOLE)
                for row in claimed
                if row.template_name in limited
            ]
        )


@dataclass(frozen=True)
class Granted:
    """What a flush did about slots."""

    claims: list[Claim]
    freed: list[tuple[int, str]]


def free_all(resolution_ids: Collection[int]) -> int:
    """Give back every slot of resolutions that are let go. Part of a transaction."""
    return _slots(resolution_ids).delete()[0] if resolution_ids else 0


def _slots(resolution_ids: Collection[int]) -> QuerySet[ResourceSlot]:
    return ResourceSlot.objects.filter(resolution_id__in=resolution_ids)


def _take_turns(names: Sequence[str]) -> None:
    if connection.vendor == "postgresql":
        for name in names:
            key = crc32(name.encode()) - 0x80000000
            statements.query("SELECT pg_advisory_xact_lock(%s, %s)", "", (_LOCK_SPACE, key))
