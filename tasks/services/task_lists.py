"""Which tasks somebody finds in a list, newest activity first, a page at a time.

A page is found from indexes by one short query for each way in which a task can concern somebody (``task_ways``),
merged, and only then are the rows read. The place in the list is the pair (last_activity, id) of the last row seen, so
that equal instants are neither skipped nor repeated. Source: docs/api.md, "Lists".
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import reduce
from heapq import merge
from itertools import groupby, islice
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from tasks.models import Batch, ListEntry, Resolution, Task, TaskTag, Template
from tasks.models.list_entry import EVERYONE, LATER_MEMBER, TAG_LENGTH, slot_of, tag_text
from tasks.services import task_ways
from tasks.services.actors import Actor
from tasks.services.errors import NotFound
from tasks.services.task_ways import Way

#: So many tasks are looked up one by one sooner than they are met on the way through an index.
_FEW = 500
#: So many pages of tasks are looked at before the entries of a list are.
_NEAR = 15


class ListType(StrEnum):
    OWN = "own"
    RESOLVABLE = "resolvable"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What narrows a list; all that is given must hold."""

    type: ListType = ListType.OWN
    states: tuple[str, ...] = ()
    batch: uuid.UUID | None = None
    template: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    requester: str = ""
    after: datetime | None = None
    before: datetime | None = None
    search: str = ""
    #: Only tasks that nobody has resolved yet.
    unresolved: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list: just behind the task with these two."""

    last_activity: datetime
    id: int


def place_of(public_id: uuid.UUID) -> Place:
    """The place just behind this task. Raises NotFound."""
    found = Task.objects.filter(public_id=public_id).values_list("last_activity", "id").first()
    if found is None:
        raise NotFound(f"no such task: {public_id}")
    return Place(*found)


def page_of_tasks(actor: Actor, wanted: TaskFilter, *, size: int, after: Place | None = None) -> list[Task]:
    """At most ``size`` tasks that the actor may find, with all that a list shows of them.

    The number of queries does not depend on the number of tasks. Raises NotFound for an unknown batch.
    """
    ways = _ways(actor, wanted)
    found = _Found(wanted, ways, after)
    ids = [task_id for _, task_id in _newest_of(size, *(found.newest(way, size) for way in ways))]
    rows = _with_list_columns(Task.objects.filter(pk__in=ids)).in_bulk()
    return [rows[task_id] for task_id in ids if task_id in rows]


def count_tasks(actor: Actor, wanted: TaskFilter, *, at_most: int) -> int:
    """How many tasks the actor would find, counted no further than ``at_most``."""
    ways = _ways(actor, wanted)
    matching = _Found(wanted, ways, None)
    found: set[int] = set()
    for way in ways:
        for tasks in matching.of(way):
            found.update(tasks.order_by().values_list("id", flat=True)[:at_most])
    return min(len(found), at_most)


def visible_tasks(actor: Actor, among: QuerySet[Task] | None = None) -> QuerySet[Task]:
    """All tasks (of these, where some are named) that the actor finds in lists, each once, in no order: for sums."""
    tasks = Task.objects.all() if among is None else among
    if actor.is_admin:
        return tasks
    ways = _ways(actor, TaskFilter(type=ListType.ALL))
    keys = [way.keys() for way in ways]
    few = list(keys[0].union(*keys[1:], all=True)[: _FEW + 1])
    if len(few) <= _FEW:
        return tasks.filter(pk__in=few)
    # Who sees many is asked for by one look at each task: a join of all that he sees costs ten times as much.
    return tasks.filter(reduce(or_, (way.condition() for way in ways)))


class _Found:
    """The tasks that a filter leaves behind a place, by way.

    Where one of the conditions leaves few, those are looked up; else the way's index is walked in the order of the
    list, from the place on.
    """

    def __init__(self, wanted: TaskFilter, ways: Sequence[Way], after: Place | None) -> None:
        self.wanted, self.after = wanted, after
        self.tasks = _narrow(Task.objects.all(), wanted)
        if after is not None:
            self.tasks = self.tasks.filter(_behind(after))
        self.few = _few(wanted, ways)
        if self.few is not None:
            self.tasks = self.tasks.filter(pk__in=self.few)
        #: The tag whose entries are walked; the others are looked up.
        self.tag = "" if self.few is not None else next((tag_text(*tag) for tag in wanted.tags.items()), "")
        exact = list(wanted.tags.items())[1 if self.tag and len(self.tag) < TAG_LENGTH else 0 :]
        for key, value in exact:
            self.tasks = self.tasks.filter(Exists(TaskTag.objects.filter(task=OuterRef("pk"), key=key, value=value)))

    def of(self, way: Way) -> list[QuerySet[Task]]:
        """Those that are found in this way; some may be in both querysets where there are two."""
        if not self._walks_entries(way):
            return [way.among(self._with_tag(self.tasks))]
        entries = [self._entries(way, self.tag)]
        if self.tag and way.on_tasks is None:
            entries.append(self._with_tag(self._entries(way, LATER_MEMBER)))
        return entries

    def newest(self, way: Way, size: int) -> list[tuple[datetime, int]]:
        """The (last_activity, id) of the first ``size`` of those that are found in this way, newest first."""
        if not self._walks_entries(way):
            return [key for tasks in self.of(way) for key in _in_order(tasks)[:size]]
        near = list(self._near(way, _NEAR * size)[:size])
        if len(near) == size:
            return near
        return _newest_of(size, *(_in_order(tasks, "-list_entries__slot")[:size] for tasks in self.of(way)))

    def _near(self, way: Way, number: int) -> QuerySet[Task, tuple[datetime, int]]:
        """Those among the next so many tasks, which are a page where most are wanted.

        Entries of one slot are sorted before the first is told: a big batch, made in one second, is better met here.
        """
        tasks = self.tasks if way.on_tasks is None else self.tasks.filter(way.on_tasks)
        following = tasks.order_by("-last_activity", "-id").values("pk")[:number]
        return _in_order(way.among(self._with_tag(Task.objects.filter(pk__in=following))))

    def _walks_entries(self, way: Way) -> bool:
        return self.few is None and bool(way.audience) and (bool(self.tag) or way.on_tasks is None)

    def _entries(self, way: Way, tag: str) -> QuerySet[Task]:
        newest = min(
            (moment for moment in (self.after and self.after.last_activity, self.wanted.before) if moment), default=None
        )
        slots = Q()
        if newest is not None:
            slots &= Q(list_entries__slot__lte=slot_of(newest))
        if self.wanted.after is not None:
            slots &= Q(list_entries__slot__gte=slot_of(self.wanted.after))
        return self.tasks.filter(slots, list_entries__audience=way.audience, list_entries__tag=tag)

    def _with_tag(self, tasks: QuerySet[Task]) -> QuerySet[Task]:
        if not self.tag:
            return tasks
        return tasks.filter(Exists(ListEntry.objects.filter(task=OuterRef("pk"), audience=EVERYONE, tag=self.tag)))


def _newest_of(size: int, *lists: Iterable[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
    """The first ``size`` of these lists together, each once; each is in order."""
    return list(islice((key for key, _ in groupby(merge(*lists, reverse=True))), size))


def _in_order(tasks: QuerySet[Task], *first: str) -> QuerySet[Task, tuple[datetime, int]]:
    return tasks.order_by(*first, "-last_activity", "-id").values_list("last_activity", "id")


def _with_list_columns(tasks: QuerySet[Task]) -> QuerySet[Task]:
    return (
        tasks.defer("input", "result", "result_error")
        .select_related("template", "version", "batch", "resolution")
        .prefetch_related("members", "tags")
    )


def _behind(place: Place) -> Q:
    # The first condition is the index's: it begins there, not at the newest task.
    tied = Q(last_activity__lt=place.last_activity) | Q(id__lt=place.id)
    return Q(last_activity__lte=place.last_activity) & tied


def _narrow(tasks: QuerySet[Task], wanted: TaskFilter) -> QuerySet[Task]:
    if wanted.states:
        tasks = (
            tasks.filter(state__in=wanted.states) if len(wanted.states) > 1 else tasks.filter(state=wanted.states[0])
        )
    if wanted.template:
        template = Template.objects.filter(name=wanted.template).values_list("pk", flat=True).first()
        tasks = tasks.filter(template=template) if template is not None else tasks.none()
    if wanted.requester:
        tasks = tasks.filter(requester_username=wanted.requester)
    if wanted.after is not None:
        tasks = tasks.filter(last_activity__gt=wanted.after)
    if wanted.before is not None:
        tasks = tasks.filter(last_activity__lt=wanted.before)
    if wanted.batch is not None:
        batch = Batch.objects.filter(public_id=wanted.batch).first()
        if batch is None:
            raise NotFound(f"no such batch: {wanted.batch}")
        tasks = tasks.filter(batch=batch)
    if wanted.unresolved:
        # Looked up task by task, until a page is full; an outer join would be made of all tasks first.
        tasks = tasks.filter(~Exists(Resolution.objects.filter(task=OuterRef("pk"))))
    if wanted.search:
        tasks = tasks.filter(_matching(wanted.search))
    return tasks


def _matching(words: str) -> Q:
    """Every word stands in the title, in a tag's value, or is the beginning of the template's name; or it is the id."""
    try:
        return Q(public_id=uuid.UUID(words.strip()))
    except ValueError:
        pass
    condition = Q()
    for word in words.split():
        condition &= (
            Q(title__icontains=word)
            # Each looked through once, and not joined with every task.
            | Q(template__in=Template.objects.filter(name__istartswith=word).values("pk"))
            | Q(pk__in=TaskTag.objects.filter(value__icontains=word).values("task_id"))
        )
    return condition


def _few(wanted: TaskFilter, ways: Sequence[Way]) -> list[int] | None:
    """The ids of all tasks that fulfil one of the conditions, if there is one that only few fulfil."""
    conditions: list[QuerySet[Any, int]] = [
        ListEntry.objects.filter(audience=EVERYONE, tag=tag_text(key, value)).values_list("task_id", flat=True)
        for key, value in wanted.tags.items()
    ]
    if wanted.batch is not None:
        conditions.append(Task.objects.filter(batch__public_id=wanted.batch).values_list("id", flat=True))
    # All tasks of one state have an index in the order of lists.
    everything = all(way.audience == EVERYONE for way in ways)
    if wanted.states and (wanted.tags or len(wanted.states) > 1 or not everything):
        conditions.append(Task.objects.filter(state__in=wanted.states).values_list("id", flat=True))
    # Words have no index: what few tasks have is looked for once, not for each way.
    if wanted.search:
        conditions.append(Task.objects.filter(_matching(wanted.search)).values_list("id", flat=True))
    for condition in conditions:
        ids = list(condition[: _FEW + 1])
        if len(ids) <= _FEW:
            return ids
    return None


def _ways(actor: Actor, wanted: TaskFilter) -> Sequence[Way]:
    """The ways in which a task concerns the actor; together they are the list."""
    requested = task_ways.requested_by(actor.username)
    match wanted.type:
        case ListType.ALL if actor.is_admin:
            return _ways_of_everything(wanted)
        case ListType.OWN:
            return [requested, *task_ways.watched_by(actor, groups=False)]
        case ListType.RESOLVABLE:
            return task_ways.resolvable_by(actor)
    return [requested, *task_ways.resolvable_by(actor), *task_ways.watched_by(actor, groups=True)]


def _ways_of_everything(wanted: TaskFilter) -> Sequence[Way]:
    """All tasks, by the shortest index that holds what is asked for."""
    if wanted.requester:
        return [task_ways.requested_by(wanted.requester)]
    if wanted.template:
        return task_ways.of_templates(list(Template.objects.filter(name=wanted.template).values_list("pk", flat=True)))
    return [task_ways.everyone()]
