"""Templates and functions: from files to stored, immutable versions, and from versions to the engine's definitions.

A file that is refused leaves what was loaded before as it is, and keeps nothing else from loading. A template whose
file is gone is deleted, or archived where tasks refer to it. A template belongs to the folder of its file: only a load
of that folder retires it. Source: docs/templates.md, "Loading".
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import transaction

from tasks.engine.building import normalised_name
from tasks.engine.definition import TemplateDefinition
from tasks.engine.documents import content_hash, function_document, stored_document, stored_template
from tasks.engine.errors import Level, Problem
from tasks.engine.gotemplate import dumps, loads
from tasks.models import Function, LoadProblem, MemberKind, Template, TemplateResolver, TemplateVersion
from tasks.services import template_switches
from tasks.services.errors import NotFound
from tasks.services.template_files import Reading, Source, read_folders

log = logging.getLogger(__name__)


@dataclass
class LoadReport:
    """What a load did: names of templates by what became of them, and every problem of every file."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    archived: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def has_errors(self) -> bool:
        """Whether any file was refused."""
        return any(problem.level is Level.ERROR for problem in self.problems)


def load_templates(
    folders: Sequence[Path] | None = None, functions_folders: Sequence[Path] | None = None
) -> LoadReport:
    """Bring the stored templates and functions up to the files in these folders (None: the configured ones)."""
    folders = settings.UTASK_TEMPLATES_PATH if folders is None else folders
    functions_folders = settings.UTASK_FUNCTIONS_PATH if functions_folders is None else functions_folders
    reading = read_folders(folders, functions_folders)
    report = LoadReport(problems=reading.problems)
    with transaction.atomic():
        _store_functions(reading, report)
        # Of a name that several files have, the last counts; the others make no versions.
        last = {
            source.definition.name: (source.definition, source)
            for source in reading.templates
            if source.definition is not None
        }
        for definition, source in last.values():
            _store_template(definition, source, report)
        _retire(folders, reading.templates, report)
        template_switches.apply()
        _store_problems(reading)
    log.info(
        "templates loaded",
        extra={"new": len(report.created), "changed": len(report.changed), "problems": len(report.problems)},
    )
    return report


def definition_of(version_id: int) -> TemplateDefinition:
    """The definition that a version holds; read once a process."""
    return _version(version_id)[0]


def positions_of(version_id: int) -> Mapping[str, int]:
    """Each step's place in the order of writing."""
    return _version(version_id)[1]


@lru_cache(maxsize=1024)
def _version(version_id: int) -> tuple[TemplateDefinition, Mapping[str, int]]:
    definition = stored_template(loads(TemplateVersion.objects.values_list("document", flat=True).get(pk=version_id)))
    return definition, {name: place for place, name in enumerate(definition.steps)}


def template_named(name: str) -> Template:
    """The template of that name, archived or not, with its current version. Raises NotFound."""
    found = Template.objects.select_related("current").filter(name=normalised_name(name)).first()
    if found is None or found.current is None:
        raise NotFound(f'no such template: "{name}"')
    return found


def is_blocked(template: Template) -> bool:
    """Whether no task can be made of it."""
    return template.blocked or template.archived


def is_hidden(template: Template) -> bool:
    """Whether it is listed for administrators only."""
    return template.hidden or template.archived


def _store_template(definition: TemplateDefinition, source: Source, report: LoadReport) -> None:
    template, is_new = Template.objects.select_for_update().get_or_create(name=definition.name)
    current = template.current
    content = content_hash(definition)
    if is_new:
        report.created.append(definition.name)
    elif current is not None and current.content_hash == content:
        report.unchanged.append(definition.name)
    else:
        report.changed.append(definition.name)
    if current is None or current.content_hash != content:
        template.current = TemplateVersion.objects.create(
            template=template,
            number=template.versions.count() + 1,
            content_hash=content,
            source=source.text,
            document=dumps(stored_document(definition)),
            file=source.file,
        )
        _store_resolvers(template, definition)
    elif current.file != source.file:
        # Where the same text lies today decides which load may retire it.
        TemplateVersion.objects.filter(pk=current.pk).update(file=source.file)
    template.description = definition.description
    template.hidden = definition.hidden
    template.blocked = definition.blocked
    template.allow_task_start_over = definition.allow_task_start_over
    template.archived = False
    template.save()


def _store_resolvers(template: Template, definition: TemplateDefinition) -> None:
    template.resolvers.all().delete()
    people = [(MemberKind.USER, name) for name in definition.allowed_resolver_usernames]
    people += [(MemberKind.GROUP, name) for name in definition.allowed_resolver_groups]
    TemplateResolver.objects.bulk_create(
        TemplateResolver(template=template, kind=kind, name=name) for kind, name in dict.fromkeys(people)
    )


def _retire(folders: Sequence[Path], sources: Sequence[Source], report: LoadReport) -> None:
    """Delete or archive the templates of these folders that are in no file any more."""
    present = {source.name for source in sources}
    refused = {source.file for source in sources if source.definition is None}
    places = {str(folder) for folder in folders}
    for template in Template.objects.select_related("current").exclude(name__in=present).filter(archived=False):
        file = template.current.file if template.current else ""
        # What a refused file last held stays as it was.
        if str(Path(file).parent) not in places or file in refused:
            continue
        if template.tasks.exists():
            Template.objects.filter(pk=template.pk).update(archived=True)
            report.archived.append(template.name)
        else:
            Template.objects.filter(pk=template.pk).update(current=None)
            template.delete()
            report.deleted.append(template.name)


def _store_functions(reading: Reading, report: LoadReport) -> None:
    for function in reading.functions.values():
        Function.objects.update_or_create(
            name=function.name,
            defaults={
                "source": reading.texts[function.file],
                "document": dumps(function_document(function)),
                "file": function.file,
            },
        )
    report.functions = sorted(reading.functions)
    Function.objects.exclude(name__in=report.functions).delete()


def _store_problems(reading: Reading) -> None:
    LoadProblem.objects.all().delete()
    LoadProblem.objects.bulk_create(
        LoadProblem(
            file=problem.file,
            line=problem.line,
            step=problem.step,
            level=problem.level,
            what=problem.what,
            mend=problem.mend,
            excerpt=excerpt(reading.texts.get(problem.file, ""), problem.line),
        )
        for problem in reading.problems
    )


def excerpt(text: str, line: int, around: int = 1) -> str:
    """A line of a file with its neighbours, each with its number; "" where no line is meant."""
    lines = text.splitlines()
    if not 1 <= line <= len(lines):
        return ""
    first = max(1, line - around)
    return "\n".join(f"{number}: {each}" for number, each in enumerate(lines[first - 1 : line + around], first))
