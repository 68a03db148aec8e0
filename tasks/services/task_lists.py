"""Which tasks somebody finds in a list, newest activity first, a page at a time.

A page is found from indexes by one short query for each way in which a task can concern somebody (he asked for it, he
watches it, he may resolve it), merged, and only then are the rows read. The place in the list is the pair
(last_activity, id) of the last row seen, so that equal instants are neither skipped nor repeated.
Source: docs/api.md, "Lists".
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from heapq import merge
from itertools import groupby, islice
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from tasks.models import Batch, MemberKind, MemberRole, Task, TaskMember, TaskTag, Template
from tasks.services.actors import Actor
from tasks.services.errors import NotFound

#: So many tasks are looked up one by one sooner than met on the way; so many templates are asked for one by one.
_FEW, _FEW_TEMPLATES = 5000, 8


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
    narrowed = _narrow(Task.objects.all(), wanted)
    if after is not None:
        narrowed = narrowed.filter(_behind(after))
    newest = [
        way.order_by("-last_activity", "-id").values_list("last_activity", "id")[:size]
        for way in _ways(narrowed, actor, wanted.type)
    ]
    ids = [task_id for _, task_id in islice((key for key, _ in groupby(merge(*newest, reverse=True))), size)]
    rows = _with_list_columns(Task.objects.filter(pk__in=ids)).in_bulk()
    return [rows[task_id] for task_id in ids if task_id in rows]


def count_tasks(actor: Actor, wanted: TaskFilter, *, at_most: int) -> int:
    """How many tasks the actor would find, counted no further than ``at_most``."""
    narrowed = _narrow(Task.objects.all(), wanted)
    found: set[int] = set()
    for way in _ways(narrowed, actor, wanted.type):
        found.update(way.order_by().values_list("id", flat=True)[:at_most])
    return min(len(found), at_most)


def visible_tasks(actor: Actor) -> QuerySet[Task]:
    """All tasks that the actor may read, each once, in no order: for sums."""
    if actor.is_admin:
        return Task.objects.all()
    keys = [way.values("pk") for way in _ways(Task.objects.all(), actor, ListType.ALL)]
    return Task.objects.filter(pk__in=keys[0].union(*keys[1:]))


def _with_list_columns(tasks: QuerySet[Task]) -> QuerySet[Task]:
    return (
        tasks.defer("input", "result", "result_error")
        .select_related("template", "version", "batch", "resolution")
        .prefetch_related("members", "tags")
    )


def _behind(place: Place) -> Q:
    return Q(last_activity__lt=place.last_activity) | Q(last_activity=place.last_activity, id__lt=place.id)


def _narrow(tasks: QuerySet[Task], wanted: TaskFilter) -> QuerySet[Task]:
    if wanted.states:
        tasks = (
            tasks.filter(state__in=wanted.states) if len(wanted.states) > 1 else tasks.filter(state=wanted.states[0])
        )
    if wanted.template:
        tasks = tasks.filter(template__name=wanted.template)
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
        tasks = tasks.filter(resolution__isnull=True)
    for key, value in wanted.tags.items():
        tasks = _having(tasks, TaskTag.objects.filter(key=key, value=value))
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
            | Q(template__name__istartswith=word)
            | Q(Exists(TaskTag.objects.filter(task=OuterRef("pk"), value__icontains=word)))
        )
    return condition


def _ways(tasks: QuerySet[Task], actor: Actor, wanted: ListType) -> Sequence[QuerySet[Task]]:
    """One query for each way in which a task concerns the actor; together they are the list."""
    if wanted is ListType.ALL and actor.is_admin:
        return [tasks]
    requested = tasks.filter(requester_username=actor.username)
    if wanted is ListType.OWN:
        return [requested, _with_member(tasks, MemberRole.WATCHER, _user(actor))]
    resolvable = [
        *_of_templates(tasks, Template.objects.filter(_resolver_of_template(actor))),
        _with_member(tasks, MemberRole.RESOLVER, _user_or_group(actor)),
    ]
    if wanted is ListType.RESOLVABLE:
        return resolvable
    return [requested, *resolvable, _with_member(tasks, MemberRole.WATCHER, _user_or_group(actor))]


def _of_templates(tasks: QuerySet[Task], templates: QuerySet[Template]) -> Sequence[QuerySet[Task]]:
    """Tasks of these templates: each of a few is an index of its own, many are one condition."""
    ids = list(templates.values_list("pk", flat=True).distinct())
    if len(ids) > _FEW_TEMPLATES:
        return [tasks.filter(template__in=ids)]
    return [tasks.filter(template=template_id) for template_id in ids]


def _with_member(tasks: QuerySet[Task], role: MemberRole, who: Q) -> QuerySet[Task]:
    return _having(tasks, TaskMember.objects.filter(who, role=role))


def _having(tasks: QuerySet[Task], rows: QuerySet[Any]) -> QuerySet[Task]:
    """Tasks that have one of these rows: few are looked up, many are met soon enough on the way through the tasks."""
    if rows.order_by().values("task")[: _FEW + 1].count() <= _FEW:
        return tasks.filter(pk__in=rows.order_by().values("task"))
    return tasks.filter(Exists(rows.filter(task=OuterRef("pk"))))


def _user(actor: Actor) -> Q:
    return Q(kind=MemberKind.USER, name=actor.username)


def _user_or_group(actor: Actor) -> Q:
    return _user(actor) | Q(kind=MemberKind.GROUP, name__in=sorted(actor.groups))


def _resolver_of_template(actor: Actor) -> Q:
    return Q(resolvers__kind=MemberKind.USER, resolvers__name=actor.username) | Q(
        resolvers__kind=MemberKind.GROUP, resolvers__name__in=sorted(actor.groups)
    )
