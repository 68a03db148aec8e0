"""Looking after templates: an overview with their use, versions and what changed between them, loading again."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.models import LoadProblem, MemberKind, Template, TemplateVersion
from tasks.services import template_statistics, template_switches, templates
from tasks.services.actors import Actor
from tasks.services.errors import NotFound
from tasks.services.permissions import Operation, require_admin
from tasks.services.template_statistics import Usage
from tasks.services.templates import LoadReport


@dataclass(frozen=True, slots=True)
class Line:
    """One template in the list."""

    name: str
    description: str
    version: int
    updated: datetime
    is_blocked: bool
    is_hidden: bool
    is_archived: bool
    usage: Usage


def overview(actor: Actor, now: datetime) -> list[Line]:
    """All templates by name, hidden ones for administrators. Two queries, however many there are."""
    rows = Template.objects.filter(current__isnull=False).select_related("current").order_by("name")
    rows = rows.defer("current__source", "current__document")
    if not actor.is_admin:
        rows = rows.filter(hidden=False, archived=False)
    used = template_statistics.usage(actor, now)
    return [
        Line(
            name=row.name,
            description=row.description,
            version=row.current.number if row.current else 0,
            updated=row.current.created if row.current else row.updated,
            is_blocked=templates.is_blocked(row),
            is_hidden=templates.is_hidden(row),
            is_archived=row.archived,
            usage=used.get(row.pk, template_statistics.NONE),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Detail:
    """One template with its history, newest version first; ``switched``: what was switched on by hand."""

    row: Template
    current: TemplateVersion
    versions: Sequence[TemplateVersion]
    users: Sequence[str]
    groups: Sequence[str]
    switched: frozenset[str]


def detail(name: str) -> Detail:
    """Raises NotFound. Four queries."""
    row = templates.template_named(name)
    if row.name != name or row.current is None:
        raise NotFound(f'no such template: "{name}"')
    people = list(row.resolvers.values_list("kind", "name"))
    return Detail(
        row=row,
        current=row.current,
        versions=list(row.versions.defer("source", "document").order_by("-number")),
        users=sorted(each for kind, each in people if kind == MemberKind.USER),
        groups=sorted(each for kind, each in people if kind == MemberKind.GROUP),
        switched=frozenset(template_switches.switched().get(name, {})),
    )


def difference(template: Template, before: int, after: int) -> list[str]:
    """What changed between two versions by number, as the lines of a unified diff; whole texts, so nothing is cut.

    Raises NotFound.
    """
    texts = dict(template.versions.filter(number__in=(before, after)).values_list("number", "source"))
    for number in (before, after):
        if number not in texts:
            raise NotFound(f"no such version: {number}")
    lines = difflib.unified_diff(
        texts[before].splitlines(),
        texts[after].splitlines(),
        f"version {before}",
        f"version {after}",
        lineterm="",
        n=4,
    )
    return list(lines)


def load_problems(actor: Actor) -> list[LoadProblem]:
    """What the last load found wrong; files and lines are for administrators, others get nothing."""
    return list(LoadProblem.objects.all()) if actor.is_admin else []


def reload(actor: Actor) -> LoadReport:
    """Load all configured folders again. Raises AdministratorsOnly."""
    require_admin(actor, Operation.OPERATE)
    return templates.load_templates()
