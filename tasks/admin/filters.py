"""The filters of the list of tasks as they stand in an address: links can be shared and kept."""

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.http import QueryDict

from tasks.services import home
from tasks.services.actors import Actor
from tasks.services.task_lists import ListType, TaskFilter
from tasks.states import TaskState

TYPES = ((ListType.ALL, "All"), (ListType.OWN, "Mine"), (ListType.RESOLVABLE, "I may resolve"))
SIZES = (25, 50, 100, 200)


@dataclass(frozen=True)
class ListQuery:
    """What the address asks for: a filter, and what the form shows of it."""

    wanted: TaskFilter
    size: int
    tags_text: str
    after_text: str
    before_text: str
    waiting: bool
    last: uuid.UUID | None
    #: Whether anything but the kind of list is chosen.
    is_narrowed: bool


def read_query(actor: Actor, given: QueryDict) -> ListQuery:
    """The filter of an address; what cannot be understood is left out."""
    waiting = given.get("waiting") == "me"
    tags_text = " ".join(given.getlist("tag"))
    kind = given.get("type", "")
    wanted = TaskFilter(
        type=ListType(kind) if kind in frozenset(ListType) else ListType.ALL,
        # One after the other, or all in one value, as the form gives several back.
        states=tuple(state for state in ",".join(given.getlist("state")).split(",") if state in frozenset(TaskState)),
        batch=_identifier(given.get("batch", "")),
        template=given.get("template", "").strip(),
        tags=dict(part.split("=", 1) for part in tags_text.split() if "=" in part),
        requester=given.get("requester", "").strip(),
        after=_day(given.get("after", "")),
        before=_day(given.get("before", ""), end=True),
        search=given.get("search", "").strip(),
    )
    if waiting:
        mine = home.unresolved_filter(actor)
        wanted = replace(wanted, type=mine.type, states=mine.states, unresolved=True)
    size = given.get("size", "")
    return ListQuery(
        wanted=wanted,
        size=int(size) if size in map(str, SIZES) else SIZES[0],
        tags_text=tags_text,
        after_text=given.get("after", ""),
        before_text=given.get("before", ""),
        waiting=waiting,
        last=_identifier(given.get("last", "")),
        is_narrowed=any(value for name, value in given.items() if name not in ("type", "size", "last")),
    )


def _day(text: str, *, end: bool = False) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return aware + timedelta(days=1) if end and len(text) == len("2026-01-31") else aware


def _identifier(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
