"""The editor of templates: what is wrong with a text as it is typed, its graph, and saving it where that is allowed.

Nothing is stored before ``save``. Source: docs/templates.md, "Editor".
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from tasks.engine import goyaml
from tasks.engine.definition import FunctionDefinition, TemplateDefinition
from tasks.engine.editor_schema import template_schema
from tasks.engine.errors import Level, Problem
from tasks.engine.graphs import graph
from tasks.engine.reading import parse_function, parse_template
from tasks.models import Function, Template
from tasks.services import action_pages, templates
from tasks.services.actors import Actor
from tasks.services.catalog import Catalog, registry
from tasks.services.errors import BadRequest, Conflict, NotFound, PermissionDenied
from tasks.services.permissions import Operation, require_admin
from tasks.services.task_graph import GraphEdge, GraphNode, TaskGraph

#: A text is checked at every pause of typing: longer ones are for files.
LONGEST = 400_000


@dataclass(frozen=True)
class Checked:
    """``definition`` None: the text is refused. ``graph``: then as far as steps can be read."""

    definition: TemplateDefinition | None
    problems: Sequence[Problem]
    graph: TaskGraph


def check(text: str) -> Checked:
    """Every problem of the text with its line, as a load would find it, and the graph of its steps. Raises BadRequest
    (too long)."""
    if len(text) > LONGEST:
        raise BadRequest(f"the editor takes texts of at most {LONGEST} characters")
    definition, problems = parse_template(text, "", Catalog(), stored_functions())
    drawn = _graph(definition) if definition is not None else _loose_graph(text)
    return Checked(definition, problems, drawn)


def stored_functions() -> dict[str, FunctionDefinition]:
    """The functions that a template may call. One query."""
    found: dict[str, FunctionDefinition] = {}
    for name, source, file in Function.objects.values_list("name", "source", "file"):
        function, _ = parse_function(source, file)
        if function is not None:
            found[name] = function
    return found


def _graph(definition: TemplateDefinition) -> TaskGraph:
    found = graph(definition)
    nodes = tuple(GraphNode(node.name, "", "", node.loop) for node in found.nodes)
    return TaskGraph(nodes, tuple(GraphEdge(e.source, e.target, e.label, e.influence) for e in found.edges))


def _loose_graph(text: str) -> TaskGraph:
    """Steps and dependencies of a refused text, as far as they are there: a mistake elsewhere hides no graph."""
    try:
        document = goyaml.read(text).value
    except goyaml.YAMLError:
        return TaskGraph((), ())
    steps = document.get("steps") if isinstance(document, Mapping) else None
    if not isinstance(steps, Mapping):
        return TaskGraph((), ())
    nodes = tuple(
        GraphNode(str(name), "", "", isinstance(step, Mapping) and bool(step.get("foreach")))
        for name, step in steps.items()
    )
    edges: list[GraphEdge] = []
    for name, step in steps.items():
        wanted = step.get("dependencies") if isinstance(step, Mapping) else None
        for each in wanted if isinstance(wanted, list) else ():
            source, _, states = str(each).partition(":")
            if source in steps:
                edges.append(GraphEdge(source, str(name), states, False))
    return TaskGraph(nodes, tuple(edges))


def completion() -> Mapping[str, Any]:
    """What completion knows: the schema of templates, and for each action that of its configuration. One query."""
    known = action_pages.functions()
    names = [*registry().names(), *(function.name for function in known)]
    return {
        "template": template_schema(names),
        "configurations": {name: registry().configuration_schema(name) for name in registry().names()},
        "about": {
            **{action.name: action.about for action in action_pages.actions()},
            **{function.name: function.about or f"function on {function.action}" for function in known},
        },
        "skeletons": {name: _skeleton(name) for name in registry().names()},
    }


def _skeleton(name: str) -> str:
    """A step that calls the action, with the keys that it must be given."""
    schema = registry().configuration_schema(name)
    keys = list(schema.get("required") or ()) or list(schema.get("properties") or ())[:2]
    lines = [f"{name}Step:", "  description: ", "  action:", f"    type: {name}", "    configuration:"]
    return "\n".join([*lines, *(f"      {key}: " for key in keys)] if keys else [*lines[:-1], "    configuration: {}"])


@dataclass(frozen=True, slots=True)
class Opened:
    """A template's text to edit; ``mark`` names what lies in its file now ("": there is no file to save to)."""

    text: str
    mark: str


def opened(name: str) -> Opened:
    """The newest text of a template. Raises NotFound."""
    row = Template.objects.select_related("current").filter(name=name, current__isnull=False).first()
    if row is None or row.current is None:
        raise NotFound(f'no such template: "{name}"')
    return Opened(row.current.source, _mark(Path(row.current.file)))


def may_save(actor: Actor) -> bool:
    """Whether the actor may write into the folder of templates."""
    return actor.is_admin and settings.UTASK_EDITOR_SAVES


def why_not_save(actor: Actor) -> str:
    """A sentence for the button that cannot be pressed; "" where it can."""
    if not settings.UTASK_EDITOR_SAVES:
        return "Saving into the templates folder is not switched on here (UTASK_EDITOR_SAVES): download the file."
    return "" if actor.is_admin else "Only administrators save templates: download the file and hand it to one."


def save(actor: Actor, text: str, mark: str) -> TemplateDefinition:
    """Write the template into its file, or a new one of its name into the last folder, and load it.

    Raises AdministratorsOnly, PermissionDenied (not configured), BadRequest (it is refused), Conflict (there is a file,
    and it is not what ``mark`` names).
    """
    require_admin(actor, Operation.OPERATE)
    if not may_save(actor):
        raise PermissionDenied(why_not_save(actor))
    checked = check(text)
    if checked.definition is None:
        wrong = [str(problem) for problem in checked.problems if problem.level is Level.ERROR]
        raise BadRequest("the template is refused: mend it first", fields={"text": wrong})
    file = _file_of(checked.definition.name)
    if _mark(file) not in ("", mark):
        raise Conflict(f"{file.name} was changed or made by somebody else meanwhile: open it again, take it over")
    _write(file, text)
    templates.load_templates()
    return checked.definition


def _file_of(name: str) -> Path:
    """Where the template of this name is, or would be. Raises BadRequest: its name cannot be that of a file."""
    row = Template.objects.select_related("current").filter(name=name, current__isnull=False, archived=False).first()
    if row is not None and row.current is not None:
        file = Path(row.current.file)
        if file.parent in [Path(folder) for folder in settings.UTASK_TEMPLATES_PATH]:
            return file
    if name.startswith(".") or set(name) & {"/", "\\", "\0"}:
        raise BadRequest("the name of the template cannot be the name of a file")
    return Path(settings.UTASK_TEMPLATES_PATH[-1]) / f"{name}.yaml"


def _mark(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _write(file: Path, text: str) -> None:
    """All or nothing, so that a load never reads half a file. Raises BadRequest: the folder cannot be written."""
    try:
        with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".", suffix=".new", delete=False) as fresh:
            fresh.write(text)
        os.chmod(fresh.name, 0o644)
        os.replace(fresh.name, file)
    except OSError as error:
        raise BadRequest(f"{file.parent} cannot be written: {error.strerror}") from None


def document_of(text: str) -> Any:
    """A YAML text as a value; numbers keep their text. Raises BadRequest."""
    try:
        return goyaml.read(text).value
    except goyaml.YAMLError as error:
        raise BadRequest(str(error)) from None
