"""What an operator looks at first: who works, how much waits, what is late, what could not be sent.

Every question here is answered by an index however many tasks there are; what looks at whole tables is asked for on its
own (``doctor``, ``key_count``). Source: docs/operating.md, "Watching".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q
from django_q.models import OrmQ

from tasks.config.current import configuration
from tasks.crypto.keyring import keyring
from tasks.models import OutboxMessage, Resolution, ResourceSlot, Runner
from tasks.services import invariants, key_usage, keys, maintenance, outbox, shown_configuration
from tasks.services.actors import Actor
from tasks.services.permissions import Operation, require_admin
from tasks.states import ResolutionState

#: A runner that was not heard of for so long is taken for dead by the others.
_SILENT = timedelta(seconds=10)
#: Things in one list, and the number up to which is counted.
_MOST, _COUNTED = 100, 10_000


@dataclass(frozen=True, slots=True)
class Queue:
    """Resolutions that nobody holds. Numbers end at 10,000."""

    due: int
    oldest_due: datetime | None
    #: To be run later by themselves: automatic retries, and delayed starts or looks at what they wait for.
    retries: int
    next_retry: datetime | None
    later: int
    running: int
    messages: int


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of ``resource_limits`` and how many of its slots are taken; ``instance`` "": by all together."""

    name: str
    instance: str
    taken: int
    limit: int


@dataclass(frozen=True, slots=True)
class Health:
    """How the service stands at ``now``."""

    now: datetime
    runners: Sequence[Runner]
    silent: frozenset[int]
    ended: Sequence[Runner]
    queue: Queue
    resources: Sequence[Resource]
    unsent: Mapping[str, int]
    given_up: Mapping[str, int]
    oldest_unsent: datetime | None
    letters: Sequence[OutboxMessage]
    maintenance: bool
    maintenance_fixed: bool
    key_ids: Sequence[str]
    rotation: keys.Progress | None

    @property
    def capacity(self) -> int:
        return sum(runner.capacity for runner in self.runners)

    @property
    def load(self) -> int:
        return sum(runner.load for runner in self.runners)


def health(actor: Actor, now: datetime) -> Health:
    """Raises AdministratorsOnly. A bounded number of queries."""
    require_admin(actor, Operation.OPERATE)
    runners = list(Runner.objects.filter(ended__isnull=True).order_by("host", "id")[:_MOST])
    unsent, given_up, oldest = outbox.waiting()
    letters = OutboxMessage.objects.filter(given_up__isnull=False).select_related("task").defer("payload")
    return Health(
        now=now,
        runners=runners,
        silent=frozenset(runner.pk for runner in runners if now - runner.heartbeat > _SILENT),
        ended=list(Runner.objects.filter(ended__isnull=False).order_by("-id")[:5]),
        queue=_queue(now),
        resources=_resources(),
        unsent={backend: number for backend, number in unsent.items() if number},
        given_up={backend: number for backend, number in given_up.items() if number},
        oldest_unsent=oldest,
        letters=list(letters.order_by("-given_up")[:_MOST]),
        maintenance=maintenance.is_on(),
        maintenance_fixed=maintenance.is_fixed(),
        key_ids=keyring().ids,
        rotation=keys.progress(),
    )


def _queue(now: datetime) -> Queue:
    free = Resolution.objects.filter(due_at__isnull=False, runner__isnull=True)
    due, later = free.filter(due_at__lte=now), free.filter(due_at__gt=now)
    retrying = Q(state__in=(ResolutionState.ERROR, ResolutionState.CRASHED))
    return Queue(
        due=due[:_COUNTED].count(),
        oldest_due=due.aggregate(oldest=Min("due_at"))["oldest"],
        retries=later.filter(retrying)[:_COUNTED].count(),
        next_retry=later.filter(retrying).aggregate(next=Min("due_at"))["next"],
        later=later.exclude(retrying)[:_COUNTED].count(),
        running=Resolution.objects.filter(runner__isnull=False)[:_COUNTED].count(),
        messages=OrmQ.objects.count(),
    )


def _resources() -> list[Resource]:
    limits = configuration().cfg.resource_limits
    counted = ResourceSlot.objects.order_by().values_list("resource", "scope").annotate(Count("pk"))
    taken = {(name, instance): number for name, instance, number in counted if name in limits}
    free = {(name, ""): 0 for name in limits.keys() - {name for name, _ in taken}}
    return [Resource(*key, number, limits[key[0]]) for key, number in sorted({**taken, **free}.items())]


def configuration_document(actor: Actor) -> Mapping[str, object]:
    """The configuration in force, masked. Raises AdministratorsOnly."""
    require_admin(actor, Operation.OPERATE)
    return shown_configuration.shown(configuration())


def doctor(actor: Actor) -> list[invariants.Violation]:
    """Everything that breaks a rule now; looks at whole tables. Raises AdministratorsOnly."""
    require_admin(actor, Operation.OPERATE)
    return invariants.violations()


def key_count(actor: Actor) -> dict[str, int]:
    """Key id -> number of stored values that need it; looks at every row. Raises AdministratorsOnly."""
    require_admin(actor, Operation.ROTATE_KEYS)
    return key_usage.values_by_key()
