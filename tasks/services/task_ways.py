"""In which ways tasks concern somebody, and how each way's newest tasks are found from one index.

Somebody asked for a task, watches it, or may resolve it: by his name, a group, or the template. Tasks have an index in
the order of their activity for requesters and templates; for members, and for everything together with a tag, the list
entries are in that order. Source: docs/api.md, "Lists".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from tasks.models import ListEntry, MemberKind, MemberRole, Task, Template
from tasks.models.list_entry import EVERYONE, of_member, of_requester, of_template
from tasks.services.actors import Actor

#: So many groups of one person, or templates he owns, are asked for one by one; more of them by one condition.
_FEW = 8


@dataclass(frozen=True, slots=True)
class Way:
    """Tasks that concern somebody in one way.

    ``audience``: whose list entries hold them; "": of several, so that no index has all of them in order.
    ``on_tasks``: the condition on tasks alone; None where only the entries know.
    """

    audience: str
    on_tasks: Q | None = None
    members: tuple[str, ...] = ()

    def among(self, tasks: QuerySet[Task]) -> QuerySet[Task]:
        """Those of these tasks, each looked up: for few, or where they are met soon enough."""
        if self.on_tasks is not None:
            return tasks.filter(self.on_tasks)
        return tasks.filter(Exists(self._entries().filter(task=OuterRef("pk"))))

    def keys(self) -> QuerySet[Any, int]:
        """The keys of all of its tasks."""
        if self.on_tasks is not None:
            return Task.objects.filter(self.on_tasks).order_by().values_list("pk", flat=True)
        return self._entries().values_list("task_id", flat=True)

    def condition(self) -> Q:
        """That a task is one of them, for sums over all tasks."""
        return Q(pk__in=self._entries().values("task_id")) if self.on_tasks is None else self.on_tasks

    def _entries(self) -> QuerySet[ListEntry]:
        return ListEntry.objects.filter(audience__in=self.members, tag="")


def everyone() -> Way:
    """All tasks."""
    return Way(EVERYONE, Q())


def requested_by(name: str) -> Way:
    """Tasks that somebody asked for."""
    return Way(of_requester(name), Q(requester_username=name))


def of_templates(ids: Sequence[int]) -> list[Way]:
    """Tasks of these templates."""
    if len(ids) > _FEW:
        return [Way("", Q(template__in=ids))]
    return [Way(of_template(template_id), Q(template=template_id)) for template_id in ids]


def watched_by(actor: Actor, *, groups: bool) -> list[Way]:
    """Tasks that the actor watches: by name, and with ``groups`` as one of a group."""
    return _member(MemberRole.WATCHER, actor, groups=groups)


def resolvable_by(actor: Actor) -> list[Way]:
    """Tasks that the actor may resolve, by template or task, by name or group."""
    owned = Q(resolvers__kind=MemberKind.USER, resolvers__name=actor.username) | Q(
        resolvers__kind=MemberKind.GROUP, resolvers__name__in=sorted(actor.groups)
    )
    templates = list(Template.objects.filter(owned).order_by("pk").values_list("pk", flat=True).distinct())
    return [*of_templates(templates), *_member(MemberRole.RESOLVER, actor, groups=True)]


def _member(role: MemberRole, actor: Actor, *, groups: bool) -> list[Way]:
    user = [of_member(role, MemberKind.USER, actor.username)]
    of_groups = [of_member(role, MemberKind.GROUP, name) for name in sorted(actor.groups)] if groups else []
    if len(of_groups) > _FEW:
        return [*_each(user), Way("", members=tuple(of_groups))]
    return [*_each(user), *_each(of_groups)]


def _each(audiences: Iterable[str]) -> list[Way]:
    return [Way(audience, members=(audience,)) for audience in audiences]
