"""Which resolutions somebody finds in a list, oldest first, a page at a time. Source: docs/api.md, "Resolutions"."""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from tasks.models import Resolution
from tasks.services.actors import Actor
from tasks.services.errors import NotFound, PermissionDenied


class ListType(StrEnum):
    OWN = "own"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ResolutionFilter:
    """What narrows a list; all that is given must hold."""

    type: ListType = ListType.OWN
    state: str = ""
    instance: int | None = None


def page_of_resolutions(
    actor: Actor, wanted: ResolutionFilter, *, size: int, after: uuid.UUID | None = None
) -> list[Resolution]:
    """At most ``size`` resolutions: those that the actor created, or all, for administrators.

    Raises PermissionDenied, and NotFound for an unknown ``after``.
    """
    if wanted.type is ListType.ALL and not actor.is_admin:
        raise PermissionDenied("only administrators may list all resolutions")
    rows = Resolution.objects.select_related("task", "task__version").defer("resolver_input", "own_steps")
    if wanted.type is ListType.OWN:
        rows = rows.filter(resolver_username=actor.username)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.instance is not None:
        rows = rows.filter(last_runner=wanted.instance)
    if after is not None:
        last = Resolution.objects.filter(public_id=after).values_list("pk", flat=True).first()
        if last is None:
            raise NotFound(f"no such resolution: {after}")
        rows = rows.filter(pk__gt=last)
    return list(rows.order_by("pk")[:size])
